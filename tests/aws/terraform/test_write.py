"""The documents of a module, and their evaluation when they are read back."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.security_groups import documents, groups, rule, security_groups

from esacloud.aws.evaluate import packets
from esacloud.aws.model import SecurityGroups
from esacloud.aws.terraform import write as terraform
from esacloud.aws.terraform.read import read_back
from esacloud.errors import InputError
from esacloud.json_files import parse
from esacloud.terraform.layout import documents_of, render

MAIL = groups(
    rule("tcp/25", "0.0.0.0/0"),
    rule("udp/53", "10.0.0.2/32", "egress"),
    rule("icmp/8.0", "10.0.0.0/8"),
    rule("-1", "self"),
    rule("tcp/22", "sg-0123456789abcdef0"),
    rule("tcp/22", "pl-0123456789abcdef0"),
    rule("tcp/443", "2001:db8::/32"),
)


def changed(*path: Any, to: Any) -> dict[str, Any]:
    """The documents of MAIL with one value replaced, or removed where `to` is ...; a new key is added."""
    found: Any = copy.deepcopy(documents(MAIL))
    place = found
    for key in path[:-1]:
        place = place[key]
    if to is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return dict(found)


INGRESS = (terraform.MAIN, "locals", "ingress_rules")
SMTP = "data1/tcp-25-from-0.0.0.0/0"
OTHER = "data1/tcp-22-from-sg-0123456789abcdef0"
RULE = (terraform.MAIN, "resource", "aws_vpc_security_group_ingress_rule", "this")


@given(security_groups())
def test_a_module_permits_what_its_groups_permit(made: SecurityGroups) -> None:
    texts = {name: render(document) for name, document in documents(made).items()}
    back = read_back(documents_of(texts))
    assert back.deviations == ()
    assert back.packets == packets(made.groups)


@given(security_groups(), st.data())
def test_a_changed_digit_in_a_rule_is_found_without_any_digest(made: SecurityGroups, data: st.DataObject) -> None:
    rules = [one for group in made.groups for one in group.rules]
    assume(rules)
    alone = groups(data.draw(st.sampled_from(rules)))  # beside others a rule may permit what another lost
    text = render(documents(alone)[terraform.MAIN])
    (line,) = (line for line in text.splitlines() if '"entries": [' in line)
    start, end = line.index('"ip_protocol"'), line.index('"description"')
    digits = [position for position in range(start, end) if line[position].isdigit()]
    assume(digits)
    position = data.draw(st.sampled_from(digits))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != line[position]]))
    found: dict[str, Any] = dict(documents(alone))
    try:
        found[terraform.MAIN] = parse(text.replace(line, f"{line[:position]}{other}{line[position + 1 :]}"), "main.tf.json")
    except InputError:
        return  # a number with a leading zero, or a key that is now there twice
    back = read_back(found)
    assert back.deviations or back.packets != packets(alone.groups)


@pytest.mark.parametrize(
    ("path", "to", "says"),
    [
        ((*INGRESS, SMTP, "from_port"), "25", "from_port is not a whole number"),
        ((*INGRESS, SMTP, "from_port"), True, "from_port is not a whole number"),
        ((*INGRESS, SMTP, "from_port"), 25.0, "from_port is not a whole number"),
        ((*INGRESS, SMTP, "from_port"), None, "from_port is not a whole number"),
        ((*INGRESS, SMTP, "from_port"), 26, "from_port <= to_port"),
        ((*INGRESS, SMTP, "to_port"), 70000, "between 0 and 65535"),
        ((*INGRESS, SMTP, "to_port"), ..., "has one port and needs two"),
        ((*INGRESS, SMTP, "ip_protocol"), "6", "not one of tcp, udp"),
        ((*INGRESS, SMTP, "ip_protocol"), "-1", "are needed for every protocol except -1"),
        ((*INGRESS, SMTP, "cidr_ipv4"), "10.0.0.1/8", "host bits"),
        ((*INGRESS, SMTP, "cidr_ipv4"), "10.0.0.1", "canonical form, which is 10.0.0.1/32"),
        ((*INGRESS, SMTP, "cidr_ipv4"), "2001:db8::/32", "not a value for cidr_ipv4"),
        ((*INGRESS, SMTP, "cidr_ipv4"), "${var.vpc_id}", "not a CIDR block"),
        ((*INGRESS, SMTP, "cidr_ipv6"), "::/0", "2 remotes"),
        ((*INGRESS, SMTP, "cidr_ipv4"), ..., "0 remotes"),
        ((*INGRESS, SMTP, "group"), "data2", "does not name a group of this module"),
        ((*INGRESS, SMTP, "description"), "a -> b", "not a text that EC2 accepts"),
        ((*INGRESS, SMTP, "description"), "${file(\"/etc/passwd\")}", "not a text that EC2 accepts"),
        ((*INGRESS, SMTP, "description"), "x" * 256, "not a text that EC2 accepts"),
        ((*INGRESS, SMTP, "rows"), [True], "not a list of whole numbers"),
        ((*INGRESS, SMTP, "self"), True, "unknown key self"),
        ((*INGRESS, SMTP), [], "not a table row"),
        ((*INGRESS, "a ${var.x}"), documents(MAIL)[terraform.MAIN]["locals"]["ingress_rules"][SMTP], "template in its key"),
        ((*INGRESS, "again"), documents(MAIL)[terraform.MAIN]["locals"]["ingress_rules"][SMTP], "the same rule as"),
        ((*INGRESS, "data1/-1-from-self", "referenced_group"), "data2", "the first group of its interface"),
        ((*INGRESS, OTHER, "referenced_security_group_id"), "pl-01", "not an ID of that kind"),
        (INGRESS, ..., "ingress_rules is missing"),
        ((terraform.MAIN, "locals", "groups", "data1", "interface"), "${var.x}", "groups.data1.interface"),
        ((terraform.MAIN, "locals", "more"), {}, "locals.more is not written by esacloud"),
        ((terraform.MAIN, "locals", "tags"), {"a": "${x}"}, "locals.tags are not texts"),
        ((terraform.MAIN, "locals"), ..., "locals is missing"),
        ((*RULE, "from_port"), "${each.value.to_port}", "resource.aws_vpc_security_group_ingress_rule.this.from_port"),
        ((*RULE, "for_each"), {}, "aws_vpc_security_group_ingress_rule.this.for_each"),
        ((*RULE, "lifecycle", "create_before_destroy"), 1, "lifecycle.create_before_destroy is not what"),
        ((*RULE, "provider"), "aws.other", "this.provider is not written by esacloud"),
        ((terraform.MAIN, "resource", "null_resource"), {}, "resource.null_resource is not written"),
        ((terraform.MAIN, "data"), {}, "main.tf.json: data is not written"),
        ((terraform.VARIABLES, "variable", "vpc_id", "default"), "${x}", "variables.tf.json: variable.vpc_id.default"),
        ((terraform.VARIABLES, "variable", "tags", "type"), "any", "variables.tf.json: variable.tags.type"),
        ((terraform.OUTPUTS, "output", "rules", "value", "egress"), "", "outputs.tf.json: output.rules.value.egress"),
        ((terraform.VERSIONS, "terraform", "backend"), {}, "versions.tf.json: terraform.backend is not written"),
        (("more.tf.json",), {}, "more.tf.json: esacloud does not write this file"),
        ((terraform.OUTPUTS,), ..., "outputs.tf.json: The file is missing"),
        ((terraform.OUTPUTS,), [], "outputs.tf.json: The document is not what"),
        ((terraform.MAIN,), [], "locals is missing"),
    ],
)  # fmt: skip
def test_what_esacloud_does_not_write_is_named_with_its_path(path: tuple[Any, ...], to: Any, says: str) -> None:
    deviations = read_back(changed(*path, to=to)).deviations
    assert any(says in deviation for deviation in deviations), deviations


def test_a_port_changed_by_one_digit_shows_in_the_packets() -> None:
    found = changed(*INGRESS, SMTP, "to_port", to=35)
    assert (
        str((read_back(found).packets["data1"] - packets(MAIL.groups)["data1"]).witness()) == "tcp/26-35 in from 0.0.0.0/0"
    )


def test_the_defaults_of_variables_are_free_as_no_packet_depends_on_them() -> None:
    found = changed(terraform.VARIABLES, "variable", "vpc_id", "default", to="vpc-00000001")
    found[terraform.VARIABLES]["variable"]["name_prefix"]["default"] = "other-"
    assert read_back(found).deviations == ()
    del found[terraform.VARIABLES]["variable"]["vpc_id"]["default"]
    assert read_back(found).deviations == ()


def test_an_interface_without_rules_permits_nothing_and_is_there() -> None:
    back = read_back(documents(groups()))
    assert back.deviations == ()
    assert not back.packets["data1"]


def test_two_rules_with_one_key_are_refused_rather_than_one_of_them_lost() -> None:
    with pytest.raises(ValueError, match="share the key"):
        terraform.tables(groups(rule("tcp/25", "0.0.0.0/0", key="a"), rule("tcp/26", "0.0.0.0/0", key="a")))


def test_a_row_stands_on_one_line() -> None:
    lines = render(documents(MAIL)[terraform.MAIN]).splitlines()
    smtp = next(line for line in lines if "tcp-25" in line).strip().rstrip(",")
    assert json.loads(f"{{{smtp}}}")[SMTP]["cidr_ipv4"] == "0.0.0.0/0"


@given(security_groups())
def test_the_layout_changes_no_value(made: SecurityGroups) -> None:
    for name, document in documents(made).items():
        text = render(document)
        assert parse(text, name) == json.loads(json.dumps(document))
        assert list(parse(text, name)) == list(document)


def test_the_prefix_that_the_variable_takes_is_as_long_as_the_default_may_be() -> None:
    condition = terraform.variables_document(None, "x")["variable"]["name_prefix"]["validation"]["condition"]
    assert f"length(var.name_prefix) <= {terraform.LONGEST_PREFIX} " in condition
    assert len(terraform.default_prefix("d" * 200)) == terraform.LONGEST_PREFIX
