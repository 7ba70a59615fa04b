"""The real engine in greenlets, paused before each call: what a run asks next is a function of the answers it has had.

So runs are a tree: a `Node` is a run after some answers, with what it asks next or how it ended. A node that is known is
never computed again; a new one takes the greenlet that stands at its parent, or the run anew with the same answers, which
has to ask the same again. Nothing of the outside reaches a run but the answers: the clock, random numbers, waiting, the
lock on a local file and its directory are all of its greenlet.

The one place where the clock is installed is `installed`.
"""

from __future__ import annotations

import datetime as datetime_module
import errno
import fcntl
import importlib
import json
import os
import pkgutil
import random
import shutil
import sys
import tempfile
import time
import traceback
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, Literal, NamedTuple

from explore.ec2 import Client, client_error
from greenlet import getcurrent, greenlet

from esacloud import workflow
from esacloud.change import lock, run, snapshot
from esacloud.change.live import Connection
from esacloud.change.model import Unmanaged
from esacloud.change.retry import Backoff
from esacloud.deployment.model import Deployment
from esacloud.errors import EsacloudError
from esacloud.policy.lowered import Lowered

START = datetime_module.datetime(2026, 3, 1, 12, 0, tzinfo=datetime_module.UTC).timestamp()
ALIVE = 3000  # greenlets that are kept where they stand; others are computed anew
Files = tuple[tuple[str, bytes], ...]
Kind = Literal["apply", "destroy", "restore"]


class Program(NamedTuple):
    """What a run does: apply or destroy a file, or restore a snapshot, whose text `file` is then."""

    kind: Kind
    file: str
    unmanaged: Unmanaged = "purge"


class Call(NamedTuple):
    """A call to EC2 that a run wants to make; `key` is its text."""

    operation: str
    parameters: dict[str, Any]
    key: str


class Sleep(NamedTuple):
    """A run wants to wait."""

    seconds: float


class Lock(NamedTuple):
    """A run wants the lock on a file of its machine, or gives it back. `waits` where it wants to wait for it."""

    path: str
    take: bool
    waits: bool = False


Request = Call | Sleep | Lock


class Answer(NamedTuple):
    """What a run hears, and when. `key` stands for `value`, which may be large.

    - for calls `ok`, with what EC2 answers; `error`, with code and message; `lost`.
    - for the lock `ok` or `error`, for waiting `ok`.
    """

    kind: Literal["ok", "error", "lost"]
    time: float
    key: Any = None
    value: Any = None

    @property
    def identity(self) -> tuple[Any, ...]:
        return self[:3]


class Outcome(NamedTuple):
    """How a run ended.

    - `done` and `unchanged`: with success; `failed`: it said why in `text`; `crashed`: an unexpected error.
    - `snapshot`: the file that it named, relative to its directory.
    """

    kind: Literal["done", "unchanged", "failed", "crashed"]
    text: str = ""
    snapshot: str | Path | None = None

    @property
    def success(self) -> bool:
        return self.kind in ("done", "unchanged")


Execute = Callable[[Program, Client, Path], Outcome]


class NotTheSameError(Exception):
    """A run that had the same answers asked for something else: something of the outside reaches it."""


class _Dead(BaseException):
    pass


@dataclass(eq=False)
class Root:
    """Where a run begins: its program, its number among the runs, the time, and the files of its machine."""

    program: Program
    number: int
    time: float
    files: Files


@dataclass(eq=False)
class Node:
    """A run after some answers: it asks `request`, or has come to its `outcome`. `files` are what its machine has then."""

    id: int
    root: Root
    parent: Node | None
    answer: Answer | None
    request: Request | None = None
    outcome: Outcome | None = None
    files: Files = ()
    children: dict[tuple[Any, ...], Node] = field(default_factory=dict)


