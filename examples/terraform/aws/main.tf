# A gateway with a management and a mail interface in a VPC of its own. Nothing here is made by esacloud: this is how a
# configuration takes the reusable module.

provider "aws" {
  region = "eu-central-1"
}

resource "aws_vpc" "mail" {
  cidr_block                       = "10.0.0.0/16"
  assign_generated_ipv6_cidr_block = true
}

resource "aws_security_group" "collectors" {
  name_prefix = "log-collectors-"
  description = "Syslog collectors"
  vpc_id      = aws_vpc.mail.id
}

module "gateway" {
  source = "../../../modules/aws"

  vpc_id  = aws_vpc.mail.id
  name    = "mail-edge-1"
  release = "15.5"

  features = {
    management = { admin-cli = {}, admin-gui = {}, dns = {}, ntp = {}, syslog = { transport = "tcp" }, updates = {} }
    data1      = { mail = {} }
  }

  peers = {
    administrators = { networks = ["10.20.0.0/24"] }
    dns-servers    = { networks = ["10.0.0.2", "fd12:3456:789a::2"] }
    ntp-servers    = { networks = ["10.0.0.3"] }
    syslog-servers = { security_groups = { collectors = aws_security_group.collectors.id } }
  }

  hostnames_open = true # the vendor names its update servers by name alone
}

# The groups go onto the gateway's network interfaces, one interface each.
output "security_group_ids" {
  value = module.gateway.security_group_ids
}

# Why each rule is there: the rows of the vendor's table.
output "rows_of_rules" {
  value = { for key, rule in merge(module.gateway.rules.ingress, module.gateway.rules.egress) : key => rule.rows }
}

output "checklist" {
  value = module.gateway.checklist
}
