"""esacloud as a library: read a deployment, prove a module, look at its flows, write it, and prove it again from disk.

Run it from the top of the repository: python examples/library.py
"""

import tempfile
from pathlib import Path

import esacloud

deployment = esacloud.read_deployment(str(Path(__file__).with_name("small.yaml")))
module = esacloud.generate(deployment, "aws")  # raises ProofError rather than return an unproven module

for flow in module.policy.flows:
    ports = "-".join(str(port) for port in dict.fromkeys(flow.ports))
    rows = ", ".join(map(str, flow.rows)) or "not in the table"
    print(f"{flow.interface:11} {flow.direction:3} {flow.transport}/{ports:11} {flow.remote!s:24} rows {rows}")

with tempfile.TemporaryDirectory() as directory:
    where = f"{directory}/{deployment.name}"
    esacloud.write_module(where, module)
    assert esacloud.verify(deployment, "aws", where).proven

# A question about packets: can anyone but the administrators reach SSH?
ssh = [
    box
    for box in module.lowered.packets["management"].only(direction="ingress").boxes()
    if box.ports[0] <= 22 <= box.ports[1]
]
print("\nSSH is open to:", ", ".join(box.remote_text() for box in ssh) or "nobody")
