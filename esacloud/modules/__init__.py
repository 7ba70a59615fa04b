"""The reusable Terraform modules: their HCL is copied, their catalogue and the tables of their README are made."""
