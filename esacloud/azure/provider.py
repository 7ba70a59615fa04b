"""Azure, as `esacloud.provider` asks for it. Each part is imported when it is first used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from esacloud.azure.dialect import DIALECT
from esacloud.azure.model import PUBLIC_ADDRESS_SPACES

if TYPE_CHECKING:
    from esacloud.deployment.model import Deployment
    from esacloud.policy.lowered import Document, Lowered, ReadBack
    from esacloud.policy.model import Policy
    from esacloud.provider import Inventory, Live, Provider


class Azure:
    """Network security groups of a subscription."""

    dialect = DIALECT
    public_address_spaces = PUBLIC_ADDRESS_SPACES

    def lower(self, policy: Policy, deployment: Deployment) -> Lowered:
        """See `esacloud.azure.lower`."""
        from esacloud.azure.lower import lower

        return lower(policy, deployment)

    def documents(self, lowered: Lowered, deployment: Deployment) -> Mapping[str, Document]:
        """See `esacloud.azure.terraform.write`."""
        from esacloud.azure.terraform.write import documents

        return documents(lowered, deployment)

    def read_back(self, documents: Mapping[str, Document]) -> ReadBack:
        """See `esacloud.azure.terraform.read`."""
        from esacloud.azure.terraform.read import read_back

        return read_back(documents)

    def inventory(self) -> Inventory:
        """See `esacloud.azure.inventory.read`."""
        from esacloud.azure.inventory import read

        return read

    def live(self) -> Live:
        """See `esacloud.azure.live.cloud`. Needs `esacloud[azure]` once a client is made."""
        from esacloud.azure.live import cloud

        return cloud


PROVIDER: Provider = Azure()