class Strand(greenlet):
    """The greenlet of a run, and what stands in the place of the outside for it."""

    def __init__(self, root: Root, directory: Path, execute: Execute) -> None:
        super().__init__(self._go)
        self.execute = execute
        self.root, self.directory, self.time = root, directory, root.time
        self.over = False
        self.random = 0
        self.locked: dict[int, str] = {}
        self.seen_files: tuple[tuple[tuple[str, int, int], ...], Files] = ((), ())

    def ask(self, request: Request) -> Any:
        if self.over:
            raise _Dead
        answer = self.parent.switch(request)
        if self.over:
            raise _Dead
        self.time = answer.time
        return answer

    def _go(self, _: Any = None) -> Outcome:
        try:
            return self._run()
        except _Dead:
            return Outcome("crashed", "dead")

    def _run(self) -> Outcome:
        try:
            outcome = self.execute(self.root.program, Client(self._send), self.directory)
        except EsacloudError as error:
            outcome = Outcome("failed", f"{type(error).__name__}: {error}", getattr(error, "snapshot", None))
        except Exception:
            return Outcome("crashed", traceback.format_exc())
        return outcome._replace(snapshot=outcome.snapshot and self._relative(outcome.snapshot))

    def _relative(self, path: str | Path) -> str:
        return str(Path(path).relative_to(self.directory))

    def _send(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        from botocore.exceptions import ConnectionClosedError

        answer = self.ask(Call(operation, parameters, json.dumps([operation, parameters])))
        if answer.kind == "lost":
            raise ConnectionClosedError(endpoint_url="https://ec2.eu-central-1.amazonaws.com")
        if answer.kind == "error":
            code, message = answer.value
            raise client_error(code, message, operation)
        found: dict[str, Any] = answer.value
        return found

    def files(self) -> Files:
        """The files of its machine; read anew only where something about them is new."""
        look, pending = [], [str(self.directory)]
        while pending:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_dir():
                        pending.append(entry.path)
                    else:
                        found = entry.stat()
                        look.append((entry.path, found.st_size, found.st_mtime_ns))
        shown = tuple(sorted(look))
        if shown != self.seen_files[0]:
            texts = tuple((self._relative(Path(path)), Path(path).read_bytes()) for path, _, _ in shown)
            self.seen_files = shown, texts
        return self.seen_files[1]

    def end(self) -> None:
        """Release it."""
        self.over = True
        if self:  # a greenlet is true while it stands somewhere
            self.switch(None)
        shutil.rmtree(self.directory, ignore_errors=True)


def execute(program: Program, client: Client, directory: Path) -> Outcome:
    """What the commands do, from files to the end."""
    connection = Connection(client=client, backoff=BACKOFF)
    if program.kind == "restore":
        found = loaded(program.file, directory)
        live = workflow.connect_to(found, connection)
        plan = run.plan_restore(live, found)
    else:
        deployment, lowered = read(program.file)
        live = workflow.connect(deployment, "aws", connection)
        plan = run.plan(live, lowered, program.unmanaged) if program.kind == "apply" else run.plan_destroy(live)
    applied = run.apply(live, plan, directory, backoff=BACKOFF)
    return Outcome("done" if applied.snapshot else "unchanged", snapshot=applied.snapshot)


@cache
def read(file: str) -> tuple[Deployment, Lowered]:
    """A deployment file and what it lowers to; both are values."""
    deployment = workflow.read_deployment("gateway.yaml", file)
    return deployment, workflow.lower(deployment, "aws")


_loaded: set[str] = set()


def loaded(text: str, directory: Path) -> Any:
    """The document of a snapshot, which is checked the first time."""
    if text not in _loaded:
        path = directory / "to-restore.json"
        path.write_text(text)
        snapshot.load(str(path))
        path.unlink()
        _loaded.add(text)
    return json.loads(text)


class Strands:
    """All runs, as far as they were ever needed. `executions` counts the greenlets that were started."""

    def __init__(self, execute: Execute = execute) -> None:
        self.execute = execute
        base = Path("/dev/shm")
        self.directory = Path(tempfile.mkdtemp(prefix="explore-", dir=base if base.is_dir() else None))
        self.roots: dict[tuple[Program, int, float, Files], Node] = {}
        self.alive: OrderedDict[int, Strand] = OrderedDict()
        self.nodes = self.executions = self.directories = 0

    def start(self, program: Program, number: int, at: float, files: Files) -> Node:
        """A run at its first request."""
        key = program, number, at, files
        if key not in self.roots:
            root = Root(program, number, at, files)
            self.roots[key] = self._stand(self._started(root), root, None, None)
        return self.roots[key]

    def after(self, node: Node, answer: Answer) -> Node:
        """The run after one more answer."""
        found = node.children.get(answer.identity)
        if found is None:
            strand = self.alive.pop(node.id, None) or self._again(node)
            found = self._stand(strand, node.root, node, answer)
            node.children[answer.identity] = found
        return found

    def close(self) -> None:
        """End all runs, and remove their files."""
        for strand in self.alive.values():
            strand.end()
        self.alive.clear()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _started(self, root: Root) -> Strand:
        self.executions += 1
        self.directories += 1
        directory = self.directory / str(self.directories)
        directory.mkdir()
        for name, content in root.files:
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_bytes(content)
        return Strand(root, directory, self.execute)

    def _again(self, node: Node) -> Strand:
        """A greenlet that stands at a node: the run anew, with the same answers."""
        path = []
        at: Node | None = node
        while at is not None:
            path.append(at)
            at = at.parent
        strand = self._started(node.root)
        for each in reversed(path):
            asked = strand.switch(each.answer)
            if asked != each.request:
                raise NotTheSameError(f"first {each.request}, then {asked}")
        return strand

    def _stand(self, strand: Strand, root: Root, parent: Node | None, answer: Answer | None) -> Node:
        self.nodes += 1
        asked = strand.switch(answer)
        node = Node(self.nodes, root, parent, answer, files=strand.files())
        if isinstance(asked, Outcome):
            node.outcome = asked
            strand.end()
        else:
            node.request = asked
            self.alive[node.id] = strand
            if len(self.alive) > ALIVE:
                self.alive.popitem(last=False)[1].end()
        return node


def _strand() -> Strand | None:
    found = getcurrent()
    return found if isinstance(found, Strand) else None


def _sleep(seconds: float) -> None:
    strand = _strand()
    if strand is None:
        _plain_sleep(seconds)
    else:
        strand.ask(Sleep(float(seconds)))


_plain_sleep = time.sleep
BACKOFF = Backoff(sleep=_sleep, jitter=lambda: 0.5)


class _Datetime(datetime_module.datetime):
    @classmethod
    def now(cls, tz: datetime_module.tzinfo | None = None) -> _Datetime:
        strand = _strand()
        return super().now(tz) if strand is None else cls.fromtimestamp(START + strand.time, tz)


def _clock(plain: Callable[[], float]) -> Callable[[], float]:
    def clock() -> float:
        strand = _strand()
        return plain() if strand is None else START + strand.time

    return clock


def _uuid4(plain: Callable[[], uuid.UUID] = uuid.uuid4) -> uuid.UUID:
    strand = _strand()
    if strand is None:
        return plain()
    strand.random += 1
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{strand.root.number} {strand.random}")


def _flock(handle: Any, how: int, plain: Callable[[Any, int], None] = fcntl.flock) -> None:
    strand = _strand()
    if strand is None:
        plain(handle, how)
        return
    number = handle if isinstance(handle, int) else handle.fileno()
    if how & fcntl.LOCK_UN:
        _give_back(strand, number)
        return
    path = str(Path(f"/proc/self/fd/{number}").readlink().relative_to(strand.directory))
    if strand.ask(Lock(path, take=True, waits=not how & fcntl.LOCK_NB)).kind != "ok":
        raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK))
    strand.locked[number] = path


