"""Modules made from text in a test: the files of one gateway, and of the same gateway with another peer."""

from __future__ import annotations

from functools import cache

from esacloud.workflow import Module, generate, read_deployment

TEXT = """\
name: mail-edge-1
asyncos: "15.5"
cloud:
  aws: {{region: eu-central-1, vpc: vpc-0a1b2c3d4e5f60718}}
interfaces:
  management: [admin-cli, dns]
  data1: [mail]
peers:
  administrators: {administrators}
  dns-servers: [10.0.0.2]
"""


@cache
def module(*administrators: str) -> Module:
    """A small gateway's module, by default with one network of administrators."""
    text = TEXT.format(administrators=f"[{', '.join(administrators or ('10.20.0.0/24',))}]")
    return generate(read_deployment("gateway.yaml", text), "aws")
