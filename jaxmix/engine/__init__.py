"""The engine: it evaluates a function of a few parameters on grids of any size, finds where an output crosses
one, and traces contours. It sees "a pytree of numbers in, a few numbers out" and holds no physics; compiling and
batching over parameter points happen here and nowhere else."""
