terraform {
  required_version = ">= 1.9.0" # validation blocks that look at other variables and locals

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.0.0, < 6.0.0"
    }
  }
}
