"""Numerical tools that know no physics: functions with good gradients at their edges, splines,
quadrature and root finding. Anything with a particle's name in it belongs elsewhere."""
