"""What a simulation leaves: frames, and the log of collisions."""
