"""Which engine steps a gas."""
