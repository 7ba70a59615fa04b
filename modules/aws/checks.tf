# What stops a plan beside the validation blocks of variables.tf: inputs that do not fit together, and
# guardrails. Preconditions in main.tf look at the results. This file is the same in modules/aws and
# modules/azure.

locals {
  # What the inputs lack for the entries that they switch on, as `esacloud check` says it of a deployment
  # file.
  missing_inputs = concat(
    [
      for use in local.opened_entries : {
        interface = use.interface
        text      = <<-EOT
          The feature ${use.feature} needs the peer ${use.role} (${local.entries[use.entry].citation}). Add
          peers.${use.role} with its networks, or remove ${use.feature}.
        EOT
      }
      if use.peer == ""
      && length(local.entries[use.entry].networks) == 0
      && length(local.entries[use.entry].hostnames) == 0
      && local.roles[use.role] != "any"
    ],
    [
      for use in local.opened_entries : {
        interface = use.interface
        text      = <<-EOT
          The feature ${use.feature} connects to ${join(", ", local.entries[use.entry].hostnames)}
          (${local.entries[use.entry].citation}), and no security group can hold a host name. Set
          hostnames_open = true to open those ports to any address, or give peers.${use.role} its networks.
        EOT
      }
      if use.peer == ""
      && length(local.entries[use.entry].networks) == 0
      && length(local.entries[use.entry].hostnames) > 0
      && !var.hostnames_open
    ],
    [
      for use in local.opened_entries : {
        interface = use.interface
        text      = <<-EOT
          The peer ${use.peer} has the host names ${join(", ", local.peers[use.peer].hostnames)}, and no
          security group can hold a host name. Set hostnames_open = true to open its ports to any address, or
          give its networks.
        EOT
      }
      if use.peer != "" && !var.hostnames_open && length(try(local.peers[use.peer].hostnames, [])) > 0
    ],
    [
      for use in local.opened_entries : {
        interface = use.interface
        text      = <<-EOT
          as_printed has ${use.entry}, whose printed inbound half would be open to any address. Give
          peers.${use.role} its networks, or remove the entry from as_printed.
        EOT
      }
      if contains(var.as_printed, use.entry)
      && anytrue([for remote in use.remotes : try(remote.prefix, 1) == 0])
    ],
    local.missing_inputs_of_cloud
  )

  problems = {
    for interface in keys(var.features) : interface => distinct([
      for missing in local.missing_inputs : trimspace(replace(missing.text, "\n", " "))
      if missing.interface == interface
    ])
  }

  # A network is public unless one block of the registries of special addresses holds all of it.
  public_networks = [
    for network in distinct([
      for flow in local.flows : flow.remote.name if flow.remote.kind == "network"
    ]) : network
    if !anytrue([
      for block in local.not_public : try(
        tonumber(split("/", network)[1]) >= tonumber(split("/", block)[1])
        && cidrsubnet("${split("/", network)[0]}/${split("/", block)[1]}", 0, 0) == block,
        false
      )
    ])
  ]
  public_remotes = concat(local.public_networks, local.public_references)

  # A waiver ends with its last day.
  standing_waivers = [
    for waiver in var.waivers : waiver
    if timecmp(plantimestamp(), "${waiver.until}T23:59:59Z") <= 0
  ]

  # Each flow with each guardrail that refuses its remote.
  guardrails_of_flows = [
    for flow in local.flows : merge(flow, {
      codes = concat(
        contains(local.public_remotes, flow.remote.key)
        ? local.entries[flow.entry].guardrails[flow.direction] : [],
        flow.remote.prefix == 0
        ? local.entries[flow.entry].guardrails["${flow.direction}_any"] : []
      )
    })
  ]
  violations = flatten([
    for flow in local.guardrails_of_flows : [
      for code in flow.codes : {
        key       = flow.key
        interface = flow.interface
        code      = code
        role      = flow.role
        remote    = flow.remote.name
        text      = "${local.guardrails[code]} ${flow.key} is open for ${flow.entry} (${flow.role})."
      }
    ]
  ])

  # Those that no waiver accepts, by the key of the flow. A waiver names a role, any, a remote, or a
  # network around it.
  refused = {
    for found in local.violations : found.key => found...
    if !anytrue([
      for waiver in local.standing_waivers : waiver.code == found.code && (
        contains(["any", found.role, found.remote], waiver.peer) || try(
          tonumber(split("/", found.remote)[1]) >= tonumber(split("/", waiver.peer)[1])
          && cidrsubnet("${split("/", found.remote)[0]}/${split("/", waiver.peer)[1]}", 0, 0) == waiver.peer,
          false
        )
      )
    ])
  }
  refusals = {
    for key, violations in local.refused : key => <<-EOT
      ${join("\n", distinct(violations[*].text))}
      Only a waiver in waivers ({code, peer, reason, until}) accepts this.
    EOT
  }
}
