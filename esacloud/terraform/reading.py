"""Reading a module back from its directory, and saying what in it is not as esacloud wrote it.

Terraform reads every configuration file of a directory, so one more of them can change what the module makes. Files of
variables (`*.tfvars`) cannot: a module's variables choose a place, names and tags, and no packet depends on them.
"""

from __future__ import annotations

from pathlib import Path

from esacloud.errors import InputError, Place, Problem
from esacloud.policy.lowered import Document
from esacloud.terraform.layout import parse
from esacloud.terraform.manifest import MANIFEST, Manifest, digest, read_manifest
from esacloud.terraform.ownership import STAGING

_LARGEST = 64 * 1024 * 1024  # bytes; 5,000 rules take about 2 MB
_CONFIGURATION = (".tf", ".tf.json", ".tofu", ".tofu.json")
_AGAIN = "make the module again with esacloud generate"


def read_documents(directory: str) -> tuple[dict[str, Document], tuple[str, ...]]:
    """The documents of the module in a directory by file name, and what is odd about its files, as sentences.

    Raises InputError when there is no such directory, or nothing in it that could be a module.
    """
    folder = Path(directory)
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        message = f"The module cannot be read: {error.strerror or error}."
        raise InputError(Problem(Place(directory), message, "Name the directory that esacloud generate wrote.")) from None
    configuration = [name for name in names if name.endswith(_CONFIGURATION) and not name.startswith(".")]
    if MANIFEST not in names and not any(name.endswith(".tf.json") for name in configuration):
        message = "There is no module of esacloud in this directory."
        raise InputError(Problem(Place(directory), message, "Name the directory that esacloud generate wrote."))
    deviations: list[str] = []
    manifest = _manifest(folder, deviations)
    own = manifest.files if manifest else dict.fromkeys((name for name in configuration if name.endswith(".tf.json")), "")
    if STAGING in names:
        deviations.append(f"{STAGING}: The last write was interrupted; {_AGAIN}.")
    deviations.extend(
        f"{name}: esacloud did not write this file, and terraform reads it as a part of the module."
        for name in configuration
        if name not in own
    )
    documents: dict[str, Document] = {}
    for name, written in own.items():
        text = _text(folder / name, deviations)
        if text is None:
            continue
        if written and digest(text) != written:
            deviations.append(
                f"{name}: The file was changed since esacloud wrote it; its SHA-256 is not that of {MANIFEST}."
            )
        if name.endswith(".tf.json"):
            try:
                documents[name] = parse(text, name)
            except InputError as error:
                deviations.extend(f"{problem.place}: {problem.message}" for problem in error.problems)
    return documents, tuple(deviations)


def _manifest(folder: Path, deviations: list[str]) -> Manifest | None:
    text = _text(folder / MANIFEST, deviations)
    if text is None:
        return None
    manifest = read_manifest(text)
    if manifest is None:
        deviations.append(f"{MANIFEST}: This is no manifest of esacloud, or only the beginning of one; {_AGAIN}.")
    elif not manifest.intact:
        deviations.append(f"{MANIFEST}: The file was changed since esacloud wrote it; its own digest does not fit.")
    return manifest


def _text(path: Path, deviations: list[str]) -> str | None:
    """The text of a file exactly as it stands, or None with an oddity."""
    try:
        if path.stat().st_size > _LARGEST:
            deviations.append(f"{path.name}: The file is larger than any module that esacloud writes.")
            return None
        text = path.read_bytes().decode()
    except OSError as error:
        deviations.append(f"{path.name}: The file cannot be read: {error.strerror or error}.")
        return None
    except UnicodeDecodeError:
        deviations.append(f"{path.name}: The file is no text in UTF-8.")
        return None
    if path.is_symlink():
        deviations.append(f"{path.name}: The file is a symbolic link; esacloud writes none.")
    return text
