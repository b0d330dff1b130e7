"""Hadron collider physics: how often proton collisions make a pair of millicharged particles, and how fast it moves.

Parton luminosities, the Drell-Yan spectrum, mesons and the boson with a jet. Rates are per kappa^2 and carry no K
factor, no detector and no statistics: those belong to `detector` and `constraints`.
"""
