"""A whole module, byte for byte. `pytest tests/azure/test_golden.py --update-golden` writes it anew."""

from __future__ import annotations

from pathlib import Path

from support.azure import files_of, read_file

GOLDEN = Path(__file__).parent / "golden"


def test_a_module_has_exactly_the_bytes_of_the_golden_one(update_golden: bool) -> None:
    files = files_of(read_file(GOLDEN / "deployment.yaml"))
    folder = GOLDEN / "module"
    if update_golden:
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    assert sorted(path.name for path in folder.iterdir()) == sorted(files)
    for name, text in files.items():
        assert (folder / name).read_bytes().decode() == text, name
