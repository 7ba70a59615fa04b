# From inputs to flows: the entries of the port catalogue that the features switch on, their remotes (who
# is at the other end), and the packets between. This file is the same in modules/aws and modules/azure;
# what a peer may name beside networks is in peers.tf.

locals {
  # The position in the catalogue's list. A maintenance release, 15.5.1, counts as its family, 15.5.
  release = index(
    local.releases,
    join(".", slice(split(".", coalesce(var.release, local.default_release)), 0, 2))
  )

  # What "any" stands for.
  any_networks = [for family in sort(var.families) : family == "ipv6" ? "::/0" : "0.0.0.0/0"]

  # Features by interface, with the defaults of the settings that are not given.
  feature_uses = flatten([
    for interface, features in var.features : [
      for feature, settings in features : {
        interface = interface
        feature   = feature
        settings  = merge(local.features[feature].defaults, settings)
      }
    ]
  ])

  # The peers of roles, and those of one feature at one interface under a name that no role has. merge()
  # and not flatten(), for which one unknown id makes everything unknown.
  peers = merge(var.peers, merge([
    for interface, features in var.feature_peers : merge([
      for feature, roles in features : {
        for role, peer in roles : "${interface}/${feature}/${role}" => peer
      }
    ]...)
  ]...))

  # The entries that are switched on. peer is the key in local.peers, and "" where nobody names the role.
  active_entries = flatten([
    for use in local.feature_uses : [
      for id, entry in local.entries : {
        interface = use.interface
        feature   = use.feature
        entry     = id
        role      = entry.role
        peer = (
          contains(keys(local.peers), "${use.interface}/${use.feature}/${entry.role}")
          ? "${use.interface}/${use.feature}/${entry.role}"
          : contains(keys(local.peers), entry.role) ? entry.role : ""
        )
      }
      if entry.feature == use.feature
      && entry.since <= local.release && local.release <= entry.until
      && alltrue([for name, values in entry.when : contains(values, try(use.settings[name], ""))])
    ]
  ])

  # The networks of each peer, and the host names that each network stands for. Addresses become networks, and
  # host names every address.
  networks_of_peer = {
    for name, peer in local.peers : name => concat(
      [
        for network in distinct(flatten([
          for text in peer.networks : text == "any" ? local.any_networks : [
            strcontains(text, "/") ? text : "${text}/${strcontains(text, ":") ? 128 : 32}"
          ]
        ])) : { network = network, hostnames = [] }
      ],
      flatten([
        for hostname in var.hostnames_open ? peer.hostnames : [] : [
          for network in local.any_networks : { network = network, hostnames = [hostname] }
        ]
      ])
    )
  }

  # Where nobody names an entry's role and the table has no networks for it, any address is its remote:
  # for host names of the table with hostnames_open, and for roles that are the whole Internet by their
  # nature.
  opens_to_any = {
    for id, entry in local.entries : id => length(entry.networks) == 0 && (
      length(entry.hostnames) > 0 ? var.hostnames_open : local.roles[entry.role] == "any"
    )
  }
  networks_of_entry = {
    for id, entry in local.entries : id => [
      for network in concat(entry.networks, local.opens_to_any[id] ? local.any_networks : []) : {
        network   = network
        hostnames = local.opens_to_any[id] ? entry.hostnames : []
      }
      if contains(var.families, strcontains(network, ":") ? "ipv6" : "ipv4")
    ]
  }

  # The active entries with their remotes. A remote's key is what the keys of rules say of it and begins
  # with its kind, so that no two remotes share one. It holds no id, which may be unknown until apply.
  opened_entries = [
    for use in local.active_entries : merge(use, {
      remotes = concat(
        [
          for found in(
            use.peer == "" ? local.networks_of_entry[use.entry] : local.networks_of_peer[use.peer]
            ) : {
            kind      = "network"
            key       = found.network
            name      = found.network
            families  = [strcontains(found.network, ":") ? "ipv6" : "ipv4"]
            prefix    = tonumber(split("/", found.network)[1])
            hostnames = found.hostnames
          }
        ],
        [
          for found in use.peer == "" ? [] : local.references_of_peer[use.peer] : merge(found, {
            prefix    = null
            hostnames = []
          })
        ]
      )
    })
  ]

  # A stateful filter does not need the inbound half that the table prints for some outbound entries.
  directions_of_entry = {
    for id, entry in local.entries : id => (
      contains(var.as_printed, id) ? ["ingress", "egress"] : entry.directions
    )
  }

  # One flow for each direction, protocol, port range and remote of an entry. The key says what it permits.
  flows = flatten([
    for use in local.opened_entries : [
      for direction in local.directions_of_entry[use.entry] : [
        for transport in local.entries[use.entry].transports : [
          for ports in local.entries[use.entry].ports : [
            for remote in use.remotes : {
              interface    = use.interface
              direction    = direction
              transport    = transport
              ports        = ports
              source_ports = local.entries[use.entry].source_ports
              remote       = remote
              entry        = use.entry
              role         = use.role
              key = join("-", [
                "${use.interface}/${transport}",
                join("-", distinct(ports)),
                direction == "ingress" ? "from" : "to",
                remote.key,
              ])
            }
          ]
        ]
      ]
    ]
  ])
}
