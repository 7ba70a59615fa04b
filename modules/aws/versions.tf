terraform {
  required_version = ">= 1.9.0" # validation blocks that look at other variables and locals

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0.0, < 7.0.0"
    }
  }
}
