"""Priorities in Terraform's expressions, as stable as those of `priorities.py`: drawn from each rule's own name.

A name's SHA-256 gives eight wishes (Terraform has no BLAKE2, so the numbers differ from a generated module's). Expressions
cannot loop, so rules choose in rounds: of those that wish for the same free number the one with the lowest digest gets it,
the others go into the next round with their next wish. All rules but the last only allow, so their order means nothing.
Who is left after the last round is refused by a precondition: with 500 rules in 3,901 numbers about once in 10,000 modules.
"""

from __future__ import annotations

ROUNDS = 8


def priority_locals() -> dict[str, str]:
    """The locals from `local.allowed` (key => name, scope) to `local.priorities` (key => number) and `local.unplaced`."""
    made = {
        "digests": "${{for key, rule in local.allowed : key => sha256(rule.name)}}",
        "room": "${var.last_priority - var.first_priority + 1}",
    }
    for number in range(ROUNDS):
        before = f"local.placed_{number - 1}" if number else None
        scoped = "${local.allowed[key].scope} ${var.first_priority + parseint(substr(digest, %d, 4), 16) %% local.room}"
        wish = scoped % (4 * number)
        taken = f'if !contains(keys({before}), key) && !contains(values({before}), "{wish}")' if before else ""
        wishing = f'{{for key, digest in local.digests : "{wish}" => "${{digest}} ${{key}}"... {taken}}}'
        chosen = f"{{for place, wishing in {wishing} : substr(sort(wishing)[0], 65, -1) => place}}"
        made[f"placed_{number}"] = f"${{{chosen}}}" if before is None else f"${{merge({before}, {chosen})}}"
    last = f"local.placed_{ROUNDS - 1}"
    made["priorities"] = f'${{{{for key, place in {last} : key => tonumber(split(" ", place)[2])}}}}'
    made["unplaced"] = f"${{[for key in keys(local.allowed) : key if !contains(keys({last}), key)]}}"
    return made
