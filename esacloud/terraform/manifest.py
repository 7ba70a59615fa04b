"""`manifest.json`: what a module was made from, what was proven of it, and the digest of each of its files.

It holds no time and no path, so that the same input gives the same bytes. It is what tells a module's own files from a
person's, and files as they were written from files edited since (schemas/manifest.schema.json).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from esacloud._version import __version__
from esacloud.catalogue.model import release_text
from esacloud.deployment.model import Deployment
from esacloud.policy.lowered import Lowered
from esacloud.policy.model import Flow
from esacloud.policy.packets import flow_boxes
from esacloud.terraform.layout import render_flat

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = "manifest.json"
FORMAT = 1
PROVEN = (
    "The rules of these files, read back from their text, permit exactly the packets of the policy: no more and no less."
)
_START = f'{{\n  "manifest": {FORMAT},\n  "esacloud": '  # how every manifest begins, also one that was cut short
_SEAL, _END = ',\n  "digest": "', "\n}\n"
_FILE_NAME, _DIGEST = r"[A-Za-z0-9_-][A-Za-z0-9._-]*", r"[0-9a-f]{64}"


def digest(text: str) -> str:
    """The SHA-256 of a file's text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def manifest_text(lowered: Lowered, deployment: Deployment, files: Mapping[str, str]) -> str:
    """The text of the manifest of a module with these other files."""
    policy, catalogue = lowered.policy, deployment.catalogue
    return _sealed(
        {
            "manifest": FORMAT,
            "esacloud": __version__,
            "cloud": policy.cloud,
            "deployment": {
                "name": deployment.name,
                catalogue.release_key: release_text(deployment.release),
                "digest": deployment.digest,
            },
            "catalogue": {"name": catalogue.name, "edition": catalogue.edition, "digest": catalogue.digest},
            "groups": [
                {"name": line.name, "interface": line.interface, "inbound": line.inbound, "outbound": line.outbound}
                for line in lowered.groups
            ],
            "quotas": [{"quota": use.quota, "used": use.used, "limit": use.limit} for use in lowered.quotas],
            "proof": {
                "says": PROVEN,
                "interfaces": len(policy.interfaces),
                "flows": len(policy.flows),
                "rules": sum(line.inbound + line.outbound for line in lowered.groups),
            },
            "rows": {
                "covered": list(policy.rows),
                "left_out": sorted({left.row for left in policy.left_out if left.row is not None}),
            },
            "left_out": [{"row": left.row, "entry": left.entry, "why": left.why.en} for left in policy.left_out],
            "widened": [
                {"entry": widened.entry, "policy": _said(widened.exact), "rules": _said(widened.wide)}
                for widened in policy.widened
            ],
            "open_hostnames": sorted({name for flow in policy.flows for name in flow.names}),
            **{
                f"{way}_hostnames": found
                for way in ("pinned", "filtered")
                if (found := sorted({name for flow in policy.flows for name in getattr(flow, way)}))
            },
            "notes": list(lowered.notes),
            "files": {name: digest(text) for name, text in sorted(files.items())},
        }
    )


def _sealed(document: Mapping[str, Any]) -> str:
    """The manifest's text with the digest of all before it as its last key, so that a changed digit in it shows."""
    body = render_flat(document)[: -len(_END)]
    return f'{body}{_SEAL}{digest(body)}"{_END}'


def _said(flow: Flow) -> str:
    return f"{flow.interface}: {' and '.join(map(str, flow_boxes([flow])))}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What of a manifest on disk matters to who reads or replaces the module.

    `esacloud` is the version that wrote it, `files` file name -> SHA-256; `intact` is False where it was edited since.
    """

    esacloud: str
    files: Mapping[str, str]
    intact: bool


def read_manifest(text: str) -> Manifest | None:
    """The manifest that a text holds, or None where it is none of ours or was cut short."""
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("manifest") != FORMAT:
        return None
    version, files = document.get("esacloud"), document.get("files")
    if not isinstance(version, str) or not isinstance(files, dict):
        return None
    for name, value in files.items():
        if not (isinstance(value, str) and re.fullmatch(_DIGEST, value)):
            return None
        if name == MANIFEST or not re.fullmatch(_FILE_NAME, name):
            return None
    body, _, seal = text.rpartition(_SEAL)
    return Manifest(version, files, intact=seal == f'{digest(body)}"{_END}')


def is_cut_short(text: str) -> bool:
    """Whether a text that is no manifest is the beginning of one: a write that did not end."""
    return text.startswith(_START) or _START.startswith(text)


def differing_files(directory: str, files: Mapping[str, str]) -> tuple[str, ...]:
    """Where the bytes on disk are not those of `files`, as sentences; for a module of another version of esacloud, nothing.

    Another version may lay a module out differently and still be right; what its rules permit is judged by other means.
    """
    from pathlib import Path  # imported here, because a run that only writes has no use for it

    folder = Path(directory)
    try:
        manifest = read_manifest((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    if manifest is None or manifest.esacloud != __version__:
        return ()
    return tuple(sentence for name, text in files.items() if (sentence := _differs(folder / name, text)))


def _differs(path: Path, text: str) -> str | None:
    try:
        found = path.read_bytes()
    except OSError:
        return f"{path.name}: The file cannot be read."
    desired = text.encode()
    if found == desired:
        return None
    line = next(
        number
        for number, (one, other) in enumerate(
            zip([*found.split(b"\n"), None], [*desired.split(b"\n"), None], strict=False), start=1
        )
        if one != other
    )
    return f"{path.name}:{line}: This line is not what esacloud {__version__} writes for this deployment file."
