"""What the Azure package offers to the rooms above, as `esacloud.policy.lowered.Cloud` asks for it."""

from esacloud.azure.dialect import DIALECT
from esacloud.azure.lower import lower
from esacloud.azure.model import PUBLIC_ADDRESS_SPACES
from esacloud.azure.terraform.read import read_back
from esacloud.azure.terraform.write import documents

__all__ = ["DIALECT", "PUBLIC_ADDRESS_SPACES", "documents", "lower", "read_back"]
