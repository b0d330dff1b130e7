"""Electroweak observables: what e+e- collisions, the W mass and low-energy parity violation measured, and how a mixed
sector changes them.
"""
