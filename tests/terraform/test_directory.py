"""Writing a module whole or not at all, into directories in every state that one meets."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.modules import module

from esacloud.errors import InputError, OutsideError
from esacloud.terraform import disk
from esacloud.terraform.directory import write
from esacloud.terraform.disk import hold
from esacloud.terraform.manifest import MANIFEST
from esacloud.terraform.ownership import STAGING
from esacloud.terraform.reading import read_documents

OLD = dict(module("10.20.0.0/24").files)
NEW = dict(module("10.20.0.0/24", "10.21.0.0/24").files)


def contents(directory: Path) -> dict[str, str]:
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A directory that holds the old module."""
    write(str(tmp_path / "out"), OLD)
    return tmp_path / "out"


def test_a_new_directory_holds_the_module_and_nothing_stands_beside_it(tmp_path: Path) -> None:
    write(str(tmp_path / "a" / "b" / "out"), OLD)
    assert contents(tmp_path) == {f"a/b/out/{name}": text for name, text in OLD.items()}
    assert read_documents(str(tmp_path / "a" / "b" / "out"))[1] == ()


def test_an_empty_directory_is_filled_in_place(tmp_path: Path) -> None:
    before = tmp_path.stat().st_ino
    write(str(tmp_path), OLD)
    assert contents(tmp_path) == OLD
    assert tmp_path.stat().st_ino == before


def test_a_new_module_takes_the_place_of_the_old_and_leaves_what_terraform_keeps_there(out: Path) -> None:
    kept = {
        ".terraform.lock.hcl": "locked",
        "terraform.tfstate": "{}",
        "terraform.tfstate.backup": "{}",
        "prod.tfvars": 'vpc_id = "vpc-1"',
        ".gitignore": ".terraform/",
        ".terraform/modules/modules.json": "{}",
    }
    for name, text in kept.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(text)
    write(str(out), NEW)
    assert contents(out) == {**NEW, **kept}


