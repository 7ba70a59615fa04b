"""Host names that become addresses: the lock file and what is in it, asking DNS, and what a firewall has to match."""
