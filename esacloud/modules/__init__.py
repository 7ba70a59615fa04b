"""The reusable Terraform modules `modules/aws` and `modules/azure`, made from the port catalogue alone."""
