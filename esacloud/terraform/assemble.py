"""A module as the texts of all its files: the cloud's documents, the README, and the manifest over them."""

from __future__ import annotations

from esacloud.deployment.model import Deployment
from esacloud.policy.lowered import Lowered
from esacloud.provider import Provider
from esacloud.terraform.layout import render
from esacloud.terraform.manifest import MANIFEST, manifest_text
from esacloud.terraform.readme import README, readme_text


def assemble(cloud: Provider, lowered: Lowered, deployment: Deployment) -> dict[str, str]:
    """File name -> text of every file of the module, the manifest last.

    The manifest says that the module is proven: whoever hands these texts on has to prove them first.
    """
    documents = cloud.documents(lowered, deployment)
    files = {name: render(document) for name, document in documents.items()}
    files[README] = readme_text(lowered, deployment, documents)
    files[MANIFEST] = manifest_text(lowered, deployment, files)
    return files
