# One network security group for each interface of the gateway, its rules inline, and what carries it.
#
# The way from the inputs to the rules: flows.tf, peers.tf, rules.tf, security_rules.tf. What stops a plan:
# variables.tf, checks.tf and the preconditions below. The vendor's port table: catalogue.tf.json.

locals {
  name_prefix = coalesce(var.name_prefix, "${var.name}-")

  # What guardrails refuse, by interface.
  refusals_of_interface = {
    for interface in keys(var.features) : interface => [
      for key, text in local.refusals : text if startswith(key, "${interface}/")
    ]
  }

  # What carries the groups, by interface and the user's own key.
  subnets = merge([
    for interface, ids in var.subnet_ids : {
      for key, id in ids : "${interface}/${key}" => { interface = interface, id = id }
    }
  ]...)
  network_interfaces = merge([
    for interface, ids in var.network_interface_ids : {
      for key, id in ids : "${interface}/${key}" => { interface = interface, id = id }
    }
  ]...)
}

# Rules are inline: the provider then sees what others added, and a group changes in one request.
resource "azurerm_network_security_group" "this" {
  for_each = var.features

  name                = "${local.name_prefix}${each.key}"
  resource_group_name = var.resource_group_name
  location            = var.location

  dynamic "security_rule" {
    for_each = [for rule in local.security_rules : rule if rule.group == each.key]
    iterator = rule

    content {
      name                         = rule.value.name
      priority                     = rule.value.priority
      direction                    = rule.value.direction
      access                       = rule.value.access
      protocol                     = rule.value.protocol
      description                  = rule.value.description
      source_port_range            = rule.value.source_port_range
      source_address_prefix        = rule.value.source_address_prefix
      source_address_prefixes      = rule.value.source_address_prefixes
      destination_port_range       = rule.value.destination_port_range
      destination_port_ranges      = rule.value.destination_port_ranges
      destination_address_prefix   = rule.value.destination_address_prefix
      destination_address_prefixes = rule.value.destination_address_prefixes

      source_application_security_group_ids = [
        for id in rule.value.source_application_security_groups :
        id == "self" ? azurerm_application_security_group.members[each.key].id
        : startswith(id, "/") ? id : "${local.group_path}${id}"
      ]
      destination_application_security_group_ids = [
        for id in rule.value.destination_application_security_groups :
        id == "self" ? azurerm_application_security_group.members[each.key].id
        : startswith(id, "/") ? id : "${local.group_path}${id}"
      ]
    }
  }

  tags = merge(var.tags, {
    "esacloud:deployment" = var.name
    "esacloud:interface"  = each.key
  })

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = length(local.problems[each.key]) == 0
      error_message = "${var.name}, ${each.key}: ${join("\n", local.problems[each.key])}"
    }

    precondition {
      condition     = length(local.refusals_of_interface[each.key]) == 0
      error_message = "${var.name}: ${join("\n", local.refusals_of_interface[each.key])}"
    }

    precondition {
      condition     = length(local.exceeded_quotas[each.key]) == 0
      error_message = <<-EOT
        ${var.name}, ${join("\n", local.exceeded_quotas[each.key])}
        Shorten the lists of peers, or use `esacloud generate`, which merges rules exactly.
      EOT
    }

    precondition {
      condition     = length([for key in local.unplaced : key if startswith(key, "${each.key}/")]) == 0
      error_message = <<-EOT
        ${var.name}: no priority is left for ${join(", ", local.unplaced)}. Widen first_priority and
        last_priority, or use `esacloud generate`, which finds a priority as long as there is one.
      EOT
    }

    precondition {
      condition     = local.keys_have_one_id
      error_message = <<-EOT
        ${var.name}: peers use one key for two application security groups. Use one key for each group, the same
        everywhere.
      EOT
    }

    precondition {
      condition     = local.ids_have_one_key
      error_message = <<-EOT
        ${var.name}: peers have one application security group under two keys. Use one key for each group, the
        same everywhere.
      EOT
    }
  }
}

resource "azurerm_application_security_group" "members" {
  for_each = local.member_interfaces

  name                = "${local.name_prefix}${each.key}-members"
  resource_group_name = var.resource_group_name
  location            = var.location

  tags = merge(var.tags, {
    "esacloud:deployment" = var.name
    "esacloud:interface"  = each.key
  })

  lifecycle {
    create_before_destroy = true
  }
}

resource "azurerm_subnet_network_security_group_association" "this" {
  for_each = local.subnets

  subnet_id                 = each.value.id
  network_security_group_id = azurerm_network_security_group.this[each.value.interface].id
}

resource "azurerm_network_interface_security_group_association" "this" {
  for_each = local.network_interfaces

  network_interface_id      = each.value.id
  network_security_group_id = azurerm_network_security_group.this[each.value.interface].id
}

# Both kinds of association read a network interface whole, change it and write it back. Version 5 of the
# provider loses one of two that it writes at the same time, so these come after those.
resource "azurerm_network_interface_application_security_group_association" "members" {
  for_each = {
    for key, found in local.network_interfaces : key => found
    if contains(local.member_interfaces, found.interface)
  }

  network_interface_id          = each.value.id
  application_security_group_id = azurerm_application_security_group.members[each.value.interface].id

  depends_on = [azurerm_network_interface_security_group_association.this]
}
