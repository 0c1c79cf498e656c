"""Where runs start: positions and velocities, drawn at random or laid on a lattice."""
