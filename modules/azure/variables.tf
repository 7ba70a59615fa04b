variable "resource_group_name" {
  description = "The resource group in which everything is made."
  type        = string
  nullable    = false
}

variable "location" {
  description = "The region in which everything is made."
  type        = string
  nullable    = false
}

variable "name" {
  description = "The gateway's name: the start of the groups' names, and the tag esacloud:deployment."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_.-]{0,57}$", var.name))
    error_message = <<-EOT
      name must have 1 to 58 letters, digits, hyphens, underscores and full stops, a letter or digit first.
    EOT
  }
}

variable "name_prefix" {
  description = "How the names of the groups start, in place of the gateway's name and a hyphen."
  type        = string
  default     = null

  validation {
    condition     = var.name_prefix == null || can(regex("^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$", var.name_prefix))
    error_message = <<-EOT
      name_prefix must have at most 60 letters, digits, hyphens, underscores and full stops, a letter or digit
      first.
    EOT
  }
}

variable "tags" {
  description = "Tags of all resources, beside esacloud:deployment and esacloud:interface."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = length(var.tags) <= 48 && alltrue([
      for key in keys(var.tags) : can(regex("^[^<>%&\\\\?/]{1,512}$", key))
    ])
    error_message = "There may be 48 tags, with keys of 1 to 512 characters without < > % & \\ ? and /."
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
    # Application security groups: a key of your own => ARM id, or the name in the module's resource group.
    application_security_groups = optional(map(string), {})
    # Service tags, as `AzureMonitor`.
    service_tags = optional(list(string), [])
    # The other gateways: members of the group that the module makes.
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
        peer.networks, keys(peer.application_security_groups), peer.service_tags, peer.hostnames
      )) > 0
    ])
    error_message = "peers has an empty peer. Give it a network, or remove it."
  }

  validation {
    condition = alltrue(flatten([
      for peer in values(var.peers) : [
        for tag in peer.service_tags :
        can(regex("^[A-Z][A-Za-z0-9]{1,63}(\\.[A-Z][A-Za-z0-9]{1,63})?$", tag))
      ]
    ]))
    error_message = "service_tags of peers must be like AzureMonitor or Storage.WestEurope."
  }

  validation {
    condition = alltrue(flatten([
      for peer in values(var.peers) : [
        for id in values(peer.application_security_groups) :
        id != "self" && can(regex(local.application_security_group, id))
      ]
    ]))
    error_message = "application_security_groups of peers must hold ARM ids, or names in the resource group."
  }

  validation {
    condition = alltrue(flatten([
      for peer in values(var.peers) : [
        for id in values(peer.application_security_groups) :
        var.subscription_id != null || startswith(id, "/")
      ]
    ]))
    error_message = "peers names application security groups: set subscription_id, or give their ids."
  }
}

variable "feature_peers" {
  description = <<-EOT
    Peers of one feature at one interface, which count there in place of those of `peers`:
    interface => feature => role => peer.
  EOT
  type = map(map(map(object({
    networks                    = optional(list(string), [])
    application_security_groups = optional(map(string), {})
    service_tags                = optional(list(string), [])
    self                        = optional(bool, false)
    hostnames                   = optional(list(string), [])
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
        peer.networks, keys(peer.application_security_groups), peer.service_tags, peer.hostnames
      )) > 0
    ])
    error_message = "feature_peers has an empty peer. Give it a network, or remove it."
  }

  validation {
    condition = alltrue(flatten([
      for peer in flatten([
        for features in values(var.feature_peers) : [for roles in values(features) : values(roles)]
        ]) : [
        for tag in peer.service_tags :
        can(regex("^[A-Z][A-Za-z0-9]{1,63}(\\.[A-Z][A-Za-z0-9]{1,63})?$", tag))
      ]
    ]))
    error_message = "service_tags of feature_peers must be like AzureMonitor or Storage.WestEurope."
  }

  validation {
    condition = alltrue(flatten([
      for peer in flatten([
        for features in values(var.feature_peers) : [for roles in values(features) : values(roles)]
        ]) : [
        for id in values(peer.application_security_groups) :
        id != "self" && can(regex(local.application_security_group, id))
      ]
    ]))
    error_message = "application_security_groups of feature_peers must hold ARM ids, or names in the group."
  }

  validation {
    condition = alltrue(flatten([
      for peer in flatten([
        for features in values(var.feature_peers) : [for roles in values(features) : values(roles)]
        ]) : [
        for id in values(peer.application_security_groups) :
        var.subscription_id != null || startswith(id, "/")
      ]
    ]))
    error_message = "feature_peers names application security groups: set subscription_id, or give their ids."
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

variable "subscription_id" {
  description = "The subscription of application security groups that peers name without their id."
  type        = string
  default     = null
}

variable "load_balancer" {
  description = "Whether a load balancer is in front: its probes then reach the TCP ports that are served."
  type        = bool
  default     = false
  nullable    = false
}

variable "subnet_ids" {
  description = "Subnets that get the group of an interface: interface => a key of your own => id."
  type        = map(map(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.subnet_ids), keys(var.features))) == 0
    error_message = "subnet_ids may name the interfaces that features has."
  }
}

variable "network_interface_ids" {
  description = "Network interfaces that get the group of an interface: interface => a key of your own => id."
  type        = map(map(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.network_interface_ids), keys(var.features))) == 0
    error_message = "network_interface_ids may name the interfaces that features has."
  }
}

variable "rules_per_group" {
  description = "Azure's limit of rules in one network security group, both directions together."
  type        = number
  default     = 1000
  nullable    = false

  validation {
    condition     = var.rules_per_group >= 1 && var.rules_per_group <= 2000
    error_message = "rules_per_group must be from 1 to 2000."
  }
}

variable "addresses_per_group" {
  description = "Azure's limit of addresses in all rules of one group, sources and destinations apart."
  type        = number
  default     = 4000
  nullable    = false

  validation {
    condition     = var.addresses_per_group >= 1 && var.addresses_per_group <= 4000
    error_message = "addresses_per_group must be from 1 to 4000."
  }
}

variable "first_priority" {
  description = "The lowest number among the priorities that rules may take."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.first_priority >= 100 && var.first_priority <= 4095
    error_message = "first_priority must be from 100 to 4095."
  }
}

variable "last_priority" {
  description = "The highest number among the priorities that rules may take."
  type        = number
  default     = 4000
  nullable    = false

  validation {
    condition     = var.last_priority >= var.first_priority && var.last_priority <= 4095
    error_message = "last_priority must be from first_priority to 4095."
  }
}
