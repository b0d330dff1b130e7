"""Electroweak observables: what e+e- collisions, W mass and low-energy parity violation measured, and what a mixed
sector makes of it.
"""
