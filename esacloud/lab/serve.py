"""The process of a lab: `python -m esacloud.lab.serve CLOUD FILE --lag SECONDS` serves until it is terminated.

It writes its address into FILE.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
from argparse import ArgumentParser
from types import FrameType

from esacloud.lab.process import lab_of


def main(cloud: str, path: str, lag: float = 0.0) -> int:
    """Serve, with reads that lag by so many seconds. Returns 1 at once when another process serves this file."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return 1
    os.ftruncate(handle, 0)

    def ready(address: str) -> None:
        state = {"cloud": cloud, "address": address, "pid": os.getpid(), "lag": lag}
        os.write(handle, json.dumps(state).encode())
        os.fsync(handle)

    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    serve = lab_of(cloud).serve
    if lag:
        serve(ready, lag)
    else:
        serve(ready)
    return 0


def _end(_number: int, _frame: FrameType | None) -> None:
    os._exit(0)  # there is nothing to save, and the lock goes with the process


if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("cloud")
    parser.add_argument("path")
    parser.add_argument("--lag", type=float, default=0.0)
    sys.exit(main(**vars(parser.parse_args())))
