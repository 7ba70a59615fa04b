"""`python -m esacloud`."""

from esacloud.cli.main import entry_point

entry_point()
