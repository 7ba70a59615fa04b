"""Terraform JSON modules on disk: their layout, their manifest, writing them whole and reading them back."""
