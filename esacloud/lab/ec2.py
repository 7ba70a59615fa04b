"""A local EC2: a moto server on a free port of this machine, gone when its block ends.

It shows the shape of the calls and keeps what it is told. It does not check what EC2 would refuse: characters, canonical
networks; `ec2_behaviour.py` lists what is put right. The state lives in this process, so that of two servers in one process
both show the same.

Needs `moto[ec2]`, `flask` and `flask-cors`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from esacloud.lab.ec2_behaviour import behave

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}  # moto takes any


@contextmanager
def ec2_server(*, verbose: bool = False) -> Iterator[str]:
    """Start a local EC2 (with STS and IAM) and give its address, as `http://127.0.0.1:40123`.

    `verbose` prints one line a request to the standard error stream.
    """
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    behave()
    if not verbose:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()
