"""Network security groups that exist or are planned, out of files and out of a subscription."""
