# `terraform test`: what the module makes and what it refuses, with a mocked provider. The tests of esacloud
# itself try every check.

mock_provider "aws" {}

variables {
  vpc_id = "vpc-0a1b2c3d4e5f60718"
  name   = "mail-edge-1"

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
    condition     = length(output.security_group_ids) == 2
    error_message = "Every interface has a group."
  }

  assert {
    condition     = contains(output.rows, 6)
    error_message = "Mail in comes from row 6 of the table."
  }

  assert {
    condition = alltrue([
      for key in [
        "management/tcp-22-from-10.20.0.0/24",
        "data1/tcp-25-from-0.0.0.0/0",
        "data1/tcp-25-from-::/0",
      ] : contains(keys(output.rules.ingress), key)
    ])
    error_message = "Rules have their keys."
  }
}

run "adds_rules_for_a_network_and_keeps_the_others" {
  command = apply

  variables {
    peers = {
      administrators = { networks = ["10.20.0.0/24", "10.21.0.0/24"] }
      dns-servers    = { networks = ["10.0.0.2"] }
    }
  }

  assert {
    condition = length(setsubtract(
      keys(run.makes_a_group_for_each_interface.rules.ingress), keys(output.rules.ingress)
    )) == 0
    error_message = "No rule goes when a network comes."
  }

  assert {
    condition = (
      length(output.rules.ingress) == length(run.makes_a_group_for_each_interface.rules.ingress) + 1
    )
    error_message = "One network more is one rule more."
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
    peers = {
      administrators = {
        self         = true
        networks     = ["10.20.0.0/24"]
        prefix_lists = { x = { id = "pl-0123456789abcdef0", max_entries = 4 } }
        security_groups = {
          "10.20.0.0/24" = "sg-0123456789abcdef1"
          self           = "sg-0123456789abcdef0"
          x              = "sg-0123456789abcdef2"
        }
      }
      dns-servers = { networks = ["10.0.0.2"] }
    }
  }

  assert {
    condition = toset([
      for key in keys(output.rules.ingress) : key if startswith(key, "management/")
      ]) == toset([
      "management/tcp-22-from-10.20.0.0/24",
      "management/tcp-22-from-pl-x",
      "management/tcp-22-from-self",
      "management/tcp-22-from-sg-10.20.0.0/24",
      "management/tcp-22-from-sg-self",
      "management/tcp-22-from-sg-x",
    ])
    error_message = "Every remote has a rule."
  }

  assert {
    condition = alltrue([
      output.rules.ingress["management/tcp-22-from-self"].self,
      endswith(output.rules.ingress["management/tcp-22-from-sg-self"].referenced_security_group_id, "f0"),
      output.rules.ingress["management/tcp-22-from-10.20.0.0/24"].cidr_ipv4 == "10.20.0.0/24",
      endswith(output.rules.ingress["management/tcp-22-from-sg-x"].referenced_security_group_id, "f2"),
      output.rules.ingress["management/tcp-22-from-pl-x"].prefix_list_id == "pl-0123456789abcdef0",
    ])
    error_message = "Every rule has the remote of its key."
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

  expect_failures = [aws_vpc_security_group_ingress_rule.this]
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

  expect_failures = [aws_vpc_security_group_ingress_rule.this]
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

  expect_failures = [aws_security_group.this]
}

run "refuses_more_rules_than_the_quota" {
  command = plan

  variables {
    rules_per_group = 1
  }

  expect_failures = [aws_security_group.this]
}

run "refuses_a_source_port_that_it_cannot_match" {
  command = plan

  variables {
    features = { data2 = { ftp = { role = "client", mode = "active" } } }
    peers    = { ftp-servers = { networks = ["10.20.2.11"] } }
  }

  expect_failures = [aws_security_group.this]
}

run "refuses_one_id_under_two_keys" {
  command = plan

  variables {
    peers = {
      administrators = { security_groups = { a = "sg-0123456789abcdef0", b = "sg-0123456789abcdef0" } }
      dns-servers    = { networks = ["10.0.0.2"] }
    }
  }

  expect_failures = [aws_vpc_security_group_ingress_rule.this]
}

run "refuses_a_prefix_list_of_a_family_that_is_not_used" {
  command = plan

  variables {
    families = ["ipv4"]
    peers = {
      administrators = {
        prefix_lists = { x = { id = "pl-0123456789abcdef0", max_entries = 4, family = "ipv6" } }
      }
      dns-servers = { networks = ["10.0.0.2"] }
    }
  }

  expect_failures = [var.peers]
}
