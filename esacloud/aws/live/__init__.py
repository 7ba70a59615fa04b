"""Security groups of an account, changed through boto3."""
