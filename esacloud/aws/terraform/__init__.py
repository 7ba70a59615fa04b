"""Terraform documents of AWS: written, and read back."""
