"""The process of a lab: `python -m esacloud.lab.serve CLOUD FILE` serves until told to end, and says where in FILE."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
from types import FrameType

from esacloud.lab.process import lab_module


def main(cloud: str, path: str) -> int:
    """Serve. Returns 1 at once when another process serves this file."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return 1
    os.ftruncate(handle, 0)

    def ready(address: str) -> None:
        os.write(handle, json.dumps({"cloud": cloud, "address": address, "pid": os.getpid()}).encode())
        os.fsync(handle)

    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    lab_module(cloud).serve(ready)
    return 0


def _end(_number: int, _frame: FrameType | None) -> None:
    os._exit(0)  # there is nothing to save, and the lock goes with the process


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
