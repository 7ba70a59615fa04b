"""The smallest cloud that esacloud can work with, and the model for a real one: CONTRIBUTING.md walks through it.

A "filter" is a set of boxes of packets that it permits, one for each interface of a gateway; everything else is denied. A site
keeps its filters behind an HTTP API of three calls (`lab.py`), and replaces a filter in one call, so there is no moment at
which a change is half done.
"""
