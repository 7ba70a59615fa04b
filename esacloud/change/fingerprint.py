"""One number for a state that was read: it changes when anything changes that a plan looks at."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from esacloud.change.model import LiveGroup, State


def fingerprint(state: State) -> str:
    """SHA-256, in hexadecimal, of groups, rules, descriptions, tags and attachments; the order of what was read is none."""
    content = {
        "scope": dict(state.scope),
        "groups": [_group(group) for group in sorted(state.groups, key=lambda group: group.name)],
    }
    return sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _group(group: LiveGroup) -> list[Any]:
    rules = sorted([rule.key, rule.description] for rule in group.rules)
    return [group.name, group.id, rules, dict(group.tags), list(group.attached)]
