"""What a module that esacloud wrote says about itself: whose it is, and for which cloud."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from esacloud.errors import InputError, Place, Problem
from esacloud.policy.lowered import Document
from esacloud.provider import CLOUDS
from esacloud.terraform.manifest import MANIFEST
from esacloud.terraform.syntax import plain


def described(directory: str, documents: Mapping[str, Document], deviations: Sequence[str]) -> tuple[str, str]:
    """The deployment's name and the cloud. Raises InputError for a module that is not as esacloud wrote it."""
    hint = "Make the module again with esacloud generate, or give --deployment FILE."
    if deviations:
        raise InputError(*(Problem(Place(directory), said, hint) for said in deviations))
    manifest: Any = json.loads(Path(directory, MANIFEST).read_text(encoding="utf-8"))
    name = plain(documents.get("main.tf.json", {}).get("locals", {}).get("deployment"))
    cloud = manifest.get("cloud")
    if name is None or cloud not in CLOUDS:
        raise InputError(Problem(Place(directory), "The module does not say whose it is.", hint))
    return name, str(cloud)
