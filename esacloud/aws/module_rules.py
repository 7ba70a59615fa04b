"""The expressions of the AWS module from flows to rules, with descriptions as `descriptions.py` words them."""

from __future__ import annotations

from esacloud.aws.descriptions import LONGEST

# Flows of the same packets make one rule that cites all; the key is that of `rules.py`.
RULES = (
    "${{for key, why in {for flow in local.flows : flow.key => flow...} : key => {group = why[0].interface,"
    " direction = why[0].direction, ip_protocol = why[0].transport, from_port = why[0].ports[0], to_port = why[0].ports[1],"
    " far = why[0].far, refs = compact(distinct([for flow in why : flow.far.ref])),"
    " entries = sort(distinct([for flow in why : flow.entry])),"
    " peers = sort(distinct([for flow in why : flow.role])),"
    " names = length(why) == 1 ? tolist(why[0].far.names) : sort(distinct(flatten([for flow in why :"
    " flow.far.names]))),"
    " rows = [for row in range(1, local.last_row + 1) : row if contains(flatten([for flow in why :"
    " local.entries[flow.entry].rows]), row)]}}}"
)

_SPANS = (
    '${{for key, rule in local.rules : key => join(",", [for number, first in'
    ' [for row in rule.rows : row if !contains(rule.rows, row - 1)] : join("-", distinct([first,'
    " [for row in rule.rows : row if !contains(rule.rows, row + 1)][number]]))])}}"
)
_WORDS = (
    "${{for key, rule in local.rules : key => {rows = rule.rows, names = rule.names, peers = rule.peers,"
    " inside = [for id in rule.entries : id if length(local.entries[id].rows) > 0],"
    " outside = [for id in rule.entries : id if length(local.entries[id].rows) == 0]}}}"
)


def _kept(field: str, before: str) -> str:
    """The words that are left when `gone` words go, after those of `before`; what went is counted at the end."""
    went = f"min(max(gone - ({before}), 0), length(words.{field}))"
    return f'concat(slice(words.{field}, 0, length(words.{field}) - {went}), {went} > 0 ? ["+${{{went}}}"] : [])'


def _text(inside: str, outside: str, peers: str, names: str) -> str:
    return (
        '"${join("; ", compact(["${length(words.rows) == 0 ? "" : "row${length(words.rows) > 1 ? "s" : ""}'
        ' ${local.spans[key]}"}${length(words.rows) > 0 && length(words.inside) > 0 ? ": " : ""}'
        f'${{join(", ", {inside})}}", length(words.outside) == 0 ? "" : "not in table: ${{join(", ", {outside})}}"]))}}'
        f'${{length(words.peers) == 0 ? "" : " (${{join(", ", {peers})}})"}}'
        f'${{length(words.names) == 0 ? "" : "; hostnames open: ${{join(" ", {names})}}"}}"'
    )


_SHORTER = _text(
    _kept("inside", "length(words.names) + length(words.peers)"),
    _kept("outside", "length(words.names) + length(words.peers) + length(words.inside)"),
    _kept("peers", "length(words.names)"),
    _kept("names", "0"),
)


def rule_locals() -> dict[str, str]:
    """From `local.flows` to `local.rules` and `local.descriptions`; what can be worked out once is a local of its own.

    A text that gets too long loses host names, then peers, then entries, from the end; rows never.
    """
    full = _text("words.inside", "words.outside", "words.peers", "words.names")
    most = "length(words.names) + length(words.peers) + length(words.inside) + length(words.outside)"
    return {
        "rules": RULES,
        "spans": _SPANS,
        "words": _WORDS,
        "full": f"${{{{for key, words in local.words : key => {full}}}}}",
        "shortened": f"${{{{for key, words in local.words : key => [for text in [for gone in range(1, {most} + 1) :"
        f" {_SHORTER}] : text if length(text) <= {LONGEST}][0] if length(local.full[key]) > {LONGEST}}}}}",
        "descriptions": "${merge(local.full, local.shortened)}",
    }
