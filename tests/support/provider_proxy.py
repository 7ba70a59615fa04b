"""One process of the AWS provider for many terraform commands: prints where they attach to it, ends when its input does.

`python provider_proxy.py NAME PROGRAM RESOURCE...`: NAME is the provider's source, PROGRAM its program. All calls go to the
program as they are, but one: the provider's schema has 1,500 resources, which each command needs two seconds to read. So
terraform gets the settings of the provider and the RESOURCEs; any other resource is unknown to it.

How a provider's program starts: https://github.com/hashicorp/go-plugin/blob/main/docs/internals.md
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import grpc
from tf.gen.tfplugin_pb2 import GetProviderSchema  # of protocol 6; the fields of protocol 5 are the same

COOKIE = {"TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"}
SERVICE, SCHEMA = "/tfplugin5.Provider/", "/tfplugin5.Provider/GetSchema"
ANY_LENGTH = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
# With a bundle the AWS provider cannot be configured twice: https://github.com/hashicorp/aws-sdk-go-base
NOT_TWICE = ("AWS_CA_BUNDLE",)


class Calls(grpc.GenericRpcHandler):
    """Passes on every call of terraform to the provider."""

    def __init__(self, provider: grpc.Channel, resources: set[str]) -> None:
        self.provider = provider
        call = self.provider.unary_unary(SCHEMA)
        self.schema = reduced(call(b""), resources)

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        method = str(details.method)
        if not method.startswith(SERVICE):
            return None  # go-plugin's own services, which a provider may leave out
        answer: Callable[[bytes, Any], bytes] = partial(self.pass_on, method)
        return grpc.unary_unary_rpc_method_handler(self.answer_schema if method == SCHEMA else answer)

    def answer_schema(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        return self.schema

    def pass_on(self, method: str, request: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            return bytes(self.provider.unary_unary(method)(request))
        except grpc.RpcError as error:
            context.abort(error.code(), error.details())  # type: ignore[attr-defined]
            raise


def reduced(answer: bytes, resources: set[str]) -> bytes:
    """The provider's schema without resources, data sources and functions that have other names."""
    schema = GetProviderSchema.Response.FromString(answer)
    schema.functions.clear()
    for found in (schema.resource_schemas, schema.data_source_schemas):
        for name in found.keys() - resources:
            del found[name]
    return bytes(schema.SerializeToString())


def main(name: str, program: str, *resources: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in NOT_TWICE} | COOKIE
    provider = subprocess.Popen([program], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        assert provider.stdout is not None
        _, protocol, network, place, *_ = provider.stdout.readline().split("|")
        assert (protocol, network) == ("5", "unix"), (protocol, network)
        with tempfile.TemporaryDirectory() as folder, grpc.insecure_channel(f"unix://{place}", ANY_LENGTH) as channel:
            server = grpc.server(ThreadPoolExecutor(20), [Calls(channel, set(resources))], options=ANY_LENGTH)
            socket = Path(folder, "socket")
            server.add_insecure_port(f"unix://{socket}")
            server.start()
            address = {"Network": "unix", "String": str(socket)}
            how = {"Protocol": "grpc", "ProtocolVersion": 5, "Pid": os.getpid(), "Test": True, "Addr": address}
            sys.stdout.write(json.dumps({name: how}) + "\n")
            sys.stdout.flush()
            sys.stdin.read()
            server.stop(0).wait()
    finally:
        provider.kill()
        provider.wait()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for pytest, which then closes our input
    main(*sys.argv[1:])
