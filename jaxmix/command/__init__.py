"""How any command reads its arguments, starts JAX, prints its answers and ends."""
