"""Reading a module back from its directory, with every deviation from what esacloud writes.

Terraform reads every configuration file of a directory, so an extra file can change what the module creates. Variable files
(`*.tfvars`) cannot: a module's variables choose a location, names and tags, and no packet depends on them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from esacloud.errors import InputError
from esacloud.json_files import parse
from esacloud.policy.lowered import Document
from esacloud.terraform.manifest import MANIFEST, Manifest, digest, read_manifest
from esacloud.terraform.ownership import STAGING
from esacloud.terraform.syntax import plain

_LARGEST = 64 * 1024 * 1024  # bytes; 5,000 rules take about 2 MB
_CONFIGURATION = (".tf", ".tf.json", ".tofu", ".tofu.json")
_AGAIN = "run esacloud generate again"


def read_documents(directory: str) -> tuple[dict[str, Document], tuple[str, ...]]:
    """The documents of the module in a directory by file name, and the deviations of its files as sentences.

    Raises InputError when there is no such directory, or nothing in it that could be a module.
    """
    folder = Path(directory)
    names = _names(folder)
    configuration = [name for name in names if name.endswith(_CONFIGURATION) and not name.startswith(".")]
    documents_on_disk = [name for name in configuration if name.endswith(".tf.json")]
    if MANIFEST not in names and not documents_on_disk:
        raise _unreadable(directory, "The directory has no module that esacloud wrote.")
    deviations: list[str] = []
    manifest = _manifest(folder, deviations)
    digests = manifest.files if manifest else dict.fromkeys(documents_on_disk, "")
    if STAGING in names:
        deviations.append(f"{STAGING}: The last write was interrupted; {_AGAIN}.")
    deviations += (
        f"{name}: esacloud did not write this file, and terraform reads it as part of the module."
        for name in configuration
        if name not in digests
    )
    found = {name: _document(folder / name, written, deviations) for name, written in digests.items()}
    return {name: document for name, document in found.items() if document is not None}, tuple(deviations)


def read_identity(directory: str, documents: Mapping[str, Document]) -> tuple[str | None, Any]:
    """The deployment's name and the cloud, as a module's documents and its manifest state them; None where they don't."""
    manifest: Any = json.loads(Path(directory, MANIFEST).read_text(encoding="utf-8"))
    return plain(documents.get("main.tf.json", {}).get("locals", {}).get("deployment")), manifest.get("cloud")


def _names(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        raise _unreadable(str(folder), f"The module cannot be read: {error.strerror or error}.") from None


def _unreadable(directory: str, message: str) -> InputError:
    return InputError.at(directory, message, "Name a directory that esacloud generate wrote.")


def _manifest(folder: Path, deviations: list[str]) -> Manifest | None:
    text = _text(folder / MANIFEST, deviations)
    if text is None:
        return None
    manifest = read_manifest(text)
    if manifest is None:
        deviations.append(f"{MANIFEST}: The file is not a manifest of esacloud, or is truncated; {_AGAIN}.")
    elif not manifest.intact:
        deviations.append(f"{MANIFEST}: The file was edited after esacloud wrote it; its own digest does not match.")
    return manifest


def _document(path: Path, written: str, deviations: list[str]) -> Document | None:
    """The document in a file of the module, None for other files; `written` is the file's digest in the manifest."""
    text = _text(path, deviations)
    if text is None:
        return None
    if written and digest(text) != written:
        deviations.append(
            f"{path.name}: The file was edited after esacloud wrote it; its SHA-256 is not that of {MANIFEST}."
        )
    if not path.name.endswith(".tf.json"):
        return None
    try:
        return parse(text, path.name)
    except InputError as error:
        deviations.extend(f"{problem.place}: {problem.message}" for problem in error.problems)
        return None


def _text(path: Path, deviations: list[str]) -> str | None:
    """The text of a file, byte for byte, or None with a deviation."""
    try:
        if path.stat().st_size > _LARGEST:
            deviations.append(f"{path.name}: The file is larger than any module that esacloud writes.")
            return None
        text = path.read_bytes().decode()
    except OSError as error:
        deviations.append(f"{path.name}: The file cannot be read: {error.strerror or error}.")
        return None
    except UnicodeDecodeError:
        deviations.append(f"{path.name}: The file is not UTF-8 text.")
        return None
    if path.is_symlink():
        deviations.append(f"{path.name}: The file is a symbolic link; esacloud writes none.")
    return text
