"""The guardrails, in order of their codes. A new one is a new file and one line here."""

from __future__ import annotations

from esacloud.guardrails.model import Guardrail
from esacloud.guardrails.rules import (
    esa001_ssh_from_public,
    esa002_administration_from_public,
    esa003_administration_from_many,
    esa004_spam_quarantine_from_public,
    esa005_central_quarantine_outside_private,
    esa006_cluster_outside_private,
    esa007_plain_administration,
    esa008_relay_from_public,
    esa009_qmqp_from_public,
    esa010_egress_everywhere,
    esa011_snmp_from_public,
    esa012_network_too_wide,
    esa013_internet_in_pieces,
    esa014_ipv6_wider_than_ipv4,
    esa015_documentation_networks,
    esa016_own_subnet,
)

GUARDRAILS: tuple[Guardrail, ...] = (
    esa001_ssh_from_public.GUARDRAIL,
    esa002_administration_from_public.GUARDRAIL,
    esa003_administration_from_many.GUARDRAIL,
    esa004_spam_quarantine_from_public.GUARDRAIL,
    esa005_central_quarantine_outside_private.GUARDRAIL,
    esa006_cluster_outside_private.GUARDRAIL,
    esa007_plain_administration.GUARDRAIL,
    esa008_relay_from_public.GUARDRAIL,
    esa009_qmqp_from_public.GUARDRAIL,
    esa010_egress_everywhere.GUARDRAIL,
    esa011_snmp_from_public.GUARDRAIL,
    esa012_network_too_wide.GUARDRAIL,
    esa013_internet_in_pieces.GUARDRAIL,
    esa014_ipv6_wider_than_ipv4.GUARDRAIL,
    esa015_documentation_networks.GUARDRAIL,
    esa016_own_subnet.GUARDRAIL,
)
