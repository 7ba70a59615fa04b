"""From catalogue and deployment to flows; exact merging; what every cloud package has to offer."""
