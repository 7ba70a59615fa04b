variable "vpc_id" {
  description = "The VPC in which the security groups are made."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^vpc-[0-9a-f]+$", var.vpc_id))
    error_message = "vpc_id must be the id of a VPC, like vpc-0a1b2c3d4e5f60718."
  }
}

variable "name" {
  description = "The gateway's name: the start of the groups' names, and the tag esacloud:deployment."
  type        = string
  nullable    = false

  validation {
    condition = (
      can(regex("^[a-zA-Z0-9 ._:/()#,@+=;{}!$*-]{1,100}$", var.name)) && !startswith(lower(var.name), "sg-")
    )
    error_message = <<-EOT
      name must have 1 to 100 characters, only those that EC2 allows in the name of a security group, and must
      not start with sg-.
    EOT
  }
}

variable "name_prefix" {
  description = "How the names of the groups start, in place of the gateway's name and a hyphen."
  type        = string
  default     = null

  validation {
    condition = var.name_prefix == null || try(
      length(var.name_prefix) <= 128
      && can(regex("^[]a-zA-Z0-9 ._:/()#,@[+=&;{}!$*-]*$", var.name_prefix))
      && !startswith(lower(var.name_prefix), "sg-"),
      false
    )
    error_message = <<-EOT
      name_prefix must have at most 128 characters, only those that EC2 allows in the name of a security group,
      and must not start with sg-.
    EOT
  }
}

variable "tags" {
  description = "Tags of the security groups, beside Name, esacloud:deployment and esacloud:interface."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = length(var.tags) <= 47 && alltrue([
      for key in keys(var.tags) : !startswith(lower(key), "aws:")
    ])
    error_message = "There may be 47 tags, and no key may start with aws:, which AWS keeps for itself."
  }
}

variable "release" {
  description = "The gateway's AsyncOS release. Default: that of the table. 15.5.1 counts as 15.5."
  type        = string
  default     = null

  validation {
    condition = var.release == null || try(
      contains(local.releases, join(".", slice(split(".", var.release), 0, 2))), false
    )
    error_message = "release must be one of ${join(", ", local.releases)}, or a maintenance release of one."
  }
}

variable "features" {
  description = <<-EOT
    What the gateway serves: interface => feature => settings, as
    {management = {dns = {}, ldap = {port = "both"}}}.
  EOT
  type        = map(map(map(string)))
  nullable    = false

  validation {
    condition = length(setsubtract(keys(var.features), local.interfaces)) == 0
    error_message = format(
      "There is no interface %s. Known: %s.",
      join(", ", setsubtract(keys(var.features), local.interfaces)),
      join(", ", local.interfaces)
    )
  }

  validation {
    condition = alltrue(flatten([
      for uses in values(var.features) : [for name in keys(uses) : contains(keys(local.features), name)]
    ]))
    error_message = format(
      "There is no feature %s. Known: %s.",
      join(", ", setsubtract(flatten([for uses in values(var.features) : keys(uses)]), keys(local.features))),
      join(", ", keys(local.features))
    )
  }

  validation {
    condition = alltrue(flatten([
      for uses in values(var.features) : [
        for feature, settings in uses : [
          for name, value in settings : contains(try(local.features[feature].choices[name], []), value)
        ]
      ]
    ]))
    error_message = join("\n", flatten([
      for interface, uses in var.features : [
        for feature, settings in uses : [
          for name, value in settings : format(
            "%s.%s: %s = %s is not a choice. Choices: %s.", interface, feature, name, value,
            try(join(", ", local.features[feature].choices[name]), "none, there is no such setting")
          )
          if !contains(try(local.features[feature].choices[name], []), value)
        ]
      ]
    ]))
  }

  validation {
    condition = alltrue(flatten([
      for uses in values(var.features) : [
        for feature, settings in uses : [
          for name in try(local.features[feature].required, []) : contains(keys(settings), name)
        ]
      ]
    ]))
    error_message = join("\n", flatten([
      for interface, uses in var.features : [
        for feature, settings in uses : [
          for name in try(local.features[feature].required, []) : format(
            "%s.%s: %s has no default. Choose one of %s.", interface, feature, name,
            join(", ", local.features[feature].choices[name])
          )
          if !contains(keys(settings), name)
        ]
      ]
    ]))
  }
}

