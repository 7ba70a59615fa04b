"""Files that are no text, or more of it than a person writes."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from esacloud.deployment.read import MOST_BYTES
from esacloud.errors import InputError, Problem
from esacloud.text_files import decoded, read_bytes

TEXT = 'name: mail-edge-1\nasyncos: "15.5"\n'


def read(path: Path) -> str:
    return decoded(str(path), read_bytes(str(path), MOST_BYTES, "Write one with `esacloud init`."))


def refused(path: Path) -> Problem:
    with pytest.raises(InputError) as caught:
        read(path)
    (problem,) = caught.value.problems
    assert problem.place.file == str(path)
    return problem


def test_utf8_is_read_with_and_without_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    for encoding in ("utf-8", "utf-8-sig"):
        file.write_text("# 网关\n" + TEXT, encoding=encoding)
        assert read(file) == "# 网关\n" + TEXT


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
    ],
)
def test_a_file_in_another_unicode_encoding_is_reported_which(tmp_path: Path, encoding: str, name: str) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(TEXT.encode(encoding))
    problem = refused(file)
    assert problem.message == f"The file is in {name}."
    assert problem.hint.startswith("Save it in UTF-8")


def test_a_byte_that_is_no_utf8_is_reported_with_line_and_column(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(b"name: mail-edge-1\n# \xc3\xa9 caf\xe9\n")
    problem = refused(file)
    assert (problem.place.line, problem.place.column) == (2, 8)
    assert "0xE9" in problem.message


def test_a_file_over_the_size_is_refused_without_reading_it(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    with file.open("wb") as sparse:
        sparse.truncate(50 * 1024 * 1024)
    tracemalloc.start()
    problem = refused(file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert problem.message == "The file is larger than 8 MiB."
    assert peak < 1024 * 1024


def test_a_stream_over_the_size_is_cut_off(tmp_path: Path) -> None:
    pipe = tmp_path / "f.yaml"
    os.mkfifo(pipe)
    if (writer := os.fork()) == 0:
        try:
            with pipe.open("wb") as stream:
                stream.write(b"#" * (MOST_BYTES + 4096))
        except BrokenPipeError:
            pass
        os._exit(0)
    assert refused(pipe).message == "The file is larger than 8 MiB."
    os.waitpid(writer, 0)


def test_a_directory_a_missing_file_and_a_path_with_nul_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path).message == "This is a directory."
    missing = refused(tmp_path / "no.yaml")
    assert missing.message == "The file does not exist."
    assert "esacloud init" in missing.hint
    assert refused(Path("a\0b")).message.startswith("The file cannot be read:")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text(TEXT)
    file.chmod(0)
    assert refused(file).message == "The file cannot be read: Permission denied."
