"""The audit of someone else's claim: what was sent is recognised, checked as far as it allows, and the claim decided."""
