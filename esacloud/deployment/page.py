"""The tables of keys in docs/deployment-file.md, from the specification.

`.ci/generate` writes them: `python -m esacloud.deployment.page docs/deployment-file.md`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from esacloud.catalogue.model import Catalogue
from esacloud.deployment.model import Dialect
from esacloud.deployment.specification import (
    HOSTNAME_KEYS,
    NETWORK_KEYS,
    NOTE,
    RANGES_KEYS,
    WAIVER_KEYS,
    Key,
    cloud_keys,
    reference_keys,
    root_keys,
)

_TABLE = re.compile(r"(<!-- table: ([\w-]+) -->\n)(.*?)(<!-- end of table -->)", re.DOTALL)


def renewed(page: str, catalogue: Catalogue, dialects: Mapping[str, Dialect]) -> str:
    """The page with each table between its markers made anew. Raises KeyError for a table of an unknown name."""
    tables = {
        "root": _table(root_keys(catalogue, dialects)),
        "waiver": _table(WAIVER_KEYS),
        "item": _table_of_items((NETWORK_KEYS, HOSTNAME_KEYS, RANGES_KEYS)),
    }
    for name, dialect in dialects.items():
        tables[name] = _table(cloud_keys(dialect))
        tables[f"quotas-{name}"] = _table(next(key.keys for key in cloud_keys(dialect) if key.name == "quotas"))
        tables[f"item-{name}"] = _table_of_items(reference_keys(kind) for kind in dialect.references)
    return _TABLE.sub(lambda match: match[1] + tables[match[2]] + match[4], page)


def _table(keys: Iterable[Key]) -> str:
    return _rows("required", ((key, "yes" if key.required else "") for key in keys))


def _table_of_items(forms: Iterable[Iterable[Key]]) -> str:
    """The first key of a form says what the item is; the others stand next to it. Every form has a note."""
    rows = []
    for subject, *others in forms:
        rows.append((subject, ""))
        rows += [(key, f"`{subject.name}`{', required' if key.required else ''}") for key in others if key != NOTE]
    return _rows("next to", rows)


def _rows(column: str, rows: Iterable[tuple[Key, str]]) -> str:
    lines = [f"| key | {column} | meaning | example |", "|---|---|---|---|"]
    for key, cell in rows:
        example = f"`{key.example}`" if key.example else ""
        lines.append(f"| `{key.name}` | {cell} | {key.about()} | {example} |".replace("|  |", "| |"))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    from esacloud import provider
    from esacloud.catalogue.load import load

    path = Path(sys.argv[1])
    path.write_text(renewed(path.read_text(encoding="utf-8"), load(), provider.Dialects()), encoding="utf-8")
