"""Contours of a function of two parameters.

1. `subdivide` halves the cells of a box until f is simple in each. 2. `marching` follows the level through the cells,
`components` joins what belongs together. 3. `polish` puts every vertex on the level, `spacing` adds vertices where the
curve bends. 4. `verify` checks the result by bisection, `enclose` by interval arithmetic, `bezier` writes it as a path.
`trace` is the way in.
"""
