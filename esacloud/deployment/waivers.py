"""The waivers of a file: findings of guardrails that its user accepts, for one peer, with a reason, until a day.

Whether a code exists and whether the day has passed is for the guardrails to say: nothing here looks at a clock.
"""

from __future__ import annotations

from esacloud.deployment.document import Node
from esacloud.deployment.model import Waiver
from esacloud.deployment.names import WAIVER_CODE, date_refusal, fits
from esacloud.deployment.reader import Reader, join
from esacloud.packets.addresses import AddressError, parse_network

KEYS = {
    "code": "Add the code of the finding, as ESA003.",
    "peer": "Add the network or the peer that the finding names.",
    "reason": "Say why the finding is accepted.",
    "until": "Add the last day on which it is accepted, as 2027-03-31.",
}
LONGEST_REASON = 500
LONGEST_PEER = 253


def read_waivers(reader: Reader, node: Node, key: str) -> tuple[Waiver, ...]:
    """The waivers, ordered by code and peer."""
    waivers = []
    for index, item in enumerate(reader.items(node, key, "Write `- {code: …, peer: …, reason: …, until: …}`.")):
        inside = f"{key}[{index}]"
        before = len(reader.problems)
        fields = reader.mapping(item, inside, KEYS)
        values = {}
        for name, hint in KEYS.items():
            if name in fields:
                values[name] = _value(reader, fields[name], join(inside, name), name)
            elif len(reader.problems) == before or fields:
                reader.missing(item, join(inside, name), hint)
        if len(reader.problems) == before:
            waivers.append(Waiver(place=reader.place(item, inside), **values))
    return tuple(sorted(waivers, key=lambda waiver: (waiver.code, waiver.peer, waiver.until, waiver.reason)))


def _value(reader: Reader, node: Node, key: str, name: str) -> str:
    text = reader.line(node, key, LONGEST_REASON if name == "reason" else LONGEST_PEER, KEYS[name]) or ""
    refusal = None
    if text and name == "code" and not fits(WAIVER_CODE, text):
        refusal = f"{text!r} is no code of a finding.", "Write ESA and three digits, as ESA003."
    elif text and name == "until":
        refusal = date_refusal(text)
    elif text and name == "peer":
        try:
            return str(parse_network(text))
        except AddressError as error:
            if "/" in text:
                refusal = error.message, error.hint
    if refusal:
        reader.note(node, key, *refusal)
    return text
