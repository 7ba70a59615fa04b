# Rules in the provider's words: one value in the singular, several in the plural, and application
# security groups in place of prefixes.

locals {
  # Both ends of each rule. The gateway's own end is any address: the group is at its interface.
  ends = {
    for key, rule in local.allow_rules : key => {
      source_prefixes      = rule.direction == "ingress" ? tolist(rule.prefixes) : ["*"]
      source_groups        = rule.direction == "ingress" ? tolist(rule.application_security_groups) : []
      destination_prefixes = rule.direction == "egress" ? tolist(rule.prefixes) : ["*"]
      destination_groups   = rule.direction == "egress" ? tolist(rule.application_security_groups) : []
      destination_ports    = rule.destination_ports
    }
  }

  # Interfaces whose peers name the gateways themselves: members of an application security group.
  member_interfaces = toset([for rule in values(local.allow_rules) : rule.interface if rule.self])

  security_rules = merge(
    {
      for key, rule in local.allow_rules : key => {
        group                                   = rule.interface
        name                                    = rule.name
        priority                                = try(local.priorities[key], null)
        direction                               = rule.direction == "ingress" ? "Inbound" : "Outbound"
        access                                  = "Allow"
        protocol                                = title(rule.transport)
        description                             = local.descriptions[key]
        rows                                    = rule.rows
        entries                                 = rule.entries
        source_port_range                       = rule.source_port
        source_address_prefix                   = try(one(local.ends[key].source_prefixes), null)
        source_address_prefixes                 = local.many[key].source_prefixes
        source_application_security_groups      = local.ends[key].source_groups
        destination_port_range                  = try(one(local.ends[key].destination_ports), null)
        destination_port_ranges                 = local.many[key].destination_ports
        destination_address_prefix              = try(one(local.ends[key].destination_prefixes), null)
        destination_address_prefixes            = local.many[key].destination_prefixes
        destination_application_security_groups = local.ends[key].destination_groups
      }
    },
    local.deny_rules
  )

  # The lists of more than one element.
  many = {
    for key, lists in local.ends : key => {
      for name, list in lists : name => length(list) > 1 ? list : null
    }
  }

  # The last rule of each direction. Azure's default rules let in the virtual network and let out to the
  # Internet.
  deny_rules = {
    for pair in setproduct(keys(var.features), ["in", "out"]) : "${pair[0]}/${pair[1]}-deny-all-else" => {
      group                                   = pair[0]
      name                                    = "${pair[1]}-deny-all-else"
      priority                                = 4096
      direction                               = pair[1] == "in" ? "Inbound" : "Outbound"
      access                                  = "Deny"
      protocol                                = "*"
      description                             = local.deny_description
      rows                                    = []
      entries                                 = []
      source_port_range                       = "*"
      source_address_prefix                   = "*"
      source_address_prefixes                 = null
      source_application_security_groups      = []
      destination_port_range                  = "*"
      destination_port_ranges                 = null
      destination_address_prefix              = "*"
      destination_address_prefixes            = null
      destination_application_security_groups = []
    }
  }

  # What the rules use of Azure's limits.
  quotas = {
    for interface in keys(var.features) : interface => [
      {
        what  = "${interface}: rules"
        used  = length([for rule in values(local.security_rules) : rule if rule.group == interface])
        limit = var.rules_per_group
      },
      {
        what = "${interface}: source addresses"
        used = sum(concat([0], [
          for key, rule in local.allow_rules :
          length([for text in local.ends[key].source_prefixes : text if text != "*"])
          if rule.interface == interface
        ]))
        limit = var.addresses_per_group
      },
      {
        what = "${interface}: destination addresses"
        used = sum(concat([0], [
          for key, rule in local.allow_rules :
          length([for text in local.ends[key].destination_prefixes : text if text != "*"])
          if rule.interface == interface
        ]))
        limit = var.addresses_per_group
      },
      {
        what = "${interface}: application security groups of one rule"
        used = max(0, [
          for rule in values(local.allow_rules) : length(rule.application_security_groups)
          if rule.interface == interface
        ]...)
        limit = 10
      },
      {
        what = "${interface}: application security groups"
        used = (contains(local.member_interfaces, interface) ? 1 : 0) + length(distinct(flatten([
          for rule in values(local.allow_rules) : rule.groups if rule.interface == interface
        ])))
        limit = 100
      },
    ]
  }
  exceeded_quotas = {
    for interface, quotas in local.quotas : interface => [
      for quota in quotas :
      "${quota.what}: ${quota.used} are needed, ${quota.limit} fit: ${quota.used - quota.limit} too many."
      if quota.used > quota.limit
    ]
  }
}
