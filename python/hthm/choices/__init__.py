"""What a command computes: every choice, as dataclasses."""
