"""The files of a module, and `manifest.json` over them: input, proof, and the digest of each file.

The manifest holds no time and no path, so that the same input gives the same bytes. It distinguishes a module's files from
files of others, and unchanged files from edited ones (schemas/manifest.schema.json).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from esacloud._version import __version__
from esacloud.catalogue.model import release_text
from esacloud.deployment.model import Deployment
from esacloud.policy.lowered import Lowered
from esacloud.policy.model import Flow, Policy
from esacloud.policy.packets import flow_boxes
from esacloud.terraform.layout import render, render_flat
from esacloud.terraform.readme import README, readme_text

if TYPE_CHECKING:
    from pathlib import Path

    from esacloud.provider import Provider

MANIFEST = "manifest.json"
FORMAT = 1
PROVEN = (
    "The rules of these files, read back from their text, permit exactly the packets of the policy: no more and no less."
)
_START = f'{{\n  "manifest": {FORMAT},\n  "esacloud": '  # how every manifest begins, truncated ones included
_SEAL, _END = ',\n  "digest": "', "\n}\n"
_FILE_NAME, _DIGEST = r"[A-Za-z0-9_-][A-Za-z0-9._-]*", r"[0-9a-f]{64}"


def digest(text: str) -> str:
    """The SHA-256 of a file's text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def module_files(cloud: Provider, lowered: Lowered, deployment: Deployment) -> dict[str, str]:
    """File name -> text of every file of the module, the manifest last.

    The manifest states that the module is proven: the caller has to prove these texts before it hands them out.
    """
    documents = cloud.documents(lowered, deployment)
    files = {name: render(document) for name, document in documents.items()}
    files[README] = readme_text(lowered, deployment, documents)
    files[MANIFEST] = manifest_text(lowered, deployment, files)
    return files


def manifest_text(lowered: Lowered, deployment: Deployment, files: Mapping[str, str]) -> str:
    """The text of the manifest of a module with these other files."""
    policy, catalogue = lowered.policy, deployment.catalogue
    return sealed(
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
            "groups": [asdict(line) for line in lowered.groups],
            "quotas": [asdict(use) for use in lowered.quotas],
            "proof": {
                "statement": PROVEN,
                "interfaces": len(policy.interfaces),
                "flows": len(policy.flows),
                "rules": sum(line.inbound + line.outbound for line in lowered.groups),
            },
            "rows": {
                "covered": list(policy.rows),
                "uncovered": sorted({item.row for item in policy.uncovered if item.row is not None}),
            },
            "uncovered": [{"row": item.row, "entry": item.entry, "why": item.why.en} for item in policy.uncovered],
            "widened": [
                {"entry": widened.entry, "policy": _packets_text(widened.exact), "rules": _packets_text(widened.wide)}
                for widened in policy.widened
            ],
            **_hostnames(policy),
            "notes": list(lowered.notes),
            "files": {name: digest(text) for name, text in sorted(files.items())},
        }
    )


def _hostnames(policy: Policy) -> dict[str, list[str]]:
    """The host names of each mode; a module without pinned or filtered names lacks that key."""
    names = {
        "open_hostnames": {name for flow in policy.flows for name in flow.names},
        "pinned_hostnames": {name for flow in policy.flows for name in flow.pinned},
        "filtered_hostnames": {name for flow in policy.flows for name in flow.filtered},
    }
    return {key: sorted(found) for key, found in names.items() if found or key == "open_hostnames"}


def sealed(document: Mapping[str, Any]) -> str:
    """The manifest's text, ending in the digest of everything before it, so that any edit shows."""
    body = render_flat(document)[: -len(_END)]
    return f'{body}{_SEAL}{digest(body)}"{_END}'


def _packets_text(flow: Flow) -> str:
    return f"{flow.interface}: {' and '.join(map(str, flow_boxes([flow])))}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The part of a manifest that is needed to read or replace a module.

    `esacloud` is the version that wrote it, `files` file name -> SHA-256; `intact` is False when it was edited.
    `reusable`: whether the module is for any gateway, without a deployment file.
    """

    esacloud: str
    files: Mapping[str, str]
    intact: bool
    reusable: bool


def read_manifest(text: str) -> Manifest | None:
    """The manifest in a text, or None when esacloud did not write it or it is truncated."""
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
    return Manifest(version, files, intact=seal == f'{digest(body)}"{_END}', reusable="deployment" not in document)


def is_truncated(text: str) -> bool:
    """Whether a text is the beginning of a manifest: a write that did not finish."""
    return text.startswith(_START) or _START.startswith(text)


def differing_files(directory: str, files: Mapping[str, str]) -> tuple[str, ...]:
    """Sentences about files whose bytes differ from `files`; none for a module that another version of esacloud wrote.

    Another version may lay out a correct module differently; its rules are evaluated all the same.
    """
    from pathlib import Path  # not needed by a run that only writes

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
    number = next(
        number
        for number, (line, other) in enumerate(
            zip([*found.split(b"\n"), None], [*desired.split(b"\n"), None], strict=False), start=1
        )
        if line != other
    )
    return f"{path.name}:{number}: This line is not what esacloud {__version__} writes for this deployment file."
