# `terraform test`: what the module makes and what it refuses, with a mocked provider. The tests of esacloud
# itself try every check.

mock_provider "azurerm" {}

variables {
  resource_group_name = "rg-mail"
  location            = "westeurope"
  name                = "mail-edge-1"

  features = {
    management = { admin-cli = {}, dns = {} }
    data1      = { mail = {} }
  }
  peers = {
    administrators = { networks = ["10.20.0.0/24"] }
    dns-servers    = { networks = ["10.0.0.2"] }
  }
}

run "makes_a_group_for_each_interface" {
  command = apply

  assert {
    condition     = length(output.network_security_group_ids) == 2
    error_message = "Every interface has a group."
  }

  assert {
    condition     = contains(output.rows, 6)
    error_message = "Mail in comes from row 6 of the table."
  }

  assert {
    condition = alltrue([
      for key in ["management/in-tcp-22-ipv4-cli-ssh", "data1/in-tcp-25-any-ipv4", "data1/out-deny-all-else"] :
      contains(keys(output.rules), key)
    ])
    error_message = "Rules have their keys."
  }

  assert {
    condition = alltrue([
      for group in values(azurerm_network_security_group.this) : length([
        for rule in group.security_rule : rule if rule.priority == 4096 && rule.access == "Deny"
      ]) == 2
    ])
    error_message = "Both directions of every group end in a rule that denies the rest."
  }
}

run "adds_rules_and_keeps_the_names_and_priorities_of_the_others" {
  command = apply

  variables {
    features = {
      management = { admin-cli = {}, dns = {}, ntp = {} }
      data1      = { mail = {} }
    }
    peers = {
      administrators = { networks = ["10.20.0.0/24", "fd12:3456:789a::/64"] }
      dns-servers    = { networks = ["10.0.0.2"] }
      ntp-servers    = { networks = ["10.0.0.3"] }
    }
  }

  assert {
    condition = alltrue([
      for key, rule in run.makes_a_group_for_each_interface.rules : output.rules[key].priority == rule.priority
    ])
    error_message = "Every rule keeps its priority."
  }
}

run "accepts_what_a_waiver_with_a_reason_accepts" {
  command = plan

  variables {
    peers = {
      administrators = { networks = ["10.20.0.0/24", "any"] }
      dns-servers    = { networks = ["10.0.0.2"] }
    }
    waivers = [{
      code   = "ESA001"
      peer   = "administrators"
      reason = "moving to a bastion"
      until  = "9999-12-31"
    }]
  }
}

run "keeps_apart_remotes_of_different_kinds_with_one_key" {
  command = plan

  variables {
    subscription_id = "00000000-0000-0000-0000-000000000000"
    peers = {
      administrators = {
        self         = true
        networks     = ["10.20.0.0/24"]
        service_tags = ["AzureMonitor"]
        application_security_groups = {
          "10.20.0.0/24" = "asg-one"
          AzureMonitor   = "asg-three"
          self           = "asg-two"
        }
      }
      dns-servers = { networks = ["10.0.0.2"] }
    }
  }

  assert {
    condition = toset(
      output.rules["management/in-tcp-22-groups-cli-ssh"].source_application_security_groups
      ) == toset([
        "self", "asg-one", "asg-two", "asg-three",
    ])
    error_message = "Every group is in the rule of the groups."
  }

  assert {
    condition     = output.rules["management/in-tcp-22-ipv4-cli-ssh"].source_address_prefix == "10.20.0.0/24"
    error_message = "The network has its rule."
  }

  assert {
    condition     = contains(keys(output.rules), "management/in-tcp-AzureMonitor-cli-ssh")
    error_message = "The service tag has its rule."
  }
}

run "refuses_the_internet_on_the_command_line" {
  command = plan

  variables {
    peers = {
      administrators = { networks = ["10.20.0.0/24", "any"] }
      dns-servers    = { networks = ["10.0.0.2"] }
    }
  }

  expect_failures = [azurerm_network_security_group.this]
}

run "refuses_what_an_old_waiver_accepted" {
  command = plan

  variables {
    peers = {
      administrators = { networks = ["10.20.0.0/24", "any"] }
      dns-servers    = { networks = ["10.0.0.2"] }
    }
    waivers = [{
      code   = "ESA001"
      peer   = "administrators"
      reason = "moving to a bastion"
      until  = "2020-01-01"
    }]
  }

  expect_failures = [azurerm_network_security_group.this]
}

run "refuses_host_bits" {
  command = plan

  variables {
    peers = { administrators = { networks = ["10.20.0.1/24"] } }
  }

  expect_failures = [var.peers]
}

run "refuses_a_feature_that_does_not_exist" {
  command = plan

  variables {
    features = { management = { telnet = {} } }
  }

  expect_failures = [var.features]
}

run "refuses_a_feature_without_its_peer" {
  command = plan

  variables {
    peers = { administrators = { networks = ["10.20.0.0/24"] } }
  }

  expect_failures = [azurerm_network_security_group.this]
}

run "refuses_more_rules_than_the_limit" {
  command = plan

  variables {
    rules_per_group = 2
  }

  expect_failures = [azurerm_network_security_group.this]
}

run "refuses_the_internet_by_its_service_tag" {
  command = plan

  variables {
    peers = {
      administrators = { service_tags = ["Internet"] }
      dns-servers    = { networks = ["10.0.0.2"] }
    }
  }

  expect_failures = [azurerm_network_security_group.this]
}

run "refuses_one_group_under_two_keys" {
  command = plan

  variables {
    subscription_id = "00000000-0000-0000-0000-000000000000"
    peers = {
      administrators = { application_security_groups = { a = "asg-one", b = "ASG-one" } }
      dns-servers    = { networks = ["10.0.0.2"] }
    }
  }

  expect_failures = [azurerm_network_security_group.this]
}
