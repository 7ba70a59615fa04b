output "network_security_group_ids" {
  description = "The ids of the network security groups by interface of the gateway."
  value       = { for interface, group in azurerm_network_security_group.this : interface => group.id }
}

output "application_security_group_ids" {
  description = "The groups that stand for `self`, by interface: its members' network interfaces have to join."
  value       = { for interface, group in azurerm_application_security_group.members : interface => group.id }
}

output "rules" {
  description = "Every rule, with the rows of the vendor's table behind it."
  value       = local.security_rules
}

output "rows" {
  description = "The rows of the vendor's table that some rule comes from, ascending."
  value = [
    for row in range(1, local.last_row + 1) : row
    if contains(flatten([for flow in local.flows : local.entries[flow.entry].rows]), row)
  ]
}

output "quotas" {
  description = "What the rules use of the cloud's quotas: interface => what, used, limit."
  value       = local.quotas
}

output "waived" {
  description = "The waivers of the input, with their reasons."
  value       = var.waivers
}

output "checklist" {
  description = "What the vendor advises and no packet filter can do, each with the command for it."
  value       = local.checklist
}

output "catalogue" {
  description = "The port catalogue that the module was made from: name, edition, SHA-256."
  value       = local.catalogue
}
