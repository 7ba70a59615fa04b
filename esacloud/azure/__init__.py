"""Azure: the policy as network security groups, as Terraform, and read back."""
