"""The place of a key in a JSON text, for messages.

The text is parsed a second time, as YAML. JSON is YAML except for tabs and a few characters; where the second parsing
fails, problems have no line.
"""

from __future__ import annotations

from typing import Any

Path = tuple[str | int, ...]


def lines_of(text: str) -> Any:
    """The text as a tree of nodes with their lines; None where YAML cannot parse it."""
    import yaml

    try:
        return yaml.compose(text.replace("\t", " "), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError):
        return None


def line_and_column(tree: Any, path: Path) -> tuple[int | None, int | None]:
    """The line and column, from 1, of the value at `path`, or of the nearest value above it."""
    if tree is None:
        return None, None
    node = tree
    for step in path:
        below = None
        if isinstance(node.value, list):
            if isinstance(step, int) and step < len(node.value) and node.id == "sequence":
                below = node.value[step]
            elif node.id == "mapping":
                below = next((value for key, value in node.value if key.value == step), None)
        if below is None:
            break
        node = below
    return node.start_mark.line + 1, node.start_mark.column + 1


def key_text(path: Path) -> str:
    """`entries[3].ports[0]` of ("entries", 3, "ports", 0)."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
