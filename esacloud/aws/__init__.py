"""Amazon Web Services: security groups, their quotas, their Terraform module."""
