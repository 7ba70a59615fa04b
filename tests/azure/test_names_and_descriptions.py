from hypothesis import given
from hypothesis import strategies as st

from esacloud.azure.descriptions import description, is_description
from esacloud.azure.names import RuleIdentity, is_rule_name, rule_name

EVERY = (0, 65535)
DNS = RuleIdentity("egress", "udp", EVERY, ((53, 53),), "ipv4", ("dns",))

identities = st.builds(
    RuleIdentity,
    st.sampled_from(["ingress", "egress"]),
    st.sampled_from(["tcp", "udp", "all"]),
    st.sampled_from([EVERY, (20, 20)]),
    st.lists(st.sampled_from([(25, 25), (80, 80), (1024, 65535), (443, 443)]), max_size=4, unique=True).map(tuple),
    st.sampled_from(["ipv4", "any-ipv6", "groups", "Storage.WestEurope"]),
    st.lists(st.from_regex(r"[a-c][a-c0-1]{0,8}(-[a-c]{1,8}){0,3}", fullmatch=True), max_size=6, unique=True).map(tuple),
)


@given(identities)
def test_every_name_is_one_that_azure_takes(identity):
    assert is_rule_name(rule_name(identity))


@given(identities, identities)
def test_two_rules_of_a_catalogues_entries_never_share_a_name(one: RuleIdentity, other: RuleIdentity):
    assert (rule_name(one) == rule_name(other)) == (one == other)


def test_entries_of_which_one_reads_like_two_do_not_share_a_name():
    assert rule_name(DNS._replace(entries=("a-b",))) != rule_name(DNS._replace(entries=("a", "b")))


@given(st.text(min_size=1, max_size=30))
def test_an_entry_of_whatever_letters_still_gives_a_name(entry: str):
    assert is_rule_name(rule_name(DNS._replace(entries=(entry,))))


def test_a_name_says_what_the_rule_is_for():
    assert rule_name(DNS) == "out-udp-53-ipv4-dns"
    assert rule_name(DNS._replace(source_ports=(20, 20))) == "out-udp-53-from-20-ipv4-dns"
    assert rule_name(DNS._replace(remote="any-ipv4", entries=())) == "out-udp-53-any-ipv4"


def test_a_name_that_would_be_too_long_ends_in_a_digest_of_the_whole():
    long = [rule_name(DNS._replace(entries=(f"entry-{'x' * 80}", last))) for last in "ab"]
    assert all(len(name) == 80 for name in long)
    assert long[0] != long[1]


@given(st.sets(st.integers(1, 500), max_size=200), st.sets(st.text("abcé$%{}", min_size=1, max_size=40), max_size=40))
def test_every_description_is_one_that_azure_takes(rows, entries):
    assert is_description(description(tuple(sorted(rows)), tuple(sorted(entries))))


def test_a_description_cites_rows_first():
    assert description((9, 10, 11, 22), ("updates", "upgrades")) == "Table rows 9-11, 22: updates, upgrades"
    assert description((), ("cluster-ssh",)) == "Not in the table: cluster-ssh"


def test_what_does_not_fit_is_counted():
    message = description((1,), tuple(f"entry-{number:03}" for number in range(30)))
    assert message.endswith("more")
    assert len(message) <= 140


def test_a_long_or_strange_description_is_none():
    assert not is_description("x" * 141)
    assert not is_description("a\nb")
    assert not is_description("naïve")
    assert not is_description("${file(1)}")
