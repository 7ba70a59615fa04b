"""The vendor port table as data: its model, its loader, and ways to look things up in it."""
