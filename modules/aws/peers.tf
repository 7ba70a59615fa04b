# What peers name beside networks: security groups, prefix lists, and the gateways of the same group.

locals {
  # Security groups and prefix lists by the keys of their peers. Preconditions in main.tf make sure that
  # one key is one id in the whole module, and one id has one key.
  security_groups = merge([for peer in values(local.peers) : peer.security_groups]...)
  prefix_lists    = merge([for peer in values(local.peers) : peer.prefix_lists]...)

  # The remotes of each peer that are no networks.
  references_of_peer = {
    for name, peer in local.peers : name => concat(
      [
        for key in keys(peer.security_groups) : {
          kind     = "security_group"
          key      = "sg-${key}"
          name     = key
          families = ["ipv4", "ipv6"]
        }
      ],
      [
        for key, list in peer.prefix_lists : {
          kind     = "prefix_list"
          key      = "pl-${key}"
          name     = key
          families = list.family == null ? ["ipv4", "ipv6"] : [lower(list.family)]
        }
      ],
      [
        for itself in peer.self ? ["self"] : [] : {
          kind     = "self"
          key      = itself
          name     = itself
          families = ["ipv4", "ipv6"]
        }
      ]
    )
  }

  # Nobody can see from here who is in a security group or a prefix list, so that none counts as public.
  public_references = []

  # EC2 cannot match source ports.
  missing_inputs_of_cloud = [
    for use in local.opened_entries : {
      interface = use.interface
      text      = <<-EOT
        EC2 cannot match the source port ${join("-", distinct(local.entries[use.entry].source_ports))} of
        ${use.entry} (${local.entries[use.entry].citation}). Add the entry to wider to open it from every source
        port, or choose other settings for ${use.feature}.
      EOT
    }
    if local.entries[use.entry].source_ports != null && !contains(var.wider, use.entry)
  ]
}
