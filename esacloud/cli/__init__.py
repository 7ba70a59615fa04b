"""The command: parse arguments, call the library, print. No logic of its own."""
