"""Finding things in the catalogue by what people know of them."""

from __future__ import annotations

import pytest
from support.catalogues import SMALL

from esacloud.catalogue.load import load
from esacloud.catalogue.lookup import Filters, entries, find, has_port, rows_without_rule
from esacloud.errors import InputError

CATALOGUE = load()
BALANCER = load(str(SMALL))


def ids(**filters: object) -> list[str]:
    return [entry.id for entry in entries(CATALOGUE, Filters(**filters))]  # type: ignore[arg-type]


def test_no_filter_finds_everything() -> None:
    assert entries(CATALOGUE, Filters()) == CATALOGUE.entries
    assert [row.number for row in rows_without_rule(CATALOGUE, Filters())] == [23, 43]


def test_a_port_is_found_in_ranges_and_among_source_ports() -> None:
    assert ids(port=53) == ["dns", "remote-access-53"]
    assert ids(port=20) == ["ftp-server-data-active", "ftp-client-data-active"]
    assert "ftp-client-data-passive" in ids(port=7025)
    assert [row.number for row in rows_without_rule(CATALOGUE, Filters(port=443))] == [23]


def test_what_has_no_ports_is_never_found_by_one() -> None:
    assert not has_port(BALANCER.of_id["probe"], 8)


def test_a_direction_finds_what_goes_both_ways_too() -> None:
    assert "central-policy-quarantine" in ids(direction="ingress")
    assert "central-policy-quarantine" in ids(direction="egress")
    assert "smtp-out" not in ids(direction="ingress")
    assert [row.number for row in rows_without_rule(CATALOGUE, Filters(direction="egress"))] == [23]


def test_filters_go_together() -> None:
    assert ids(port=443, direction="ingress", feature="admin-gui") == ["gui-https", "new-gui-443"]
    assert ids(port=443, direction="ingress", feature="dns") == []
    assert rows_without_rule(CATALOGUE, Filters(feature="dns")) == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("GRPC.talos", "talos"),
        ("2a04:e4c7:fffe", "talos"),
        ("telling nobody", None),
        ("hand mail to", "smtp-in"),
        ("域名查询", "dns"),
        ("administrators", "cli-ssh"),
    ],
)
def test_text_is_looked_for_in_names_hosts_and_both_languages(text: str, found: str | None) -> None:
    assert (found in ids(text=text)) if found else ids(text=text) == []


def test_text_is_looked_for_in_rows_without_a_rule() -> None:
    rows = rows_without_rule(CATALOGUE, Filters(text="update-manifests.ironport.com"))
    assert [row.number for row in rows] == [23]


def test_an_unknown_feature_is_reported_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"There is no feature 'amdin-gui'\. Did you mean 'admin-gui'\?"):
        ids(feature="amdin-gui")


@pytest.mark.parametrize(
    ("words", "found", "rows"),
    [
        (["6025"], ["central-spam-quarantine"], []),
        (["tcp/53"], ["dns", "remote-access-53"], []),
        (["UDP/53"], ["dns"], []),
        (["row", "44"], ["cluster-ccs"], []),
        (["row44"], ["cluster-ccs"], []),
        (["row 44"], ["cluster-ccs"], []),
        (["Row", "23"], [], [23]),
        (["row", "19"], ["ldap-389", "ldap-3268"], []),
        (["talos"], ["talos"], []),
        (["ldap"], ["ldap-389", "ldap-3268"], []),
        (["mail"], ["smtp-out", "smtp-in"], []),
        (["30000"], [entry.id for entry in CATALOGUE.entries if entry.ports == ((1024, 65535),)], []),
    ],
)
def test_a_word_stands_for_what_people_mean_by_it(words: list[str], found: list[str], rows: list[int]) -> None:
    (answer,) = find(CATALOGUE, words)
    assert [entry.id for entry in answer.entries] == found
    assert [row.number for row in answer.rows] == rows


def test_a_port_that_only_lies_in_a_wide_range_is_distinguished() -> None:
    (answer,) = find(CATALOGUE, ["7025"])
    assert [entry.id for entry in answer.entries] == ["central-policy-quarantine"]
    assert {entry.feature for entry in answer.wide} == {"ftp"}


def test_several_words_have_several_answers_in_order() -> None:
    assert [answer.asked for answer in find(CATALOGUE, ["row", "2", "dns", "tcp/25"])] == ["row 2", "dns", "tcp/25"]


def test_every_entry_and_every_row_and_every_feature_is_found() -> None:
    for entry in CATALOGUE.entries:
        assert entry in find(CATALOGUE, [entry.id])[0].entries
        assert entry in find(CATALOGUE, [entry.feature])[0].entries
    for row in CATALOGUE.rows:
        (answer,) = find(CATALOGUE, ["row", str(row.number)])
        assert answer.entries or answer.rows == (row,)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("44", "Write `row 44` for that row of the table."),
        ("700", "has the port 700. List all ports with"),
        ("70000", "70000 is not a port. Write a number from 0 to 65535."),
        ("udp/7025", "has the port udp/7025."),
        ("row0", f"The table has no row 0. Write a row from 1 to {len(CATALOGUE.rows)}."),
        ("row99", "The table has no row 99."),
        ("snpm", "There is no entry or feature 'snpm'. Did you mean 'snmp'?"),
        ("sctp/22", "There is no entry or feature 'sctp/22'."),
        ("row", "There is no entry or feature 'row'."),
        ("", "There is no entry or feature ''."),
        ("１２３", "There is no entry or feature"),
        ("9" * 5000, "There is no entry or feature"),
    ],
)
def test_a_word_that_stands_for_nothing_is_reported(word: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        find(CATALOGUE, [word])
    assert message in str(caught.value)


def test_all_unknown_words_are_reported_at_once() -> None:
    with pytest.raises(InputError) as caught:
        find(CATALOGUE, ["snpm", "dns", "70000"])
    assert len(caught.value.problems) == 2
