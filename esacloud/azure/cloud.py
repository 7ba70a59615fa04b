"""What the Azure package offers to the rooms above, as `esacloud.policy.cloud.Cloud` asks for it."""

from esacloud.azure.dialect import DIALECT
from esacloud.azure.lower import lower
from esacloud.azure.model import PUBLIC_REALMS
from esacloud.azure.terraform import documents
from esacloud.azure.terraform_read import read_back

__all__ = ["DIALECT", "PUBLIC_REALMS", "documents", "lower", "read_back"]
