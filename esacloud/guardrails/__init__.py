"""What must not be open: one rule a file, each with a code, a reason, a source, a bad and a good example."""
