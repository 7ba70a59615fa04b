"""Cloud security groups for the Cisco Secure Email Gateway, made from the vendor port table and proven equal to it."""
