"""Every configuration of a folder through fwshift, in one process: `many_fwshift.py FOLDER OUT TARGET ZONE=NETWORKS...`.

The first zone is the one inside the VPC. Nothing of esacloud is imported, so that the figures are fwshift's own.
"""

import sys
from pathlib import Path

from fwshift import cli
from fwshift.options import Options
from fwshift.report import Report


def main(folder: str, out: str, target: str, *zones: str) -> None:
    """Read, convert, write, one after the other."""
    networks = {zone: found.split(",") for zone, found in (text.split("=") for text in zones)}
    for source in sorted(Path(folder).glob("*.cfg")):
        report = Report()
        options = Options(zone_networks=dict(networks), inside_zones=[next(iter(networks))])
        policy = cli.load(source.read_bytes(), "asa", report)
        Path(out, f"{source.stem}.tf").write_text(cli.convert(policy, target, report, options))


main(*sys.argv[1:])
