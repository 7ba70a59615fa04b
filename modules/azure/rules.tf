# From flows to security rules: as few as permit the same and still tell which entries ask for them.
#
# A rule holds the flows of one direction, protocol, source port range and set of entries whose remotes
# are of one kind: networks of one address family, application security groups, or one service tag.
# Remotes with the same ports share a rule. Two rules of each group deny the rest.

locals {
  # Flows of the same packets made one, with every entry that asks for them.
  flows_of_packets = {
    for flow in local.flows :
    "${flow.key} ${flow.source_ports == null ? "" : join("-", flow.source_ports)}" => flow...
  }
  merged_flows = [
    for flows in values(local.flows_of_packets) : {
      interface    = flows[0].interface
      direction    = flows[0].direction
      transport    = flows[0].transport
      ports        = flows[0].ports
      source_ports = flows[0].source_ports == null ? [] : flows[0].source_ports
      remote       = flows[0].remote
      entries      = sort(distinct(flows[*].entry))
      kind = (
        flows[0].remote.kind == "service_tag" ? flows[0].remote.name
        : flows[0].remote.kind != "network" ? "groups"
        : join("-", concat(flows[0].remote.prefix == 0 ? ["any"] : [], flows[0].remote.families))
      )
    }
  ]

  # A load balancer's health probes come from a service tag. They reach the TCP ports that an interface
  # serves, unless a peer opens those to the tag already.
  probes_tag = "AzureLoadBalancer"
  served_ports = {
    for flow in local.merged_flows : "${flow.interface} ${join("-", flow.ports)}" => flow...
    if flow.direction == "ingress" && flow.transport == "tcp"
  }
  probes = [
    for flows in var.load_balancer ? values(local.served_ports) : [] : {
      interface    = flows[0].interface
      direction    = "ingress"
      transport    = "tcp"
      ports        = flows[0].ports
      source_ports = []
      remote       = { kind = "service_tag", key = "tag-${local.probes_tag}", name = local.probes_tag }
      entries      = sort(distinct(flatten(flows[*].entries)))
      kind         = local.probes_tag
    }
    if !anytrue([for flow in flows : flow.kind == local.probes_tag && length(flow.source_ports) == 0])
  ]

  # What the flows of one rule have in common beside their ports. The rule of the probes cites every entry.
  rule_flows = [
    for flow in concat(local.merged_flows, local.probes) : merge(flow, {
      group = join("|", [
        flow.interface, flow.direction, flow.transport, join("-", flow.source_ports), flow.kind,
        flow.kind == local.probes_tag ? "" : join(",", flow.entries),
      ])
      port_text = join("-", [for port in flow.ports : format("%05d", port)]) # sorts as numbers do
    })
  ]
  ports_of_remote = { for flow in local.rule_flows : "${flow.group}|${flow.remote.key}" => flow.port_text... }
  flows_of_rule = {
    for flow in local.rule_flows : join("|", [
      flow.group,
      join(",", sort(distinct(local.ports_of_remote["${flow.group}|${flow.remote.key}"]))),
    ]) => flow...
  }

  # Each rule with its port ranges and its remotes.
  shapes = {
    for key, flows in local.flows_of_rule : key => {
      interface    = flows[0].interface
      direction    = flows[0].direction
      transport    = flows[0].transport
      source_ports = flows[0].source_ports
      kind         = flows[0].kind
      ports        = [for same in values({ for flow in flows : flow.port_text => flow.ports... }) : same[0]]
      networks     = sort(distinct([for flow in flows : flow.remote.name if flow.remote.kind == "network"]))
      groups = distinct([
        for flow in flows : flow.remote.name if flow.remote.kind == "application_security_group"
      ])
      self    = anytrue([for flow in flows : flow.remote.kind == "self"])
      entries = sort(distinct(flatten(flows[*].entries)))
    }
  }

  # A rule's name says what it is for, and nothing that may change beside it: its priority comes from its
  # name. The rule of a service tag is one, whatever its ports; rules for any address are one for each
  # port range, whoever asks for it.
  long_names = {
    for key, rule in local.shapes : key => join("-", compact([
      rule.direction == "ingress" ? "in" : "out",
      rule.transport,
      contains(["ipv4", "ipv6", "any-ipv4", "any-ipv6", "groups"], rule.kind) && rule.ports != [[0, 65535]]
      ? join("_", [for ports in rule.ports : join("-", distinct(ports))]) : "",
      length(rule.source_ports) == 0 ? "" : "from-${join("-", distinct(rule.source_ports))}",
      rule.kind,
      startswith(rule.kind, "any-") || rule.kind == local.probes_tag ? "" : join("_", rule.entries),
    ]))
  }

  # Azure takes 80 characters.
  names = {
    for key, name in local.long_names : key => (
      length(name) <= 80 ? name : "${substr(name, 0, 69)}-${substr(sha256(name), 0, 10)}"
    )
  }

  # The rules that allow, by interface and name.
  allow_rules = {
    for key, rule in local.shapes : "${rule.interface}/${local.names[key]}" => merge(rule, {
      name = local.names[key]
      rows = [
        for row in range(1, local.last_row + 1) : row
        if contains(flatten([for id in rule.entries : local.entries[id].rows]), row)
      ]
      # Azure refuses networks that overlap within a rule.
      prefixes = rule.kind == "groups" ? [] : length(rule.networks) == 0 ? [rule.kind] : [
        for network in rule.networks : network
        if !anytrue([
          for block in rule.networks : block != network && try(
            tonumber(split("/", network)[1]) >= tonumber(split("/", block)[1])
            && cidrsubnet("${split("/", network)[0]}/${split("/", block)[1]}", 0, 0) == block,
            false
          )
        ])
      ]
      application_security_groups = concat(
        rule.self ? ["self"] : [],
        [for key in rule.groups : local.application_security_groups[key]]
      )
      source_port = length(rule.source_ports) == 0 ? "*" : join("-", distinct(rule.source_ports))
      destination_ports = [
        for ports in rule.ports : ports == [0, 65535] ? "*" : join("-", distinct(ports))
        if !anytrue([for other in rule.ports : other != ports && other[0] <= ports[0] && ports[1] <= other[1]])
      ]
    })
  }
}