variable "peers" {
  description = "Who is at the other end of the flows: role => networks and more."
  type = map(object({
    # IPv4 and IPv6 networks or addresses. `any` is every address.
    networks = optional(list(string), [])
    # Security groups: a key of your own => id.
    security_groups = optional(map(string), {})
    # Prefix lists: a key of your own => id, most entries, and address family (ipv4 or ipv6).
    prefix_lists = optional(map(object({
      id          = string
      max_entries = number
      family      = optional(string)
    })), {})
    # The other gateways with the same group.
    self = optional(bool, false)
    # DNS names. They are opened to any address, and only with `hostnames_open`.
    hostnames = optional(list(string), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition = length(setsubtract(keys(var.peers), keys(local.roles))) == 0
    error_message = format(
      "There is no role %s. Known: %s.",
      join(", ", setsubtract(keys(var.peers), keys(local.roles))),
      join(", ", keys(local.roles))
    )
  }

  # CIDR blocks in the form that the provider gives back: no host bits, and IPv6 in its shortest form.
  validation {
    condition = alltrue(flatten([
      for peer in values(var.peers) : [
        for text in peer.networks : [
          for network in [strcontains(text, "/") ? text : "${text}/${strcontains(text, ":") ? 128 : 32}"] :
          text == "any" || try(cidrsubnet(network, 0, 0), "") == network
        ]
      ]
    ]))
    error_message = join("\n", flatten([
      for peer in values(var.peers) : [
        for text in peer.networks : [
          for network in [strcontains(text, "/") ? text : "${text}/${strcontains(text, ":") ? 128 : 32}"] :
          "${text} is not a canonical CIDR block.${try(" Write ${cidrsubnet(network, 0, 0)}.", "")}"
          if text != "any" && try(cidrsubnet(network, 0, 0), "") != network
        ]
      ]
    ]))
  }

  validation {
    condition = alltrue(flatten([
      for peer in values(var.peers) : [
        for text in peer.networks :
        text == "any" || contains(var.families, strcontains(text, ":") ? "ipv6" : "ipv4")
      ]
    ]))
    error_message = "peers has networks of a family that is not in families. Add it, or remove them."
  }

  validation {
    condition = alltrue([
      for peer in values(var.peers) :
      peer.self || length(concat(
        peer.networks, keys(peer.security_groups), keys(peer.prefix_lists), peer.hostnames
      )) > 0
    ])
    error_message = "peers has an empty peer. Give it a network, or remove it."
  }

  validation {
    condition = alltrue(flatten([
      for peer in values(var.peers) : [
        for id in values(peer.security_groups) :
        can(regex("^([0-9]{12}/)?sg-[0-9a-f]+$", id))
      ]
    ]))
    error_message = "security_groups of peers must hold ids like sg-0123456789abcdef0."
  }

  validation {
    condition = alltrue(flatten([
      for peer in values(var.peers) : [
        for list in values(peer.prefix_lists) :
        can(regex("^pl-[0-9a-f]+$", list.id)) && list.max_entries >= 1 && list.max_entries <= 1000
      ]
    ]))
    error_message = <<-EOT
      prefix_lists of peers must hold ids like pl-0123456789abcdef0, each with a max_entries from 1 to 1000.
    EOT
  }

  # Every prefix list is of one address family, which its id does not tell.
  validation {
    condition = alltrue(flatten([
      for peer in values(var.peers) : [
        for list in values(peer.prefix_lists) :
        list.family == null ? length(var.families) == 2 : contains(var.families, lower(list.family))
      ]
    ]))
    error_message = <<-EOT
      A prefix list of peers is not known to be of the address families in use. With one family in families
      every list needs the same family; the resource and the data source of a list have it as address_family.
    EOT
  }
}

variable "feature_peers" {
  description = <<-EOT
    Peers of one feature at one interface, which count there in place of those of `peers`:
    interface => feature => role => peer.
  EOT
  type = map(map(map(object({
    networks        = optional(list(string), [])
    security_groups = optional(map(string), {})
    prefix_lists = optional(map(object({
      id          = string
      max_entries = number
      family      = optional(string)
    })), {})
    self      = optional(bool, false)
    hostnames = optional(list(string), [])
  }))))
  default  = {}
  nullable = false

  validation {
    condition = alltrue(flatten([
      for interface, features in var.feature_peers : [
        for feature in keys(features) : contains(keys(try(var.features[interface], {})), feature)
      ]
    ]))
    error_message = "feature_peers may name interfaces and their features that features has."
  }

  validation {
    condition = alltrue(flatten([
      for features in values(var.feature_peers) : [
        for roles in values(features) : [for role in keys(roles) : contains(keys(local.roles), role)]
      ]
    ]))
    error_message = "feature_peers may name these roles: ${join(", ", keys(local.roles))}."
  }

  # CIDR blocks in the form that the provider gives back: no host bits, and IPv6 in its shortest form.
  validation {
    condition = alltrue(flatten([
      for peer in flatten([
        for features in values(var.feature_peers) : [for roles in values(features) : values(roles)]
        ]) : [
        for text in peer.networks : [
          for network in [strcontains(text, "/") ? text : "${text}/${strcontains(text, ":") ? 128 : 32}"] :
          text == "any" || try(cidrsubnet(network, 0, 0), "") == network
        ]
      ]
    ]))
    error_message = join("\n", flatten([
      for peer in flatten([
        for features in values(var.feature_peers) : [for roles in values(features) : values(roles)]
        ]) : [
        for text in peer.networks : [
          for network in [strcontains(text, "/") ? text : "${text}/${strcontains(text, ":") ? 128 : 32}"] :
          "${text} is not a canonical CIDR block.${try(" Write ${cidrsubnet(network, 0, 0)}.", "")}"
          if text != "any" && try(cidrsubnet(network, 0, 0), "") != network
        ]
      ]
    ]))
  }

  validation {
    condition = alltrue(flatten([
      for peer in flatten([
        for features in values(var.feature_peers) : [for roles in values(features) : values(roles)]
        ]) : [
        for text in peer.networks :
        text == "any" || contains(var.families, strcontains(text, ":") ? "ipv6" : "ipv4")
      ]
    ]))
    error_message = "feature_peers has networks of a family that is not in families. Add it, or remove them."
  }

  validation {
    condition = alltrue([
      for peer in flatten([
        for features in values(var.feature_peers) : [for roles in values(features) : values(roles)]
      ]) :
      peer.self || length(concat(
        peer.networks, keys(peer.security_groups), keys(peer.prefix_lists), peer.hostnames
      )) > 0
    ])
    error_message = "feature_peers has an empty peer. Give it a network, or remove it."
  }

  validation {
    condition = alltrue(flatten([
      for peer in flatten([
        for features in values(var.feature_peers) : [for roles in values(features) : values(roles)]
        ]) : [
        for id in values(peer.security_groups) :
        can(regex("^([0-9]{12}/)?sg-[0-9a-f]+$", id))
      ]
    ]))
    error_message = "security_groups of feature_peers must hold ids like sg-0123456789abcdef0."
  }

  validation {
    condition = alltrue(flatten([
      for peer in flatten([
        for features in values(var.feature_peers) : [for roles in values(features) : values(roles)]
        ]) : [
        for list in values(peer.prefix_lists) :
        can(regex("^pl-[0-9a-f]+$", list.id)) && list.max_entries >= 1 && list.max_entries <= 1000
      ]
    ]))
    error_message = <<-EOT
      prefix_lists of feature_peers must hold ids like pl-0123456789abcdef0, each with a max_entries from 1 to
      1000.
    EOT
  }

  # Every prefix list is of one address family, which its id does not tell.
  validation {
    condition = alltrue(flatten([
      for peer in flatten([
        for features in values(var.feature_peers) : [for roles in values(features) : values(roles)]
        ]) : [
        for list in values(peer.prefix_lists) :
        list.family == null ? length(var.families) == 2 : contains(var.families, lower(list.family))
      ]
    ]))
    error_message = <<-EOT
      A prefix list of feature_peers is not known to be of the address families in use. With one family in
      families every list needs the same family; the resource and the data source of a list have it as
      address_family.
    EOT
  }
}

variable "families" {
  description = "The address families that `any` stands for, and that networks may have."
  type        = list(string)
  default     = ["ipv4", "ipv6"]
  nullable    = false

  validation {
    condition = (
      length(var.families) > 0
      && length(setsubtract(var.families, ["ipv4", "ipv6"])) == 0
      && length(distinct(var.families)) == length(var.families)
    )
    error_message = "families must be [\"ipv4\"], [\"ipv6\"] or [\"ipv4\", \"ipv6\"]."
  }
}

variable "hostnames_open" {
  description = "Whether host names become any address, because no security group can hold a name."
  type        = bool
  default     = false
  nullable    = false
}

variable "as_printed" {
  description = "Entries whose printed inbound half is opened as well. A stateful filter does not need it."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition = alltrue([for id in var.as_printed : try(local.entries[id].printed_ingress, false)])
    error_message = format(
      "as_printed may have these entries: %s.",
      join(", ", [for id, entry in local.entries : id if entry.printed_ingress])
    )
  }
}

variable "waivers" {
  description = <<-EOT
    Findings of guardrails that are accepted: the code, the peer (a network, a role, or `any`), the reason, and
    the last day (YYYY-MM-DD).
  EOT
  type = list(object({
    code   = string
    peer   = string
    reason = string
    until  = string
  }))
  default  = []
  nullable = false

  validation {
    condition     = length(setsubtract(var.waivers[*].code, local.waivable)) == 0
    error_message = "A waiver's code must be one of ${join(", ", local.waivable)}."
  }

  validation {
    condition     = alltrue([for waiver in var.waivers : trimspace(waiver.reason) != ""])
    error_message = "Every waiver needs a reason."
  }

  validation {
    condition     = alltrue([for waiver in var.waivers : can(formatdate("YYYY", "${waiver.until}T00:00:00Z"))])
    error_message = "The last day of a waiver, until, must be a day of the calendar, as 2027-03-31."
  }
}

variable "wider" {
  description = "Entries that may be opened from every source port, because EC2 cannot match source ports."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition = alltrue([for id in var.wider : try(local.entries[id].source_ports != null, false)])
    error_message = format(
      "wider may have these entries: %s.",
      join(", ", [for id, entry in local.entries : id if entry.source_ports != null])
    )
  }
}

variable "rules_per_group" {
  description = "EC2's quota of inbound, and as many outbound, rules of one security group and address family."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.rules_per_group >= 1 && var.rules_per_group <= 1000
    error_message = "rules_per_group must be what AWS grants: from 1 to 1000."
  }
}
