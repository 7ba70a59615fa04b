"""What the Azure package offers to the rooms above, as `esacloud.policy.cloud.Cloud` asks for it."""

from esacloud.azure.dialect import DIALECT
from esacloud.azure.lower import lower
from esacloud.azure.terraform import documents
from esacloud.azure.terraform_read import read_back

__all__ = ["DIALECT", "documents", "lower", "read_back"]
