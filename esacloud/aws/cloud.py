"""What the AWS package offers to the rooms above, as `esacloud.policy.cloud.Cloud` asks for it."""

from esacloud.aws.dialect import DIALECT
from esacloud.aws.lower import lower
from esacloud.aws.terraform import documents
from esacloud.aws.terraform_read import read_back

__all__ = ["DIALECT", "documents", "lower", "read_back"]
