"""Network security groups of a subscription, changed through azure-mgmt-network."""
