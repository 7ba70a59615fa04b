"""Existing or planned groups held against the port catalogue: what is missing, unasked for, or must not be open."""
