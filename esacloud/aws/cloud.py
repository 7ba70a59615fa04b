"""What the AWS package offers to the rooms above, as `esacloud.policy.cloud.Cloud` asks for it."""

from esacloud.aws.dialect import DIALECT
from esacloud.aws.lower import lower
from esacloud.aws.terraform import documents
from esacloud.aws.terraform_read import read_back

PUBLIC_REALMS: frozenset[str] = frozenset()  # who is in a security group or a prefix list cannot be seen

__all__ = ["DIALECT", "PUBLIC_REALMS", "documents", "lower", "read_back"]
