"""Writing the reusable modules, and telling whether what lies on disk is what would be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from esacloud.catalogue.model import Catalogue
from esacloud.errors import OutsideError
from esacloud.modules.build import files
from esacloud.provider import CLOUDS

_CONFIGURATION = (".tf", ".tf.json", ".tofu", ".tofu.json", ".tftest.hcl", ".tftest.json")


def all_files(catalogue: Catalogue) -> dict[str, str]:
    """The text of every file of every module, by path below the directory of modules."""
    return {f"{cloud}/{name}": text for cloud in CLOUDS for name, text in files(catalogue, cloud).items()}


def write(directory: str, texts: Mapping[str, str]) -> tuple[str, ...]:
    """Write the files that differ, and say which. Raises OutsideError where the disk refuses."""
    changed = []
    try:
        for name, text in texts.items():
            path = Path(directory, name)
            if _read(path) != text.encode():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode())
                changed.append(name)
    except OSError as error:
        raise OutsideError(f"{directory}: The modules cannot be written: {error.strerror or error}.") from None
    return tuple(changed)


def stale(directory: str, texts: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each file that is missing, or not what would be written, or that terraform would read beside them."""
    for name, text in texts.items():
        found = _read(Path(directory, name))
        if found is None:
            yield f"{name} is missing."
        elif found != text.encode():
            yield f"{name} is not what the port catalogue of this version gives."
    for folder in sorted({str(Path(name).parent) for name in texts}):
        for path in sorted(Path(directory, folder).glob("*")):
            name = f"{folder}/{path.name}"
            if path.name.endswith(_CONFIGURATION) and name not in texts:
                yield f"{name} is not a file of esacloud, and terraform reads it."


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutsideError(f"{path}: The file cannot be read: {error.strerror or error}.") from None
