"""Writing the reusable modules, and telling whether those on disk are current.

The HCL is written by people. A checkout has it in `modules/`, an installed package beside this file. Each directory gets a
manifest, by which a later run knows its own files from a person's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from esacloud._version import __version__
from esacloud.catalogue.model import Catalogue
from esacloud.errors import OutsideError
from esacloud.modules.readme import with_tables
from esacloud.modules.table import catalogue_document
from esacloud.provider import CLOUDS
from esacloud.terraform.directory import write as write_directory
from esacloud.terraform.layout import render
from esacloud.terraform.manifest import FORMAT, MANIFEST, digest, sealed

README, CATALOGUE, TESTS = "README.md", "catalogue.tf.json", "module.tftest.hcl"
_HERE = Path(__file__).resolve().parent
_PLACES = (_HERE / "hcl", _HERE.parents[1] / "modules")  # in a wheel, in a checkout
_USED_BY_TESTS = {"admin-cli", "admin-gui", "dns", "mail", "updates", "ftp", "syslog"}
_CONFIGURATION = (".tf", ".tf.json", ".tofu", ".tofu.json", ".tftest.hcl", ".tftest.json")


def source(cloud: str) -> Path:
    """Where the HCL of a cloud's module is."""
    return next(place for place in _PLACES if (place / cloud).is_dir()) / cloud


def all_files(catalogue: Catalogue) -> dict[str, dict[str, str]]:
    """The texts of all modules: cloud -> file name -> text. A cloud without HCL has no module."""
    written = (cloud for cloud in CLOUDS if any((place / cloud).is_dir() for place in _PLACES))
    return {cloud: module_files(catalogue, cloud) for cloud in written}


def module_files(catalogue: Catalogue, cloud: str) -> dict[str, str]:
    """The text of every file of one module. The tests only come with a catalogue that has the features they use."""
    hcl = {path.name: path.read_text(encoding="utf-8") for path in sorted(source(cloud).glob("*.tf"))}
    files = {**hcl, CATALOGUE: render(catalogue_document(catalogue))}
    files[README] = with_tables((source(cloud) / README).read_text(encoding="utf-8"), catalogue, hcl)
    if catalogue.features.keys() >= _USED_BY_TESTS:
        files[TESTS] = (source(cloud) / TESTS).read_text(encoding="utf-8")
    manifest = {
        "manifest": FORMAT,
        "esacloud": __version__,
        "cloud": cloud,
        "catalogue": {"name": catalogue.name, "edition": catalogue.edition, "digest": catalogue.digest},
        "files": {name: digest(text) for name, text in sorted(files.items())},
    }
    return {**files, MANIFEST: sealed(manifest)}


def write(directory: str, modules: dict[str, dict[str, str]], *, force: bool = False) -> tuple[str, ...]:
    """Write the modules, and say which files were not current before.

    Raises InputError for a directory with files that esacloud did not write, or that were edited since and `force` is
    false; OutsideError where the disk refuses.
    """
    changed = []
    for cloud, files in modules.items():
        folder = Path(directory, cloud)
        changed += [f"{cloud}/{name}" for name, text in files.items() if _read(folder / name) != text.encode()]
        write_directory(str(folder), files, force=force)
    return tuple(changed)


def stale(directory: str, modules: dict[str, dict[str, str]]) -> Iterator[str]:
    """A sentence for each file that is missing, or not current, or that terraform would read beside them."""
    for cloud, files in modules.items():
        folder = Path(directory, cloud)
        for name, text in files.items():
            found = _read(folder / name)
            if found is None:
                yield f"{cloud}/{name} is missing."
            elif found != text.encode():
                yield f"{cloud}/{name} is not what this version of esacloud writes."
        for path in sorted(folder.glob("*")):
            if path.name.endswith(_CONFIGURATION) and path.name not in files:
                yield f"{cloud}/{path.name} is not a file of esacloud, and terraform reads it."


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise OutsideError(f"{path}: The file cannot be read: {error.strerror or error}.") from None
