"""Sobol points: the net by index on the device, and scrambled sets of points made once on the host."""
