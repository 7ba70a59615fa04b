"""What apply, destroy and restore do once their plans are made: show, ask, change, say what was done."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from esacloud.cli.live_options import agreed, notice, progress, state_directory

if TYPE_CHECKING:
    from esacloud.change.live import LiveCloud
    from esacloud.change.model import ChangePlan


def carry_out(arguments: Namespace, pending: Sequence[tuple[LiveCloud, ChangePlan]], question: str) -> int:
    """Carry the plans out, and return the exit code: 1 where a foreign rule is left to look at, or the answer was no."""
    from esacloud.change import run as change
    from esacloud.cli.common import print_json
    from esacloud.report.json.plan import applied_document
    from esacloud.report.text.plan import applied_text, plan_text

    if not arguments.json:
        print("\n\n".join(plan_text(plan) for _, plan in pending), flush=True)
    asked = not arguments.yes and not all(plan.empty for _, plan in pending)
    if asked and not agreed(question):
        print("Nothing was changed.")
        return 1
    done = []
    for live, plan in pending:
        applied = change.apply(
            live,
            plan,
            state_directory(arguments),
            shown=asked,
            snapshots=arguments.snapshot,
            progress=progress(),
            notice=notice,
        )
        done.append(applied)
        if not arguments.json and not plan.empty:
            print(f"\n{applied_text(applied)}", flush=True)
    if arguments.json:
        print_json(applied_document(done))
    return 1 if any(one.plan.unmanaged == "report" and one.plan.left_unmanaged for one in done) else 0
