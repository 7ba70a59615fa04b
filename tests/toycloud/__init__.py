"""The smallest cloud that esacloud can work with, and the model for a real one: CONTRIBUTING.md walks through it.

A "filter" is a set of boxes of packets that it permits, one for each interface of a gateway; all else is denied. A site
keeps its filters behind an HTTP API of three calls (`lab.py`) and replaces a filter in one call: no change is half done.
"""