def test_files_that_are_right_already_are_not_touched(out: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    inodes = {path.name: path.stat().st_ino for path in out.iterdir()}
    write(str(out), OLD)
    assert {path.name: path.stat().st_mtime_ns for path in out.iterdir()} == before
    assert {path.name: path.stat().st_ino for path in out.iterdir()} == inodes


def test_a_file_of_the_old_module_that_the_new_one_lacks_goes(out: Path) -> None:
    fewer = {name: text for name, text in NEW.items() if name != "README.md"}
    write(str(out), fewer)
    assert contents(out) == fewer


@pytest.mark.parametrize("name", ["main.tf", "notes.txt", "main_override.tf.json", ".hidden"])
def test_a_directory_with_a_file_of_others_is_not_changed(out: Path, name: str) -> None:
    (out / name).write_text("mine")
    with pytest.raises(InputError, match=rf"{name} was not written by esacloud"):
        write(str(out), NEW, force=True)
    assert contents(out) == {**OLD, name: "mine"}


@pytest.mark.parametrize("name", ["main.tf.json", "README.md", MANIFEST])
def test_a_file_of_another_project_is_kept_even_under_a_name_of_ours(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"manifest": "of a web page"}')
    with pytest.raises(InputError, match="was not written by esacloud"):
        write(str(tmp_path), NEW, force=True)
    assert contents(tmp_path) == {name: '{"manifest": "of a web page"}'}


def test_files_edited_by_hand_are_all_named_and_replaced_only_by_force(out: Path) -> None:
    for name in ("main.tf.json", "README.md"):
        (out / name).write_text((out / name).read_text().replace("10.20.", "10.99.") + "\n")
    before = contents(out)
    with pytest.raises(InputError) as refused:
        write(str(out), NEW)
    assert [problem.message.split()[0] for problem in refused.value.problems] == ["README.md", "main.tf.json"]
    assert "--force" in refused.value.problems[0].hint
    assert contents(out) == before
    write(str(out), NEW, force=True)
    assert contents(out) == NEW


def test_a_manifest_edited_by_hand_is_noticed(out: Path) -> None:
    (out / MANIFEST).write_text((out / MANIFEST).read_text().replace('"flows": ', '"flows": 1'))
    with pytest.raises(InputError, match=f"{MANIFEST} was edited"):
        write(str(out), NEW)


@pytest.mark.parametrize("name", sorted(OLD))
@pytest.mark.parametrize("keep", [0, 100])
def test_a_file_cut_short_by_a_power_cut_is_completed(out: Path, name: str, keep: int) -> None:
    (out / name).write_text(OLD[name][:keep])
    write(str(out), OLD)
    assert contents(out) == OLD


def test_a_missing_file_is_written_again(out: Path) -> None:
    (out / "versions.tf.json").unlink()
    write(str(out), OLD)
    assert contents(out) == OLD


class Crash(BaseException):
    """The process ends here, as far as the directory can tell."""


@contextmanager
def crash_at_rename(number: int) -> Iterator[None]:
    """Crash in the place of the rename of that number, counted from 0; nothing after it happens."""
    count = iter(range(1000))
    replace, rename = Path.replace, Path.rename

    def crashing(real: object) -> object:
        def move(self: Path, target: Path) -> Path:
            if next(count) == number:
                raise Crash
            return real(self, target)  # type: ignore[operator, no-any-return]

        return move

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", crashing(replace))
        patch.setattr(Path, "rename", crashing(rename))
        yield


@pytest.mark.parametrize("number", range(len(NEW)))
@pytest.mark.parametrize("then", [NEW, OLD, dict(module("10.22.0.0/24").files)], ids=["same", "old", "third"])
def test_whatever_is_written_after_an_interruption_ends_whole(out: Path, number: int, then: dict[str, str]) -> None:
    with crash_at_rename(number), pytest.raises(Crash):
        write(str(out), NEW)
    assert (out / STAGING).is_dir()
    assert any("interrupted" in deviation for deviation in read_documents(str(out))[1])
    write(str(out), then)
    assert contents(out) == then


def test_an_edit_between_an_interruption_and_the_next_write_is_not_lost(out: Path) -> None:
    with crash_at_rename(3), pytest.raises(Crash):
        write(str(out), NEW)
    (out / "main.tf.json").write_text("{}")
    with pytest.raises(InputError, match=r"main\.tf\.json was edited"):
        write(str(out), NEW)


def test_a_staging_directory_without_a_manifest_is_forgotten(out: Path) -> None:
    (out / STAGING).mkdir()
    (out / STAGING / "main.tf.json").write_text(NEW["main.tf.json"][:50])
    write(str(out), NEW)
    assert contents(out) == NEW


def test_what_a_process_left_that_died_while_it_made_a_new_directory_is_used_up(tmp_path: Path) -> None:
    beside = tmp_path / ".out.esacloud-new"
    beside.mkdir()
    (beside / "main.tf.json").write_text("{")
    write(str(tmp_path / "out"), OLD)
    assert contents(tmp_path) == {f"out/{name}": text for name, text in OLD.items()}


def test_a_symbolic_link_in_place_of_the_directory_is_refused_and_its_target_named(out: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(out)
    for name in ("link", "link/"):
        with pytest.raises(InputError, match=f"symbolic link.*{out}"):
            write(str(tmp_path / name), NEW, force=True)
    assert contents(out) == OLD


def test_a_symbolic_link_in_place_of_a_file_is_refused(out: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(OLD["main.tf.json"])
    (out / "main.tf.json").unlink()
    (out / "main.tf.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"main\.tf\.json is a symbolic link"):
        write(str(out), NEW, force=True)
    assert (tmp_path / "elsewhere").read_text() == OLD["main.tf.json"]


@pytest.mark.parametrize("below", ["", "/deeper", "/deeper/still"])
def test_a_file_in_the_place_of_the_directory_is_named(tmp_path: Path, below: str) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(InputError, match=rf"{tmp_path}/out: .*is not a directory"):
        write(f"{tmp_path}/out{below}", OLD)
    assert contents(tmp_path) == {"out": "a file"}


@contextmanager
def an_ordinary_user() -> Iterator[None]:
    """Give up root's rights on files for the block, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("state", ["new", "old module"])
def test_a_read_only_directory_is_reported_in_plain_words_and_stays_unchanged(tmp_path: Path, state: str) -> None:
    place = tmp_path / "place"
    place.mkdir()
    if state == "old module":
        write(str(place), OLD)
    place.chmod(0o555)
    for above in (tmp_path, *tmp_path.parents[:2]):
        above.chmod(0o755)  # so that the other user gets as far as the place
    before = contents(place)
    target = place if state == "old module" else place / "out"
    with an_ordinary_user(), pytest.raises(OutsideError, match="this user may not write there"):
        write(str(target), NEW)
    assert contents(place) == before
    place.chmod(0o755)


@pytest.mark.parametrize("state", ["new", "old module"])
def test_a_disk_that_takes_no_more_leaves_everything_as_it_was(tmp_path: Path, state: str) -> None:
    if state == "old module":
        write(str(tmp_path / "out"), OLD)
    before = contents(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # bytes: the first file fits by half
    try:
        with pytest.raises(OutsideError, match=r"File too large.*Nothing was changed"):
            write(str(tmp_path / "new" / "out" if state == "new" else tmp_path / "out"), NEW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert contents(tmp_path) == before
    assert not (tmp_path / "new").exists()


def test_a_directory_that_another_process_holds_for_too_long_is_left_alone(out: Path) -> None:
    with hold(str(out)), pytest.MonkeyPatch.context() as patch:
        patch.setattr(disk, "PATIENCE", 0.05)
        with pytest.raises(OutsideError, match=r"Another process is writing here"):
            write(str(out), NEW)
    assert contents(out) == OLD
    write(str(out), NEW)
    assert contents(out) == NEW


def test_processes_that_write_at_once_never_mix_their_files(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys
        from support.modules import module
        from esacloud.terraform.directory import write

        files = module(*sys.argv[2:]).files
        sys.stdin.readline()
        for _ in range(30):
            write(sys.argv[1], files)
        """
    )
    tests = str(Path(__file__).parents[1])
    path = os.pathsep.join([tests, str(Path(disk.__file__).parents[2])])
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "out"), f"10.{number}.0.0/16"],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in (1, 2, 3)
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [(writer.communicate()[1], writer.returncode) for writer in writers] == [("", 0)] * 3
    assert contents(tmp_path) in (
        {f"out/{name}": text for name, text in module(f"10.{number}.0.0/16").files.items()} for number in (1, 2, 3)
    )
