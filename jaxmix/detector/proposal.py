"""The layer of the proposal, A. Haas et al., Phys. Lett. B 746 (2015) 117, arXiv:1410.6816. No jax here."""

THICKNESS = 1.4  # m of scintillator
LIGHT_YIELD = 1e4  # photons/MeV
EFFICIENCY = 0.1  # photoelectrons per photon
CHARGE_ONE_PHOTOELECTRON = 2e-3  # charge, in e, that gives one photoelectron a layer, rounded there
