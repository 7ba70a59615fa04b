"""The toy cloud, as `esacloud.provider` asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from toycloud.dialect import DIALECT

if TYPE_CHECKING:
    from esacloud.deployment.model import Deployment
    from esacloud.policy.lowered import Document, Lowered, ReadBack
    from esacloud.policy.model import Policy
    from esacloud.provider import Inventory, Live, Provider


class Toy:
    """Filters of a site."""

    dialect = DIALECT
    public_address_spaces: frozenset[str] = frozenset()

    def lower(self, policy: Policy, deployment: Deployment) -> Lowered:
        """See `toycloud.lower`."""
        from toycloud.lower import lower

        return lower(policy, deployment)

    def documents(self, lowered: Lowered, deployment: Deployment) -> Mapping[str, Document]:
        """See `toycloud.terraform`."""
        from toycloud.terraform import documents

        return documents(lowered, deployment)

    def read_back(self, documents: Mapping[str, Document]) -> ReadBack:
        """See `toycloud.terraform`."""
        from toycloud.terraform import read_back

        return read_back(documents)

    def inventory(self) -> Inventory:
        """See `toycloud.inventory`."""
        from toycloud import inventory

        return inventory

    def live(self) -> Live:
        """See `toycloud.live`."""
        from toycloud import live

        return live


PROVIDER: Provider = Toy()
