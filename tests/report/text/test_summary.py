"""The summary says what the person who signs has to know."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from esacloud import workflow
from esacloud.report.text.summary import hostnames, ranges_text, summary

EXAMPLES = Path(__file__).parents[3] / "examples"
TODAY = date(2026, 6, 1)


def summary_of(name: str, cloud: str = "aws", text: str | None = None) -> str:
    path = EXAMPLES / f"{name}.yaml"
    module = workflow.generate(workflow.read_deployment(str(path), text=text), cloud, TODAY)
    return summary(module.lowered, module.judgement, "title")


@pytest.mark.parametrize(
    ("numbers", "text"), [([], ""), ([7], "7"), ([3, 1, 2], "1-3"), ([1, 3, 4, 5, 9], "1, 3-5, 9"), ([1, 2], "1-2")]
)
def test_rows_are_printed_in_ranges(numbers: list[int], text: str) -> None:
    assert ranges_text(numbers) == text


def test_a_widened_flow_is_listed() -> None:
    assert (
        "widened       ftp-client-data-active: tcp/1024-65535 from source port 20 in from 10.20.2.11/32 became any"
        in summary_of("everything")
    )


def test_a_waived_finding_is_listed_with_its_reason() -> None:
    text = " ".join(summary_of("everything").split())
    assert "waived ESA007 at management until 2099-12-31: " in text
    assert "the log collector speaks nothing but FTP" in text


def test_entries_that_the_table_lacks_are_listed() -> None:
    assert "not in table  needed nevertheless: cluster-ssh" in summary_of("everything")


def test_merging_is_noted_with_what_it_saved() -> None:
    text = (EXAMPLES / "small.yaml").read_text(encoding="utf-8")
    networks = ", ".join(f"10.0.{number}.0/24" for number in range(128))
    printed = " ".join(summary_of("small", text=text.replace("[10.20.0.0/24]", f"[{networks}]")).split())
    assert "254" in printed  # two ports x 128 networks that join to one network each
    assert "merg" in printed


def test_every_row_of_a_host_name_left_open_is_cited() -> None:
    deployment = workflow.read_deployment(str(EXAMPLES / "small.yaml"))
    opened = hostnames(workflow.compile_for(deployment, "aws"), "open")
    assert "tcp/443 out at management: res.cisco.com, update-manifests.sco.cisco.com (rows 22, 24)" in opened


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_line_is_wider_than_a_terminal_of_110_columns(path: Path) -> None:
    for cloud in workflow.read_deployment(str(path)).clouds:
        assert max(map(len, summary_of(path.stem, cloud).splitlines())) <= 110
