import re

import pytest
from support.azure import SUBSCRIPTION

from esacloud.azure.dialect import DIALECT

ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/applicationSecurityGroups/asg"
PATTERNS = {kind.kind: re.compile(kind.pattern) for kind in DIALECT.references}


@pytest.mark.parametrize(
    ("setting", "good", "bad"),
    [
        ("resource_group", ["rg-mail", "a", "RG_1.(x)", "x" * 90], ["", "rg.", "r g", "rg/1", "x" * 91, "${x}", "rg\n"]),
        ("location", ["westeurope", "eastus2"], ["West Europe", "west-europe", "", "2east", "westeurope\n"]),
        ("subscription", [SUBSCRIPTION], ["mine", SUBSCRIPTION[:-1], f"{SUBSCRIPTION}0"]),
        ("name_prefix", ["mail-", "m"], ["", "-mail", "x" * 61, "a b", "${x}"]),
        ("load_balancer", ["yes", "no"], ["maybe", ""]),
    ],
)
def test_settings_take_what_azure_takes_and_say_what_else_to_write(setting, good, bad):
    key = DIALECT.settings[setting]
    for text in good:
        assert key.check(text) is None
        assert re.search(key.pattern, text)
    for text in bad:
        message, hint = key.check(text)
        assert message.endswith(".")
        assert hint.endswith(".")


def test_a_location_as_the_portal_shows_it_is_hinted_as_commands_want_it():
    assert "Write westeurope" in DIALECT.settings["location"].check("West Europe")[1]


def test_references_are_names_ids_and_tags():
    assert PATTERNS["application_security_group"].fullmatch("asg-mail")
    assert PATTERNS["application_security_group"].fullmatch(ID)
    assert not PATTERNS["application_security_group"].fullmatch("asg mail")
    assert not PATTERNS["application_security_group"].fullmatch("/subscriptions/x")
    assert PATTERNS["service_tag"].fullmatch("Storage.WestEurope")
    for wrong in ("internet", "*", "10.0.0.0/8", "Internet, Storage", "mail.example.com"):
        assert not PATTERNS["service_tag"].fullmatch(wrong)


def test_a_name_cannot_be_taken_for_the_modules_own_group():
    assert not PATTERNS["application_security_group"].fullmatch("self")


def test_priorities_that_run_backwards_are_refused():
    quotas = {name: default for name, (default, _, _) in DIALECT.quotas.items()}
    assert DIALECT.check_quotas(quotas) is None
    assert "is greater than" in DIALECT.check_quotas({**quotas, "first_priority": 200, "last_priority": 150})[0]


def test_tags_are_those_of_azure():
    assert DIALECT.tags.key.check("owner") is None
    assert DIALECT.tags.key.check("a<b") is not None
    assert DIALECT.tags.value.check("x" * 257) is not None