def _close(handle: int, plain: Callable[[int], None] = os.close) -> None:
    plain(handle)
    strand = _strand()
    if strand is not None and not strand.over:
        _give_back(strand, handle)


def _give_back(strand: Strand, handle: int) -> None:
    path = strand.locked.pop(handle, None)
    if path is not None:
        strand.ask(Lock(path, take=False))


class _Json:
    """json for snapshots: without indentation, for which Python has no fast way."""

    def __getattr__(self, name: str) -> Any:
        return getattr(json, name)

    def dumps(self, value: Any, *, indent: int | None = None, **settings: Any) -> str:
        return json.dumps(value, **settings)


def _fsync(handle: int, plain: Callable[[int], None] = os.fsync) -> None:
    if _strand() is None:
        plain(handle)


def _uniform(plain: Callable[[], float] = random.random) -> float:
    return plain() if _strand() is None else 0.5


_INSTEAD: dict[Any, Any] = {
    **{plain: _clock(plain) for plain in (time.time, time.monotonic, time.perf_counter)},
    _plain_sleep: _sleep,
    random.random: _uniform,
    uuid.uuid4: _uuid4,
    datetime_module.datetime: _Datetime,
    fcntl.flock: _flock,
    os.close: _close,
    os.fsync: _fsync,
}


def _replacement(value: Any) -> Any:
    """What stands in the place of something of the outside; anything else is itself."""
    try:
        return _INSTEAD.get(value, value)
    except TypeError:  # it cannot be hashed, so it is none of these
        return value


def _functions(modules: Iterable[Any]) -> Iterator[FunctionType]:
    """The functions and methods of modules, whose defaults may be of the outside."""
    for module in modules:
        for value in list(vars(module).values()):
            members = list(vars(value).values()) if isinstance(value, type) and value.__module__ == module.__name__ else []
            yield from (each for each in (value, *members) if isinstance(each, FunctionType))


@contextmanager
def installed(execute: Execute = execute) -> Iterator[Strands]:
    """Runs of the engine, or of what stands in its place, in a world of their own as long as the block lasts.

    The clock and the rest are replaced where the engine's modules have imported them by name as well.
    """
    from esacloud import aws, change

    for package in (aws, change):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(found.name)
    replaced: list[tuple[Any, str, Any]] = []
    modules = [module for name, module in sorted(sys.modules.items()) if name.startswith("esacloud.")]
    for place in (time, uuid, fcntl, os, random, *modules, *_functions(modules)):
        for name in ("__defaults__",) if isinstance(place, FunctionType) else list(vars(place)):
            value = getattr(place, name)
            other = tuple(map(_replacement, value)) if name == "__defaults__" and value else _replacement(value)
            if other != value:
                replaced.append((place, name, value))
                setattr(place, name, other)
    replaced.append((snapshot, "json", vars(snapshot)["json"]))
    vars(snapshot)["json"] = _Json()
    replaced.append((lock, "_identity", vars(lock)["_identity"]))  # a run that is executed again has files of other numbers
    vars(lock)["_identity"] = lambda path: path.name
    strands = Strands(execute)
    try:
        yield strands
    finally:
        strands.close()
        for place, name, value in reversed(replaced):
            setattr(place, name, value)
