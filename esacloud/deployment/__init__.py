"""One gateway and its surroundings, as its user describes them in a file."""
