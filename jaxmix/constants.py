"""Particle data and Standard Model inputs, in GeV unless a line says otherwise; a source on each line.

PDG 2024 stands for S. Navas et al., Phys. Rev. D 110 (2024) 030001. Defaults of the model's own
parameters are those of the project's interface: they are inputs, not measurements.
"""

import math
from typing import NamedTuple

# Standard Model inputs of every command (tree level; choose others by their flags)
ALPHA = 1 / 127.9  # electromagnetic coupling e^2/(4 pi) at m_Z, rounded; PDG 2024, electroweak review, table 10.2
ALPHA_0 = 1 / 137.035999177  # electromagnetic coupling at zero momentum, of magnetic moments; CODATA 2022
SIN2_THETA_W = 0.2312  # effective leptonic mixing angle, rounded; PDG 2024, electroweak review, table 10.2
M1 = 91.1876  # Lagrangian Z mass; ALEPH et al., Phys. Rept. 427 (2006) 257, eq. (2.5)
ALPHA_S = 0.118  # strong coupling at m_Z, in the QCD factor of quark currents; PDG 2024, QCD review

E_CHARGE = math.sqrt(4 * math.pi * ALPHA)  # e = 0.3134, Heaviside-Lorentz
THETA_W = math.asin(math.sqrt(SIN2_THETA_W))  # rad

# Fermion masses; heavy quarks: pole-like masses that place the open-flavour thresholds
M_ELECTRON = 0.51099895e-3  # PDG 2024, lepton summary table
M_MUON = 0.1056583755  # PDG 2024, lepton summary table
M_TAU = 1.77693  # PDG 2024, lepton summary table
M_CHARM = 1.2730  # MS-bar at m_c; PDG 2024, quark summary table
M_BOTTOM = 4.183  # MS-bar at m_b; PDG 2024, quark summary table
M_TOP = 172.57  # direct measurements; PDG 2024, quark summary table

PICOBARN = 0.3893793721e9  # (hbar c)^2 in GeV^2 pb; CODATA 2018, PDG 2024, table 1.1
PER_FEMTOBARN = 1e3  # pb^-1 in one fb^-1

M_PION = 0.13957039  # charged pion, lightest open final state of u and d currents; PDG 2024, meson summary table
M_KAON = 0.493677  # charged kaon, the same for s; PDG 2024, meson summary table


# GeV, root mean square of the pair's transverse momentum from the partons' own, 0.38 GeV^2 each; P. Schweitzer, T.
# Teckentrup and A. Metz, Phys. Rev. D 81 (2010) 094019, from semi-inclusive deep inelastic scattering
INTRINSIC_MOMENTUM = 0.87


class Fermion(NamedTuple):
    """Quantum numbers of a Standard Model fermion: electric charge, weak isospin, colours, and the mass (GeV) that
    sets its threshold in Z and Z' decays."""

    name: str
    charge: float
    isospin: float
    colours: int
    mass: float


FERMIONS = (
    Fermion("nu_e", 0.0, 0.5, 1, 0.0),
    Fermion("nu_mu", 0.0, 0.5, 1, 0.0),
    Fermion("nu_tau", 0.0, 0.5, 1, 0.0),
    Fermion("e", -1.0, -0.5, 1, M_ELECTRON),
    Fermion("mu", -1.0, -0.5, 1, M_MUON),
    Fermion("tau", -1.0, -0.5, 1, M_TAU),
    Fermion("u", 2 / 3, 0.5, 3, M_PION),
    Fermion("d", -1 / 3, -0.5, 3, M_PION),
    Fermion("s", -1 / 3, -0.5, 3, M_KAON),
    Fermion("c", 2 / 3, 0.5, 3, M_CHARM),
    Fermion("b", -1 / 3, -0.5, 3, M_BOTTOM),
    Fermion("t", 2 / 3, 0.5, 3, M_TOP),
)
