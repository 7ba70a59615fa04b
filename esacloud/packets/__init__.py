"""Addresses, exact sets of packets, and their text."""
