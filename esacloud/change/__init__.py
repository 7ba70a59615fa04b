"""Changes of a live cloud: desired against actual, in an order that keeps the safety invariant."""
