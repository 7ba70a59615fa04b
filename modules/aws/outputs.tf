output "security_group_ids" {
  description = "The ids of the security groups by interface of the gateway, known once all rules exist."
  value       = { for interface, group in aws_security_group.this : interface => [group.id] }
  depends_on  = [aws_vpc_security_group_ingress_rule.this, aws_vpc_security_group_egress_rule.this]
}

output "rules" {
  description = "Every rule with its id in EC2 and the rows of the vendor's table behind it."
  value = {
    ingress = {
      for key, row in local.ingress_rules : key => merge(row, {
        security_group_rule_id = aws_vpc_security_group_ingress_rule.this[key].security_group_rule_id
      })
    }
    egress = {
      for key, row in local.egress_rules : key => merge(row, {
        security_group_rule_id = aws_vpc_security_group_egress_rule.this[key].security_group_rule_id
      })
    }
  }
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
