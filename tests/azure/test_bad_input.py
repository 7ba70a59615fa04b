"""What a person gets to read who writes a wrong file for Azure."""

from __future__ import annotations

import pytest
from support.azure import files_of

from esacloud.aws.provider import PROVIDER as aws
from esacloud.azure.provider import PROVIDER as azure
from esacloud.deployment.read import read
from esacloud.errors import InputError

GOOD = """\
name: mail-edge-1
asyncos: "15.5"
cloud:
  azure: {resource_group: rg-mail, location: westeurope}
interfaces:
  management: [syslog]
peers:
  syslog-servers: [10.0.0.3]
"""


def error_text(text: str) -> str:
    with pytest.raises(InputError) as caught:
        files_of(read("gateway.yaml", {"aws": aws.dialect, "azure": azure.dialect}, text=text))
    return str(caught.value)


def test_the_file_is_good_as_it_stands() -> None:
    assert files_of(read("gateway.yaml", {"azure": azure.dialect}, text=GOOD))


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("rg-mail", "rg.", 4, "'rg.' is no name of a resource group."),
        ("westeurope", "West Europe", 4, "'West Europe' is no name of an Azure location. Write westeurope"),
        ("westeurope", "westeurope, subscription: mine", 4, "'mine' is no subscription id."),
        ("westeurope", "westeurope, load_balancer: maybe", 4, "Write yes or no."),
        ("westeurope", "westeurope, tags: {'a/b': c}", 4, "is no name of a tag that Azure takes"),
        ("westeurope", f"westeurope, name_prefix: {'x' * 61}", 4, "is no start of an Azure name"),
        ("westeurope", "westeurope, quotas: {first_priority: 99}", 4, "from 100 to 4,095"),
        (
            "westeurope",
            "westeurope, quotas: {first_priority: 300, last_priority: 200}",
            4,
            "run backwards, from 300 to 200",
        ),
        ("10.0.0.3", "{service_tag: [Internet, Storage]}", 8, "peers.syslog-servers[0].service_tag"),
        ("10.0.0.3", '{service_tag: "Internet,Storage"}', 8, "Internet,Storage"),
        ("10.0.0.3", "sg-0123456789abcdef0", 8, "a security group of AWS, and Azure cannot resolve it"),
        ("10.0.0.3", "{security_group: sg-0123456789abcdef0}", 8, "peers.syslog-servers[0]"),
        ("10.0.0.3", "{application_security_group: 'asg one'}", 8, "asg one"),
        ("10.0.0.3", "{application_security_group: asg-one}", 8, "the file has no subscription"),
        ("10.0.0.3", ", ".join(f"{{service_tag: Tag{n}}}" for n in range(1100)), 6, "are needed after merging, 1000 fit"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_to_write(old: str, new: str, line: int, message: str) -> None:
    message = error_text(GOOD.replace(old, new))
    assert message.startswith(f"gateway.yaml:{line}:")
    assert message in message


def test_eleven_application_security_groups_are_refused_where_the_peer_stands() -> None:
    groups = ", ".join(f"{{application_security_group: asg-{number}}}" for number in range(11))
    uuid = "00000000-0000-0000-0000-000000000000"
    message = error_text(GOOD.replace("westeurope", f"westeurope, subscription: {uuid}").replace("10.0.0.3", groups))
    assert message.startswith("gateway.yaml:8:")
    assert "one side has 11 application security groups, and Azure accepts 10" in message
