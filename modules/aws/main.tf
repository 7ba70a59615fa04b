# One security group for each interface of the gateway, and one resource for each rule.
#
# From the inputs to the rules: flows.tf, peers.tf, rules.tf, descriptions.tf. What stops a plan:
# variables.tf, checks.tf and the preconditions below. The vendor's port table: catalogue.tf.json.

locals {
  name_prefix = coalesce(var.name_prefix, "${substr(var.name, 0, 127)}-")
}

# No inline rules: the provider then takes away the egress rule to anywhere that EC2 gives to every new group.
resource "aws_security_group" "this" {
  for_each = var.features

  name_prefix = "${local.name_prefix}${each.key}-"
  description = "Interface ${each.key} of ${var.name}, made by esacloud"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, {
    Name                  = "${local.name_prefix}${each.key}"
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
      condition     = length(local.exceeded_quotas[each.key]) == 0
      error_message = <<-EOT
        ${var.name}, ${join("\n", local.exceeded_quotas[each.key])}
        Ask AWS for a higher quota and set rules_per_group, use a prefix list instead of many networks, or use
        `esacloud generate`, which merges rules exactly and splits a group.
      EOT
    }
  }
}

# A rule's key is what it permits, so that a change of one peer changes only that peer's rules.
resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = local.ingress_rules

  security_group_id = aws_security_group.this[each.value.group].id
  description       = each.value.description

  ip_protocol    = each.value.ip_protocol
  from_port      = each.value.from_port
  to_port        = each.value.to_port
  cidr_ipv4      = each.value.cidr_ipv4
  cidr_ipv6      = each.value.cidr_ipv6
  prefix_list_id = each.value.prefix_list_id
  referenced_security_group_id = (
    each.value.self
    ? aws_security_group.this[each.value.group].id
    : each.value.referenced_security_group_id
  )

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = !contains(keys(local.refused), each.key)
      error_message = "${var.name}: ${lookup(local.refusals, each.key, "")}"
    }

    precondition {
      condition     = local.key_has_one_id[each.key]
      error_message = <<-EOT
        ${var.name}: peers use one key for two ids (${each.key}). Use one key for each id, the same everywhere.
      EOT
    }

    precondition {
      condition     = local.id_has_one_key[each.key]
      error_message = <<-EOT
        ${var.name}: peers have one id under two keys (${each.key}). Use one key for each id, the same
        everywhere.
      EOT
    }
  }
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = local.egress_rules

  security_group_id = aws_security_group.this[each.value.group].id
  description       = each.value.description

  ip_protocol    = each.value.ip_protocol
  from_port      = each.value.from_port
  to_port        = each.value.to_port
  cidr_ipv4      = each.value.cidr_ipv4
  cidr_ipv6      = each.value.cidr_ipv6
  prefix_list_id = each.value.prefix_list_id
  referenced_security_group_id = (
    each.value.self
    ? aws_security_group.this[each.value.group].id
    : each.value.referenced_security_group_id
  )

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = !contains(keys(local.refused), each.key)
      error_message = "${var.name}: ${lookup(local.refusals, each.key, "")}"
    }

    precondition {
      condition     = local.key_has_one_id[each.key]
      error_message = <<-EOT
        ${var.name}: peers use one key for two ids (${each.key}). Use one key for each id, the same everywhere.
      EOT
    }

    precondition {
      condition     = local.id_has_one_key[each.key]
      error_message = <<-EOT
        ${var.name}: peers have one id under two keys (${each.key}). Use one key for each id, the same
        everywhere.
      EOT
    }
  }
}
