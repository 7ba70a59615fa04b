"""Every request of a change fails in every way, and the safety invariant is checked against the emulator's state each time.

`ESACLOUD_EXHAUSTIVE=1` tries every case; without it the matrices are sampled, always the same cases:

    ESACLOUD_EXHAUSTIVE=1 pytest -n0 --durations=0 tests/azure/live/test_faults.py
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import product

import pytest
from support.azure_scenes import MAIN, SCENES, Scene
from support.live_azure import ENDS_THE_RUN, READS_ONLY, TRANSIENT, WRITES_ONLY, LiveAzure, rule
from support.samples import some

from esacloud.change.execute import ChangeFailedError
from esacloud.errors import OutsideError

Fault = tuple[int, str]
# What, however often it comes, stops nothing: a refused ETag, an operation that is forgotten, a read that is behind.
UNWELL = tuple(kind for kind in TRANSIENT if kind not in ("precondition-412", "operation-not-found", *READS_ONLY))


@pytest.fixture(params=SCENES)
def scene(azure: LiveAzure, request: pytest.FixtureRequest) -> Scene:
    return Scene(azure, request.param)


def cases_of(scene: Scene, kinds: tuple[str, ...]) -> Iterator[Fault]:
    for number, method in enumerate(scene.methods):
        yield from ((number, kind) for kind in kinds if kind not in (WRITES_ONLY if method == "GET" else READS_ONLY))


def spoilt(scene: Scene, *faults: Fault) -> None:
    """The change with temporary faults: it ends as without them, and the safety invariant holds after every change."""
    azure = scene.azure
    scene.start()
    azure.arm.spoil(dict(faults))
    with azure.invariant(scene.name, scene.desired):
        scene.go(azure.hasty if "timeout-after" in dict(faults).values() else azure.client)
    assert azure.arm.met == list(faults)
    assert azure.picture() == scene.end, faults


def test_a_fault_that_passes_at_any_request_leaves_the_invariant_and_the_result_as_they_are(scene: Scene) -> None:
    cases = list(cases_of(scene, TRANSIENT))
    for case in some(cases, 5 if scene.kind in MAIN else 2, scene.kind):
        spoilt(scene, case)


def test_two_faults_in_a_row_of_any_kinds_change_nothing_either(scene: Scene) -> None:
    pairs = [
        (one, (one[0] + apart, second))
        for one in cases_of(scene, UNWELL)
        for second in UNWELL
        for apart in (1, 2)  # the reading after an answer that was lost, and the request that is sent again after it
        if one[0] + apart < len(scene.methods)
    ]
    for one, two in some(pairs, 2, scene.kind):
        spoilt(scene, one, two)


@pytest.mark.parametrize("kind", ["fresh", "restore what was destroyed"])
def test_what_passes_changes_nothing_either_where_if_none_match_is_ignored(azure: LiveAzure, kind: str) -> None:
    scene = Scene(azure, kind)
    azure.arm.heed_if_none_match(False)
    for case in some(cases_of(scene, TRANSIENT), 4, f"ignored {kind}"):
        spoilt(scene, case)


def test_an_answer_that_is_lost_and_a_stale_look_after_it_stay_within_the_invariant_and_the_next_run_ends_right(
    scene: Scene,
) -> None:
    azure = scene.azure
    cases = [
        (number, kind, apart)
        for number, method in enumerate(scene.methods)
        for kind in ("cut-before", "cut-after", "operation-not-found", "precondition-412")
        for apart in (1, 2, 3)
        if method != "GET"
    ]
    for number, kind, apart in some(cases, 1, scene.kind):
        scene.start()
        azure.arm.spoil({number: kind, number + apart: "stale"})
        with azure.invariant(scene.name, scene.desired):
            with suppress(OutsideError):
                scene.go()
            azure.arm.spoil({})
            scene.go()
        assert azure.picture() == scene.end, (number, kind, apart)


@pytest.mark.parametrize(("scene", "kind"), some(product(SCENES, ENDS_THE_RUN), 12, "refused"), indirect=["scene"])
def test_a_refusal_at_any_request_ends_the_run_within_the_invariant_and_both_ways_on_work(scene: Scene, kind: str) -> None:
    azure = scene.azure
    cases = [(number, way) for number, _ in cases_of(scene, (kind,)) for way in ("on", "back")]
    assert cases
    for number, way in some(cases, 2 if scene.kind in MAIN else 1, scene.kind):
        scene.start()
        azure.arm.spoil({number: kind})
        says = "ended as failed|was canceled" if kind in WRITES_ONLY else "AuthorizationFailed|does not have authorization"
        with azure.invariant(scene.name, scene.desired), pytest.raises(OutsideError, match=says) as failed:
            scene.go()
        go_on(scene, way, failed.value, number)


@pytest.mark.parametrize(("scene", "kind"), some(product(SCENES, UNWELL), 16, "unwell"), indirect=["scene"])
def test_a_cloud_that_stays_unwell_ends_the_run_within_the_invariant_and_both_ways_on_work(scene: Scene, kind: str) -> None:
    azure = scene.azure
    cases = [(number, way) for number in range(len(scene.methods)) for way in ("on", "back")]
    for begin, way in some(cases, 1, f"{scene.kind} {kind}"):
        scene.start()
        azure.arm.spoil({}, lambda number, begin=begin: kind if number >= begin else None)
        with azure.invariant(scene.name, scene.desired), pytest.raises(OutsideError) as failed:
            scene.go(azure.hasty if kind == "timeout-after" else azure.client)
        azure.arm.spoil({})
        go_on(scene, way, failed.value, begin)


def go_on(scene: Scene, way: str, failure: OutsideError, number: int) -> None:
    """On to the new state by the same command, or back to the old by the snapshot that the message names."""
    azure = scene.azure
    if isinstance(failure, ChangeFailedError):
        assert str(failure.snapshot) in str(failure)
        assert "too open" not in str(failure)
        assert "too closed" not in str(failure)
    elif way == "back":
        assert azure.picture() == scene.picture, number  # nothing was done yet
        return
    with azure.invariant(scene.name, scene.desired if way == "on" else scene.before):
        if way == "on":
            scene.go()
        else:
            assert isinstance(failure, ChangeFailedError)
            azure.restore(failure.snapshot)
    assert azure.picture() == (scene.end if way == "on" else scene.picture), number


def test_somebody_else_between_any_two_requests_is_never_written_over(scene: Scene) -> None:
    """A rule that somebody adds to a group stays, whatever becomes of the run; `destroy` alone takes it with its group."""
    azure, group = scene.azure, scene.group()
    seen = 0
    for begin in some(range(1, len(scene.methods)), 2, scene.kind):  # what was there at first, --unmanaged purge takes
        scene.start()
        done: list[int] = []

        def meanwhile(number: int, begin: int = begin, done: list[int] = done) -> None:
            if number >= begin and not done and azure.document(group):
                done.append(number)
                azure.others(group, rule("late-comer", priority=201))

        azure.arm.before = meanwhile
        message = ""
        try:
            scene.go()
        except OutsideError as error:
            message = str(error)
        azure.arm.before = None
        azure.arm.failures.clear()
        there = azure.document(group)
        if done and there:
            seen += 1
            assert "late-comer" in [one["name"] for one in there["properties"]["securityRules"]], (begin, done)
        assert not message or "somebody else" in message, message
        scene.go()
        assert azure.picture() == scene.end or scene.kind == "given back", begin
    assert seen or scene.kind in ("destroy", "restore to nothing")
