"""What apply, destroy and restore do with their plans: show them, ask for approval, apply, and report."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from esacloud.cli.live_options import approved, notice, progress, state_directory

if TYPE_CHECKING:
    from esacloud.change.live import LiveCloud
    from esacloud.change.model import ChangePlan


def approve_and_apply(arguments: Namespace, pending: Sequence[tuple[LiveCloud, ChangePlan]], question: str) -> int:
    """Apply the plans, once approved. Returns the exit code: 1 for unmanaged rules to review, or without approval."""
    from esacloud.change import run as change
    from esacloud.cli.common import print_json
    from esacloud.report.json.plan import applied_document
    from esacloud.report.text.plan import applied_text, plan_text

    if not arguments.json:
        print("\n\n".join(plan_text(plan) for _, plan in pending), flush=True)
    ask = not arguments.yes and not all(plan.empty for _, plan in pending)
    if ask and not approved(question):
        print("Not approved. Nothing was changed.")
        return 1
    done = []
    for live, plan in pending:
        applied = change.apply(
            *(live, plan, state_directory(arguments)),
            shown=ask,
            snapshots=arguments.snapshot,
            progress=progress(),
            notice=notice,
        )
        done.append(applied)
        if not arguments.json and not plan.empty:
            print(f"\n{applied_text(applied)}", flush=True)
    if arguments.json:
        print_json(applied_document(done))
    return int(any(applied.plan.unmanaged == "report" and applied.plan.left_unmanaged for applied in done))
