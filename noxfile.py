"""What a change has to pass, and what takes longer: `nox -l` lists the sessions, CONTRIBUTING.md says when to run which.

Every session but `newest` installs exactly the versions of constraints.txt. Words after `--` go to the tool:
`nox -s tests -- tests/guardrails`.
"""

from __future__ import annotations

import nox

CONSTRAINTS = "constraints.txt"
GENERATED_AND_PAGES = (
    "tests/test_readme.py",
    "tests/test_contributing.py",
    "tests/guardrails/test_page.py",
    "tests/deployment/test_schema.py",
    "tests/modules/test_files.py",
)
PYTHONS = ("3.12", "3.13")  # beside the Python that runs nox
LOCKED_EXTRAS = ("dev", "bench")  # dev holds test and lint

nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "docs", "tests"]
nox.options.error_on_missing_interpreters = False  # a Python that is not installed is skipped, in CI too


def install(session: nox.Session, extras: str) -> None:
    """Install the project with these extras, at the locked versions."""
    session.install("-c", CONSTRAINTS, "-e", f".[{extras}]")


@nox.session
def lint(session: nox.Session) -> None:
    """Format and lint by ruff; nothing is changed."""
    install(session, "lint")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Types by mypy: strict in the package, benchmarks and examples; what tests do is checked by tests/mypy.ini."""
    install(session, "dev")
    session.run("mypy")
    session.run("mypy", "--config-file", "tests/mypy.ini")


@nox.session
def docs(session: nox.Session) -> None:
    """Generated files are current, and the pages are true; `nox -s docs -- --write` makes the files anew."""
    install(session, "test")
    if session.posargs == ["--write"]:
        session.run("bash", ".ci/generate", external=True)
    else:
        session.run("pytest", *GENERATED_AND_PAGES)


@nox.session
def tests(session: nox.Session) -> None:
    """The test command of the README, on the Python that runs nox."""
    install(session, "test")
    session.run("pytest", *session.posargs)


def tests_on(python: str) -> None:
    """Define the session `tests-PYTHON`."""

    @nox.session(python=python, name=f"tests-{python}")
    def tests_on_python(session: nox.Session) -> None:
        install(session, "test")
        session.run("pytest", *session.posargs)

    tests_on_python.__doc__ = f"The same on Python {python}; skipped where that is not installed."


for version in PYTHONS:
    tests_on(version)


@nox.session
def exhaustive(session: nox.Session) -> None:
    """Everything at full size: all faults, kills and interleavings, 1,000 examples of each property. Takes hours."""
    install(session, "test")
    environment = {"ESACLOUD_EXHAUSTIVE": "1", "ESACLOUD_REQUIRE_REAL": "1"}
    session.run("pytest", *session.posargs, env=environment)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure esacloud beside its peers; `-- --write` writes docs/performance.md, `-- --quick` tries it out."""
    install(session, "bench")
    session.run("python", "-m", "benchmarks.run", *session.posargs)


@nox.session(reuse_venv=False)
def newest(session: nox.Session) -> None:
    """The suite with the newest release of every dependency that pyproject.toml allows, not those of constraints.txt."""
    session.install("--upgrade", "--upgrade-strategy", "eager", "-e", ".[dev]")
    session.run("mypy")
    session.run("pytest", *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """Write constraints.txt after a change of pyproject.toml; `nox -s lock -- --upgrade` takes the newest of everything."""
    session.install("-c", CONSTRAINTS, "uv")
    extras = [word for extra in LOCKED_EXTRAS for word in ("--extra", extra)]
    session.run(
        *("uv", "pip", "compile", "--universal", "--python-version", "3.11", "--strip-extras", *extras),
        *("--custom-compile-command", "nox -s lock", "-o", CONSTRAINTS, *session.posargs, "pyproject.toml"),
    )
