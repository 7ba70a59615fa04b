"""Security groups that exist or are planned, out of files and out of an account."""
