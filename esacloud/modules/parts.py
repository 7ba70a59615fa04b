"""What a cloud adds to its reusable module, and what a module's files are called.

The part of a cloud stands in `esacloud/<cloud>/module.py`, the module that `Part` describes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol, cast

from esacloud.provider import CLOUDS

MAIN, VARIABLES, OUTPUTS, VERSIONS, README = (
    "main.tf.json",
    "variables.tf.json",
    "outputs.tf.json",
    "versions.tf.json",
    "README.md",
)


class Part(Protocol):
    """The module `esacloud.<cloud>.module`: expressions and pieces of documents, as constants."""

    TITLE: str  # of the cloud
    GROUPS: str  # what it calls groups of rules, in the plural
    MORE: str  # lines of the README that hold for this cloud alone
    EXAMPLE: str  # of the README, in HCL
    DOCS: str  # where the provider's resources are documented
    PROVIDER: str
    ONLY_AS_WIDER: bool
    COMMENT: Sequence[str]
    PEER: Mapping[str, tuple[str, str]]
    PEER_CHECKS: Sequence[tuple[str, str]]
    REFERENCES: str
    PUBLIC_KEYS: Sequence[str]  # references that stand for public addresses
    NAME: Mapping[str, str]
    NAME_PREFIX: Mapping[str, str]
    TAGS: Mapping[str, str]
    MODULE_RESOURCES: Mapping[str, Any]
    OUTPUTS: Mapping[str, Any]
    VERSIONS: Mapping[str, Any]
    # For the tests that ship: arguments of place; the resources that hold the preconditions on groups and on rules, and an
    # expression for the table of rules of `%s`; the output with ids; keys that a small gateway has; claims, and runs more.
    PLACE: Mapping[str, Any]
    TESTED: tuple[str, str, str]
    IDS: str
    SMALL_KEYS: str
    STABLE: Sequence[Mapping[str, str]]
    RUNS: Mapping[str, Any]

    def variables(self) -> dict[str, Any]:
        """The inputs that only this cloud has."""

    def locals_(self) -> dict[str, Any]:
        """The expressions after the flows."""


def part(cloud: str) -> Part:
    """What a cloud adds. Raises KeyError for a name not in CLOUDS."""
    if cloud not in CLOUDS:
        raise KeyError(cloud)
    return cast(Part, import_module(f"esacloud.{cloud}.module"))
