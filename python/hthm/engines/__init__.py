"""How runs are stepped: engines by name, the fastest of them, and what they refuse."""
