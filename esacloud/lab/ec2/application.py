"""A local EC2: a moto server on a free port of this machine, which stops when its block ends.

It does not check all that EC2 would refuse, such as characters and canonical networks; `behaviour.py` lists the
patches. The state is that of the process: two servers in one process show the same state and have the same settings.

Needs `moto[ec2]`, `flask` and `flask-cors`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from esacloud.lab.ec2.behaviour import behave
from esacloud.lab.ec2.lag import Lag
from esacloud.lab.ec2.rates import Buckets
from esacloud.lab.ec2.settings import using

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}  # moto takes any
_WHOLE_ANSWER = 1 << 20  # bytes


@contextmanager
def ec2_server(
    lag: Lag | None = None, rates: Buckets | None = None, ipv6_default_egress: bool | None = None
) -> Iterator[str]:
    """Start a local EC2 (with STS and IAM) and return its address, such as `http://127.0.0.1:40123`.

    `lag`: how long reads lag behind writes. `rates`: the request limits, shared by all clients.
    `ipv6_default_egress`: whether new groups in a VPC with an IPv6 CIDR block permit all egress over IPv6 too. None keeps
    the setting of this process (`settings.py`).
    """
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    class Handler(MotoRequestHandler):
        # An answer is sent in one piece. When its headers arrive alone, terraform's AWS provider 5.100 sometimes closes the
        # connection and repeats a request that has been carried out.
        wbufsize = _WHOLE_ANSWER

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Log nothing: the user of a lab looks at the groups in it."""

    behave()
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Handler)
    threading.Thread(target=server.serve_forever, name="esacloud-lab-ec2", daemon=True).start()
    try:
        with using(lag, rates, ipv6_default_egress):
            yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        server.server_close()
