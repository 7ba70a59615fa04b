"""Local clouds to try everything on."""
