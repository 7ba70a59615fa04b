# What peers name beside networks: application security groups, service tags, and the gateways of the same
# group.

locals {
  # Application security groups by the keys of their peers. Preconditions in main.tf check that one key is
  # one id in the whole module, and one id has one key.
  application_security_groups = merge([
    for peer in values(local.peers) : peer.application_security_groups
  ]...)

  # A name alone is of a group in the module's resource group.
  group_path = join("/", [
    "/subscriptions/${var.subscription_id == null ? "" : var.subscription_id}",
    "resourceGroups/${var.resource_group_name}",
    "providers/Microsoft.Network/applicationSecurityGroups/",
  ])

  # Whether one key is one group everywhere, and one group has one key. An id that is not known yet is
  # compared when it is.
  keys_have_one_id = alltrue(flatten([
    for peer in values(local.peers) : [
      for key, id in peer.application_security_groups : id == local.application_security_groups[key]
    ]
  ]))
  ids_have_one_key = !anytrue(flatten([
    for key, id in local.application_security_groups : [
      for other, other_id in local.application_security_groups :
      lower(startswith(id, "/") ? id : "${local.group_path}${id}")
      == lower(startswith(other_id, "/") ? other_id : "${local.group_path}${other_id}")
      if key != other
    ]
  ]))

  # The remotes of each peer that are no networks.
  references_of_peer = {
    for name, peer in local.peers : name => concat(
      [
        for key in keys(peer.application_security_groups) : {
          kind     = "application_security_group"
          key      = "asg-${key}"
          name     = key
          families = ["ipv4", "ipv6"]
        }
      ],
      [
        for tag in distinct(peer.service_tags) : {
          kind     = "service_tag"
          key      = "tag-${tag}"
          name     = tag
          families = ["ipv4", "ipv6"]
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

  # Service tags that stand for public addresses.
  public_references = ["tag-AzureCloud", "tag-Internet"]

  # Azure matches source ports and needs nothing more.
  missing_inputs_of_cloud = []

  # What an application security group is written as.
  # https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
  resource_name = "[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?"
  application_security_group = join("", [
    "^(/subscriptions/[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
    "/resourceGroups/[\\w.()-]{0,89}[\\w()-]",
    "/providers/Microsoft\\.Network/applicationSecurityGroups/${local.resource_name}",
    "|${local.resource_name})$",
  ])
}
