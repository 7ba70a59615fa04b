"""What the toy cloud adds to the deployment file: `cloud: {toy: {site: NAME}}`."""

from __future__ import annotations

import re

from esacloud.deployment.model import Dialect, SettingKey

SITE = "[a-z]{1,20}"


def _site_problem(text: str) -> tuple[str, str] | None:
    if re.fullmatch(SITE, text):
        return None
    return f"{text!r} is not the name of a site.", "Write 1 to 20 lower-case letters."


DIALECT = Dialect(
    cloud="toy",
    title="Toy cloud",
    settings={"site": SettingKey(title="the site of the filters", required=True, pattern=SITE, check=_site_problem)},
    references=(),
    quotas={"boxes_per_filter": (500, 1, 1000)},
    matches_source_ports=True,
    example={"site": "north"},
)
