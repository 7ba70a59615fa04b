"""Terraform documents of Azure: written, and read back."""
