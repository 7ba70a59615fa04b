"""Every deployment file of a folder through esacloud, in one process: `many_esacloud.py FOLDER OUT CLOUD`."""

import gc
import sys
from pathlib import Path

from esacloud import workflow


def main(folder: str, out: str, cloud: str) -> None:
    """Read, compile, lower, prove, write, one after the other."""
    gc.set_threshold(50_000)  # as the command itself does when it starts
    for source in sorted(Path(folder).glob("*.yaml")):
        module = workflow.generate(workflow.read_deployment(str(source)), cloud)
        workflow.write_module(str(Path(out, source.stem)), module)


main(*sys.argv[1:])
