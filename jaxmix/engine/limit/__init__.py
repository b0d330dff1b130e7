"""Limits: where an output crosses one along a single parameter, on a point, a list of points or a surface of them."""
