"""Changing a live cloud: what is there against what shall be, in steps that are never too open and never too closed."""
