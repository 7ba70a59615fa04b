"""A local EC2: moto, with the rules of EC2 that it leaves out."""
