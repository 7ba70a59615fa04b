# A gateway with a management and a mail interface, a member of a cluster, behind a load balancer. Nothing here is made by
# esacloud: this is how a configuration takes the reusable module.

provider "azurerm" {
  features {}
}

locals {
  resource_group = "rg-mail"
  location       = "westeurope"
}

# The management network interface of each gateway: it gets the group, and joins the group that stands for `self`.
variable "management_network_interface_ids" {
  description = "The ids of the gateways' management network interfaces, by a name of your own."
  type        = map(string)
  default     = {}
}

resource "azurerm_application_security_group" "collectors" {
  name                = "collectors"
  resource_group_name = local.resource_group
  location            = local.location
}

module "gateway" {
  source = "../../../modules/azure"

  resource_group_name = local.resource_group
  location            = local.location
  name                = "mail-edge-1"
  release             = "15.5"

  features = {
    management = { admin-cli = {}, admin-gui = {}, cluster = {}, dns = {}, ntp = {}, syslog = { transport = "tcp" } }
    data1      = { mail = {} }
  }

  peers = {
    administrators  = { networks = ["10.20.0.0/24"] }
    cluster-members = { self = true }
    dns-servers     = { networks = ["10.0.0.2", "fd12:3456:789a::2"] }
    ntp-servers     = { networks = ["10.0.0.3"] }
    syslog-servers  = { application_security_groups = { collectors = azurerm_application_security_group.collectors.id } }
  }

  load_balancer = true # its health probes reach the TCP ports that an interface serves

  network_interface_ids = { management = var.management_network_interface_ids }
}

output "network_security_group_ids" {
  value = module.gateway.network_security_group_ids
}

# Why each rule is there: the rows of the vendor's table.
output "rows_of_rules" {
  value = { for key, rule in module.gateway.rules : key => rule.rows }
}

output "checklist" {
  value = module.gateway.checklist
}
