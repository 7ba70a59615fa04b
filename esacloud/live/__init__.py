"""Live clouds, as far as they have something in common: the values and order of a change, retries, what a cloud offers.

The clouds' packages build on this room; `change`, above them, plans and carries out.
"""
