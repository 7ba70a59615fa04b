"""Running terraform (or OpenTofu) in a directory through python-terraform, working around its defects.

python-terraform 0.10.1 dates from 2019. Its defects, and what this module does about each:

1. `destroy()` passes `-force`, which terraform removed: only `cmd()` is called, with options that terraform has.
2. `apply()` prompts on a closed standard input: only saved plans are applied.
3. `output(name)` raises TypeError: values are read from `show -json`.
4. `plan` logs exit code 2, which means changes, as an error: its logger is silenced, and exit codes are used as they are.
5. `synchronous=False` is passed on to terraform: it is never set.
6. `capture_output=False` needs a standard output with a file descriptor: without one, output is printed afterwards.
7. It has no `-chdir`, and `plan("dir")` fails: the directory goes to the constructor.
8. `is_env_vars_included=False` empties PATH: it is never set.
9. Every unknown attribute becomes a command, and variables given as a dict leave a file behind: neither is used. Values of
   variables go into TF_VAR_... or a .tfvars file, never into arguments, which every process list shows.
10. It reads the state file after each command and fails on invalid JSON: a subclass skips that.
"""

from __future__ import annotations

import json
import logging
import shutil
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from esacloud.errors import InputError, OutsideError

OLDEST = (1, 5, 0)  # the reusable modules use plantimestamp(); OpenTofu begins after it
_INSTALL = "Install terraform (https://developer.hashicorp.com/terraform/install) or OpenTofu (https://opentofu.org/docs/intro/install)"
INTERRUPTED = 130


class TerraformFailedError(OutsideError):
    """Terraform failed and printed the reason itself. `code` is its exit code."""

    def __init__(self, command: str, code: int) -> None:
        super().__init__(f"terraform {command} failed with exit code {code}. See the output above.")
        self.code = code


