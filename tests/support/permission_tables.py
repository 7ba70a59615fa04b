"""The tables of permissions in the docs, to hold against the code: an action in each row, a command in each column."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def documented(page: str, prefix: str = "") -> dict[str, set[str]]:
    """Command -> the actions that the page marks with `yes`. Each row says when its action is needed."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in _table(page)]
    (_, needed_when, *commands), _, *actions = rows
    assert needed_when == "needed when"
    assert all(row[1] and "yes" in row[2:] for row in actions)
    assert {mark for row in actions for mark in row[2:]} <= {"yes", ""}
    return {
        command.strip("`"): {row[0].strip("`").removeprefix(prefix) for row in actions if row[number] == "yes"}
        for number, command in enumerate(commands, 2)
    }


def _table(page: str) -> list[str]:
    lines = iter((DOCS / page).read_text(encoding="utf-8").splitlines())
    head = next(line for line in lines if "| needed when |" in line)
    table = [head]
    for line in lines:
        if not line.startswith("|"):
            break
        table.append(line)
    return table
