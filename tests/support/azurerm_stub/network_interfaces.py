"""The network interfaces behind the stub, as documents that are read and written whole, and the locks of the provider.

Every network interface that is asked for is there. Reading and writing one take a moment and know no ETag, so that two who
do both at the same time lose what one of them wrote. `locked` keeps out who takes the same key, and nobody else.
"""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

LATENCY = 0.1  # seconds that a request takes

_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
_locks_lock = threading.Lock()


@dataclass(frozen=True)
class NetworkInterface:
    id: str
    network_security_group: str | None = None
    application_security_groups: tuple[str, ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        return (*filter(None, [self.network_security_group]), *self.application_security_groups)


class NetworkInterfaces:
    """One file for each network interface; a file is replaced at once, so that nobody reads half a document."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, interface_id: str) -> NetworkInterface:
        file = self._file(interface_id)
        found = self._read(file) if file.exists() else NetworkInterface(interface_id)
        time.sleep(LATENCY)
        return found

    def put(self, interface: NetworkInterface) -> None:
        time.sleep(LATENCY)
        self.folder.mkdir(exist_ok=True)
        written = self._file(interface.id).with_suffix(f".{threading.get_ident()}")
        written.write_text(json.dumps(asdict(interface)), encoding="utf-8")
        written.replace(self._file(interface.id))

    def all(self) -> list[NetworkInterface]:
        return [self._read(file) for file in sorted(self.folder.glob("*.json"))]

    def _file(self, interface_id: str) -> Path:
        return self.folder / f"{sha256(interface_id.encode()).hexdigest()}.json"

    def _read(self, file: Path) -> NetworkInterface:
        stored = json.loads(file.read_text(encoding="utf-8"))
        return NetworkInterface(
            stored["id"], stored["network_security_group"], tuple(stored["application_security_groups"])
        )


@contextmanager
def locked(*keys: str) -> Iterator[None]:
    """The locks of these keys, taken in this order; they hold in this process alone, as those of the provider."""
    with ExitStack() as stack:
        for key in keys:
            with _locks_lock:
                lock = _locks[key]
            stack.enter_context(lock)
        yield
