"""AWS, as `esacloud.provider` asks for it. Each part is imported when it is first used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from esacloud.aws.dialect import DIALECT

if TYPE_CHECKING:
    from esacloud.deployment.model import Deployment
    from esacloud.policy.lowered import Document, Lowered, ReadBack
    from esacloud.policy.model import Policy
    from esacloud.provider import Inventory, Live, Provider


class Aws:
    """Security groups of a VPC."""

    dialect = DIALECT
    public_address_spaces: frozenset[str] = frozenset()  # the members of a security group or prefix list cannot be seen

    def lower(self, policy: Policy, deployment: Deployment) -> Lowered:
        """See `esacloud.aws.lower`."""
        from esacloud.aws.lower import lower

        return lower(policy, deployment)

    def documents(self, lowered: Lowered, deployment: Deployment) -> Mapping[str, Document]:
        """See `esacloud.aws.terraform.write`."""
        from esacloud.aws.terraform.write import documents

        return documents(lowered, deployment)

    def read_back(self, documents: Mapping[str, Document]) -> ReadBack:
        """See `esacloud.aws.terraform.read`."""
        from esacloud.aws.terraform.read import read_back

        return read_back(documents)

    def inventory(self) -> Inventory:
        """See `esacloud.aws.inventory.read`."""
        from esacloud.aws.inventory import read

        return read

    def live(self) -> Live:
        """See `esacloud.aws.live.cloud`. Needs `esacloud[aws]` once a client is made."""
        from esacloud.aws.live import cloud

        return cloud


PROVIDER: Provider = Aws()