class Runner:
    """Terraform in one directory. Output of commands goes to this process's own streams as it comes.

    `binary` is a path or a name on the PATH; the default is `terraform`, else `tofu`. Raises InputError when there is no
    such directory, OutsideError when terraform or python-terraform is missing or too old.
    """

    def __init__(self, directory: str, binary: str | None = None) -> None:
        if not Path(directory).is_dir():
            hint = "Name a directory that esacloud generate wrote, or a root module of your own."
            raise InputError.at(directory, "The directory does not exist.", hint)
        self.directory, self.binary = directory, find(binary)
        try:
            import python_terraform
        except ImportError:
            message = "Running terraform needs the package python-terraform: pip install 'esacloud[terraform]'."
            raise OutsideError(message) from None
        self._python_terraform: Any = python_terraform
        self._wrapped = self._wrapper()
        self.version = self._version()

    def init(self) -> None:
        """Install providers and child modules, unless `init` ran in the directory. Raises TerraformFailedError."""
        if not Path(self.directory, ".terraform").is_dir():
            self._must("init", input=False)

    def validate(self) -> None:
        """Check the configuration. Raises TerraformFailedError."""
        self._must("validate")

    def plan(self, out: str, *, var_files: Sequence[str] = (), destroy: bool = False) -> bool:
        """Save a plan to the file `out`. Returns whether it has changes. Raises TerraformFailedError."""
        options: dict[str, Any] = {"input": False, "detailed_exitcode": self._flag, "out": out}
        if var_files:
            options["var_file"] = [str(Path(file).resolve()) for file in var_files]
        if destroy:
            options["destroy"] = self._flag
        code = self._run("plan", **options)
        if code not in (0, 2):
            raise TerraformFailedError("plan", code)
        return code == 2

    def apply(self, plan: str) -> None:
        """Apply a saved plan. Raises TerraformFailedError."""
        self._must("apply", plan, input=False)

    def show(self, plan: str | None = None) -> Any:
        """The state, or a saved plan, as JSON. Raises TerraformFailedError."""
        code, out, err = self._captured("show", *([plan] if plan else []), json=self._flag)
        if code:
            print(err, file=sys.stderr, end="")  # noqa: T201 - terraform's own message
            raise TerraformFailedError("show", code)
        return json.loads(out)

    @property
    def _flag(self) -> Any:
        return self._python_terraform.IsFlagged

    def _wrapper(self) -> Any:
        class Wrapped(self._python_terraform.Terraform):  # type: ignore[misc, name-defined]  # the package has no types
            def read_state_file(self, file_path: str | None = None) -> None:
                """Read nothing."""

        return Wrapped(working_dir=self.directory, terraform_bin_path=self.binary)

    def _version(self) -> tuple[int, ...]:
        code, out, err = self._captured("version", json=self._flag)
        try:
            text = json.loads(out)["terraform_version"]
            version = tuple(int(part) for part in text.partition("-")[0].split("."))
        except (ValueError, KeyError, TypeError):
            output = (err or out).strip().splitlines()
            raise OutsideError(
                f"{self.binary} is not terraform: `version -json` exited with code {code}"
                f"{' and printed: ' + output[0] if output else ''}. {_INSTALL}."
            ) from None
        if version < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            raise OutsideError(f"{self.binary} is terraform {text}; esacloud needs {oldest} or newer. {_INSTALL}.")
        return version

    def _must(self, command: str, *words: str, **options: Any) -> None:
        if code := self._run(command, *words, **options):
            raise TerraformFailedError(command, code)

    def _run(self, command: str, *words: str, **options: Any) -> int:
        """Run a command with its output on our streams as it comes. Returns its exit code."""
        if not (_is_file(sys.stdout) and _is_file(sys.stderr)):
            code, out, err = self._captured(command, *words, **options)
            sys.stdout.write(out)
            sys.stderr.write(err)
            return code
        sys.stdout.flush()
        sys.stderr.flush()
        if not sys.stdout.isatty():
            options["no_color"] = self._flag
        code, _, _ = self._call(command, *words, capture_output=False, **options)
        return code

    def _captured(self, command: str, *words: str, **options: Any) -> tuple[int, str, str]:
        if command not in ("show", "version"):
            options["no_color"] = self._flag
        code, out, err = self._call(command, *words, **options)
        return code, out or "", err or ""

    def _call(self, command: str, *words: str, **options: Any) -> tuple[int, str | None, str | None]:
        with _quiet(), _interrupts_are_for_the_child() as interrupted, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                code, out, err = self._wrapped.cmd(command, *words, **options)
            except OSError as error:
                raise OutsideError(f"{self.binary} cannot be started: {error.strerror or error}.") from None
        if interrupted:
            raise KeyboardInterrupt  # terraform has exited cleanly and released its locks
        return int(code), out, err


def find(binary: str | None) -> str:
    """The path of the program. Raises OutsideError with installation instructions."""
    names = (binary,) if binary else ("terraform", "tofu")
    for name in names:
        if (path := shutil.which(name)) is not None:
            return str(Path(path).resolve()) if "/" in name else path  # the working directory changes before it starts
    if binary:
        raise OutsideError(f"The program {binary} is not found. {_INSTALL}.")
    raise OutsideError(f"Neither terraform nor tofu is on the PATH. {_INSTALL}, or name one with --binary.")


def _is_file(stream: Any) -> bool:
    try:
        return isinstance(stream.fileno(), int)
    except (OSError, ValueError, AttributeError):
        return False


@contextmanager
def _quiet() -> Iterator[None]:
    """python-terraform logs all output of terraform, which may hold secrets, and logs changes as errors."""
    logger = logging.getLogger("python_terraform")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


@contextmanager
def _interrupts_are_for_the_child() -> Iterator[list[int]]:
    """Ctrl-C reaches terraform too, which then exits cleanly: wait for it. Yields a list of the signals received."""
    signals: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield signals
        return
    before = signal.signal(signal.SIGINT, lambda number, _: signals.append(number))
    try:
        yield signals
    finally:
        signal.signal(signal.SIGINT, before)
