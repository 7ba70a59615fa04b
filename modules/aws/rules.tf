# From flows to security group rules, and what they use of the quotas.

locals {
  # Flows of the same packets make one rule that cites everything that asks for it.
  flows_of_rule = { for flow in local.flows : flow.key => flow... }

  rules = {
    for key, flows in local.flows_of_rule : key => {
      group       = flows[0].interface
      direction   = flows[0].direction
      ip_protocol = flows[0].transport
      from_port   = flows[0].ports[0]
      to_port     = flows[0].ports[1]
      remote      = flows[0].remote
      entries     = sort(distinct(flows[*].entry))
      roles       = sort(distinct(flows[*].role))
      hostnames = (
        length(flows) == 1
        ? tolist(flows[0].remote.hostnames)
        : sort(distinct(flatten(flows[*].remote.hostnames)))
      )
      rows = [
        for row in range(1, local.last_row + 1) : row
        if contains(flatten([for flow in flows : local.entries[flow.entry].rows]), row)
      ]
    }
  }

  # Every rule in the provider's words, which has an argument for each kind of remote.
  kinds = {
    for key, rule in local.rules : key => (
      rule.remote.kind == "network" ? rule.remote.families[0] : rule.remote.kind
    )
  }
  rows_of_rules = {
    for key, rule in local.rules : key => {
      group                        = rule.group
      ip_protocol                  = rule.ip_protocol
      from_port                    = rule.from_port
      to_port                      = rule.to_port
      description                  = local.descriptions[key]
      rows                         = rule.rows
      entries                      = rule.entries
      cidr_ipv4                    = local.kinds[key] == "ipv4" ? rule.remote.name : null
      cidr_ipv6                    = local.kinds[key] == "ipv6" ? rule.remote.name : null
      prefix_list_id               = local.kinds[key] == "prefix_list" ? local.ids[rule.remote.key] : null
      referenced_security_group_id = local.kinds[key] == "security_group" ? local.ids[rule.remote.key] : null
      self                         = local.kinds[key] == "self"
    }
  }
  ingress_rules = {
    for key, row in local.rows_of_rules : key => row if local.rules[key].direction == "ingress"
  }
  egress_rules = {
    for key, row in local.rows_of_rules : key => row if local.rules[key].direction == "egress"
  }

  # EC2 counts the rules of each direction and address family apart. A prefix list counts as many rules as
  # it may have entries; a security group counts for both families.
  quotas = {
    for interface in keys(var.features) : interface => [
      for counted in setproduct(["ingress", "egress"], ["ipv4", "ipv6"]) : {
        what = "${interface}: ${counted[0]} rules of ${counted[1] == "ipv4" ? "IPv4" : "IPv6"}"
        used = sum(concat([0], [
          for rule in values(local.rules) :
          rule.remote.kind == "prefix_list" ? local.prefix_lists[rule.remote.name].max_entries : 1
          if rule.group == interface
          && rule.direction == counted[0]
          && contains(rule.remote.families, counted[1])
        ]))
        limit = var.rules_per_group
      }
    ]
  }
  exceeded_quotas = {
    for interface, quotas in local.quotas : interface => [
      for quota in quotas :
      "${quota.what}: ${quota.used} are needed, ${quota.limit} fit: ${quota.used - quota.limit} too many."
      if quota.used > quota.limit
    ]
  }

  # Whether the key of a rule's security group or prefix list is one id everywhere, and its id has no
  # other key: EC2 refuses two rules of the same packets. An id that is not known yet is compared when it
  # is.
  ids = merge(
    { for key, id in local.security_groups : "sg-${key}" => id },
    { for key, list in local.prefix_lists : "pl-${key}" => list.id }
  )
  key_has_one_id = {
    for key, rule in local.rules : key => alltrue(concat(
      [
        for peer in values(local.peers) : peer.security_groups[rule.remote.name] == local.ids[rule.remote.key]
        if rule.remote.kind == "security_group" && contains(keys(peer.security_groups), rule.remote.name)
      ],
      [
        for peer in values(local.peers) : peer.prefix_lists[rule.remote.name].id == local.ids[rule.remote.key]
        if rule.remote.kind == "prefix_list" && contains(keys(peer.prefix_lists), rule.remote.name)
      ]
    ))
  }
  id_has_one_key = {
    for key, rule in local.rules : key => !anytrue([
      for other, id in local.ids : id == local.ids[rule.remote.key]
      if contains(keys(local.ids), rule.remote.key) && other != rule.remote.key
    ])
  }
}
