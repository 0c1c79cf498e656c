"""How functionals learn the arrow of time: losses, backends, trainers, and what is kept of them."""
