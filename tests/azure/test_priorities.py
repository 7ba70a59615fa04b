import pytest
from hypothesis import given
from hypothesis import strategies as st

from esacloud.azure.priorities import PrioritiesFullError, priorities

names = st.sets(st.text("abc-0", min_size=1, max_size=4), min_size=1, max_size=30)


@given(names, st.integers(30, 60))
def test_every_name_gets_a_number_of_its_own_within_the_range(drawn, room):
    found = priorities(drawn, 200, 199 + room)
    assert found.keys() == drawn
    assert len(set(found.values())) == len(drawn)
    assert all(200 <= number < 200 + room for number in found.values())


@given(names, st.randoms())
def test_the_order_of_the_names_does_not_matter(drawn, random):
    shuffled = list(drawn)
    random.shuffle(shuffled)
    assert priorities(shuffled, 100, 140) == priorities(sorted(drawn), 100, 140)


@given(names, st.text("xyz", min_size=1, max_size=4))
def test_a_new_name_moves_another_only_out_of_a_number_that_is_then_taken(drawn, new):
    before, after = priorities(drawn, 100, 160), priorities({*drawn, new}, 100, 160)
    moved = {name for name in drawn if before[name] != after[name]}
    assert {before[name] for name in moved} <= set(after.values())


def test_a_name_has_its_number_whoever_else_is_there():
    alone = priorities(["out-udp-53-ipv4-dns"], 100, 4000)
    crowd = priorities(["out-udp-53-ipv4-dns", *(f"rule-{number}" for number in range(30))], 100, 4000)
    assert alone["out-udp-53-ipv4-dns"] == crowd["out-udp-53-ipv4-dns"]


def test_as_many_names_as_numbers_fit_and_one_more_does_not():
    eleven = [f"rule-{number}" for number in range(11)]
    assert sorted(priorities(eleven[:10], 100, 109).values()) == list(range(100, 110))
    with pytest.raises(PrioritiesFullError) as caught:
        priorities(eleven, 100, 109)
    assert (caught.value.desired, caught.value.room) == (11, 10)
