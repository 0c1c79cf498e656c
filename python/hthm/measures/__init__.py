"""What is measured of velocities beside H."""
