"""The table of what each command needs to be permitted, as the documentation of every cloud has it."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def table(action: str, commands: Mapping[str, Collection[str]], when: Mapping[str, str], prefix: str = "") -> str:
    """A Markdown table with a row for each action of `when`, and a column for each command.

    `action` heads the first column; `prefix` stands before each action there.
    """
    lines = [
        f"| {action} | needed when | {' | '.join(f'`{name}`' for name in commands)} |",
        f"|---|---|{'---|' * len(commands)}",
    ]
    for name, reason in when.items():
        marks = " | ".join("yes" if name in actions else "" for actions in commands.values())
        lines.append(f"| `{prefix}{name}` | {reason} | {marks} |")
    return "\n".join(lines)
