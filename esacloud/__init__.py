"""Cloud security groups for the Cisco Secure Email Gateway, made from the vendor port table and proven equal to it.

The public names are here; each is imported when it is first used, so that `import esacloud` is fast:

    deployment = esacloud.read_deployment("examples/small.yaml")
    module = esacloud.generate(deployment, "aws")
    esacloud.write_module("build/small", module)
    assert esacloud.verify(deployment, "aws", "build/small").proven
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from esacloud._version import __version__

if TYPE_CHECKING:
    from esacloud.catalogue.load import load as load_catalogue
    from esacloud.errors import EsacloudError, InputError, OutsideError, Place, Problem
    from esacloud.packets.sets import Box, PacketSet
    from esacloud.workflow import (
        Module,
        ProofError,
        Verification,
        compile_for,
        generate,
        lower,
        read_deployment,
        verify,
        write_module,
    )

_HOME = {
    "load_catalogue": ("catalogue.load", "load"),
    **{name: ("errors", name) for name in ("EsacloudError", "InputError", "OutsideError", "Place", "Problem")},
    **{name: ("packets.sets", name) for name in ("Box", "PacketSet")},
    **{
        name: ("workflow", name)
        for name in (
            "Module",
            "ProofError",
            "Verification",
            "compile_for",
            "generate",
            "lower",
            "read_deployment",
            "verify",
            "write_module",
        )
    },
}

__all__ = [
    "Box",
    "EsacloudError",
    "InputError",
    "Module",
    "OutsideError",
    "PacketSet",
    "Place",
    "Problem",
    "ProofError",
    "Verification",
    "__version__",
    "compile_for",
    "generate",
    "load_catalogue",
    "lower",
    "read_deployment",
    "verify",
    "write_module",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'esacloud' has no attribute {name!r}")
    from importlib import import_module

    module, its_name = _HOME[name]
    value = globals()[name] = getattr(import_module(f"esacloud.{module}"), its_name)
    return value
