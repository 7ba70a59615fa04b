"""Which files of a directory esacloud wrote, which are terraform's working files, and which belong to someone else.

A file is esacloud's when its manifest, or the manifest of an interrupted write, lists it with its digest, or when it is a
prefix of the text to write. The name alone is no evidence: many modules have a `main.tf.json`.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from esacloud.errors import InputError, Place, Problem
from esacloud.terraform.manifest import MANIFEST, is_truncated, read_manifest

STAGING = ".esacloud-staging"
_WORKING = re.compile(  # https://developer.hashicorp.com/terraform/language/files, and what its commands leave behind
    r"\.terraform|\.terraform\.lock\.hcl|\.terraform\.tfstate\.lock\.info|terraform\.tfstate\.d|.*\.tfstate(\..*)?"
    r"|.*\.tfvars(\.json)?|.*\.tfplan|tfplan|crash(\..*)?\.log|\.gitignore|\.git"
)


@dataclass(frozen=True, slots=True)
class Holding:
    """A directory that esacloud may write into.

    - `current`: the files that already have the new content.
    - `obsolete`: files of the earlier module that the new one lacks.
    - `interrupted`: whether an earlier write left its staging directory.
    """

    current: frozenset[str]
    obsolete: tuple[str, ...]
    interrupted: bool


@dataclass(frozen=True, slots=True)
class _Past:
    """Earlier writes of esacloud: file names with their digests, and whether the manifest was edited or truncated."""

    digests: Mapping[str, set[str]]
    edited: bool
    truncated: bool


def look_into(directory: Path, files: Mapping[str, bytes], *, force: bool) -> Holding:
    """Check a directory before writing `files` into it. Raises InputError when esacloud must not write there."""
    past = _past(directory, files)
    current, edited, names = set(), [], set()
    with os.scandir(directory) as entries:
        for entry in entries:
            name = entry.name
            names.add(name)
            if name == STAGING:
                if not entry.is_dir(follow_symlinks=False):
                    raise _unmanaged(directory, name)
            elif name not in past.digests and name not in files:
                if not _WORKING.fullmatch(name):
                    raise _unmanaged(directory, name)
            elif not entry.is_file(follow_symlinks=False):
                raise _refusal(directory, name, "is a symbolic link or not a regular file.", "Move it.")
            else:
                content = Path(entry).read_bytes()
                if content == files.get(name):
                    current.add(name)
                elif not _is_own(directory / name, content, files.get(name), past):
                    edited.append(name)
    if edited and not force:
        raise _edited(directory, sorted(edited))
    obsolete = tuple(name for name in past.digests if name in names and name not in files)
    return Holding(frozenset(current), obsolete, STAGING in names)


def _is_own(path: Path, content: bytes, desired: bytes | None, past: _Past) -> bool:
    """Whether esacloud wrote the file as it is. False where it was edited; InputError where esacloud never wrote it."""
    name = path.name
    if name == MANIFEST and past.digests:
        return not past.edited
    if hashlib.sha256(content).hexdigest() in past.digests.get(name, ()):
        return True
    if desired is not None and desired.startswith(content):  # a write that did not finish, possibly an empty file
        return True
    if name == MANIFEST and past.truncated:
        return True
    if name in past.digests or past.truncated:
        return False
    raise _unmanaged(path.parent, name)


def _past(directory: Path, files: Mapping[str, bytes]) -> _Past:
    new = read_manifest(files.get(MANIFEST, b"").decode())
    text = _text(directory / MANIFEST)
    manifest, staged = read_manifest(text), read_manifest(_text(directory / STAGING / MANIFEST))
    digests: dict[str, set[str]] = {MANIFEST: set()} if manifest or staged else {}
    for source in filter(None, (manifest, staged)):
        if new is not None and source.reusable != new.reusable:
            kind = "a reusable module" if source.reusable else "a deployment file's module"
            raise _refusal(directory, MANIFEST, f"is that of {kind}.", "Choose another directory.")
        for name, value in source.files.items():
            digests.setdefault(name, set()).add(value)
    return _Past(
        digests,
        edited=manifest is not None and not manifest.intact,
        truncated=manifest is None and (directory / MANIFEST).is_file() and is_truncated(text),
    )


def _text(path: Path) -> str:
    """The text of a file, nothing where there is none."""
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return ""


def _refusal(directory: Path, name: str, message: str, hint: str) -> InputError:
    return InputError.at(str(directory / name), f"{name} {message}", hint)


def _unmanaged(directory: Path, name: str) -> InputError:
    message = "was not written by esacloud; the directory was not changed."
    return _refusal(directory, name, message, "Choose another directory, or move the file.")


def _edited(directory: Path, names: list[str]) -> InputError:
    message = "was edited after esacloud wrote it; nothing was written."
    hint = "Make the change in the deployment file, or use --force to replace the file."
    return InputError(*(Problem(Place(str(directory / name)), f"{name} {message}", hint) for name in names))
