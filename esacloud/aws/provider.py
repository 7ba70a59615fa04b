"""What the AWS package offers to the rooms above, as `esacloud.policy.lowered.Cloud` asks for it."""

from esacloud.aws.dialect import DIALECT
from esacloud.aws.lower import lower
from esacloud.aws.terraform.read import read_back
from esacloud.aws.terraform.write import documents

PUBLIC_ADDRESS_SPACES: frozenset[str] = frozenset()  # who is in a security group or a prefix list cannot be seen

__all__ = ["DIALECT", "PUBLIC_ADDRESS_SPACES", "documents", "lower", "read_back"]
