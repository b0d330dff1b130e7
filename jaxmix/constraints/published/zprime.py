"""Searches for a dark photon: a kinetic mixing against the Z' mass."""

from collections.abc import Mapping
from typing import ClassVar, Self

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Scalar

from jaxmix import constants
from jaxmix.collider import parton_luminosity
from jaxmix.constraints.published import search
from jaxmix.currents import mixing, neutral_currents
from jaxmix.data import searches
from jaxmix.numerics import safe

_SMALLEST_KAPPA = 1e-9
_MAKERS = {"electrons": "e", "muons": "mu"}  # fermions by what makes the Z'
_WIDEST = 0.1  # width over mass of a Z' that a search for a narrow one would have seen
_NEUTRINOS = np.array([fermion.charge == 0.0 for fermion in constants.FERMIONS], dtype=float)
_LEPTONS = {
    word: np.array([fermion.name == name for fermion in constants.FERMIONS], dtype=float)
    for word, name in (("e e", "e"), ("mu mu", "mu"))
}


class ZprimeSearch(search.PublishedSearch):
    """A limit on the kinetic mixing epsilon of a dark photon against its mass; signal^2 = epsilon_prod^2
    BR/BR_published.

    epsilon_prod^2 = (g_L^2 + g_R^2)/(2 e^2) of the Z' and the particle that makes it: electrons or muons; quarks, each
    weighted with its parton luminosity at M = m_Z' and divided by the same sum of a photon's couplings; for pi0 decays
    the coefficient of e J_EM. BR of an invisible search is that to mCPs (of charges too small for tracks) and
    neutrinos, published for 1; of a visible one that to its leptons, published for a dark photon of the same mass that
    decays to the Standard Model alone. Both have the same quarks with the same thresholds, so that hadrons cancel where
    nothing is dark; where dark decays dominate, BR carries the error of the parton model for hadrons, a factor of up to
    about 2 below 2 GeV and more on a resonance. A Z' wider than a tenth of its mass is not what was searched for: no
    statement.
    """

    luminosity: parton_luminosity.PartonLuminosity | None  # of a search at a hadron collider
    pieces: Float[Array, "ends pieces"]  # ln(first mass) and ln(last mass) of each piece of the curve

    domain: ClassVar[str] = "m_zprime on the published curve, any phase; a Z' narrower than a tenth of its mass"
    needs: ClassVar[tuple[str, ...]] = ()
    size: ClassVar[int] = 2
    reasons: ClassVar[tuple[str, ...]] = ("no_statement", "outside_published_range", "zprime_too_wide")

    @classmethod
    def of(cls, found: searches.Search, pdf: str | None = None) -> Self:
        """Build the search of a table; pdf is an LHAPDF6 folder in place of the package's luminosities."""
        energy = found.collision_energy
        luminosity = None if energy is None else parton_luminosity.parton_luminosity(energy, folder=pdf)
        mass, _, segment = searches.curve(found)
        ends = [[np.log(mass[segment == each][end]) for each in np.unique(segment)] for end in (0, -1)]
        return cls(
            curve=search.published_curve(found),
            values={},
            search=found,
            luminosity=luminosity,
            pieces=jnp.asarray(ends),
        )

    def features(self, axis: str, held: Mapping[str, float]) -> tuple[float, ...]:
        """The ends of the curve, and where decays to mCPs open."""
        if axis == "m_mcp":
            return (held["m_zprime"] / 2,) if "m_zprime" in held else ()
        if axis not in ("m_zprime", "m2"):
            return ()
        return self.ends() + ((2 * held["m_mcp"],) if "m_mcp" in held else ())

    def production(self, currents: neutral_currents.NeutralCurrents, state: mixing.Eigenstate) -> Scalar:
        """epsilon_prod^2 (class docstring)."""
        if self.search.produced_by == "pi0":
            return state.a1**2
        if self.luminosity is None:
            return _strength(currents, state, _MAKERS[self.search.produced_by or ""])
        # below the table's masses a Z' couples to all quarks as a photon does
        up, down = self.luminosity.columns(jnp.maximum(state.mass, parton_luminosity.MASSES[0]))
        ratio = down / up
        return (_strength(currents, state, "u") + ratio * _strength(currents, state, "d")) / (4 / 9 + ratio / 9)

    def branching_ratio(self, zprime: search.Zprime) -> Scalar:
        """BR over BR_published (class docstring), zero for a Z' without any decay."""
        widths, photon = zprime.widths, zprime.photon
        if self.search.channel == "invisible":
            return safe.ratio(zprime.dark + jnp.dot(jnp.asarray(_NEUTRINOS, widths.dtype), widths), zprime.total)
        leptons = jnp.asarray(sum(mask for word, mask in _LEPTONS.items() if word in self.search.channel), widths.dtype)
        return safe.ratio(jnp.dot(leptons, widths) * jnp.sum(photon), zprime.total * jnp.dot(leptons, photon))

    def slow(self, currents: neutral_currents.NeutralCurrents) -> Float[Array, " two"]:
        """ln of the signal squared over kappa^2 (and over its limit, where the mass does not move with kappa: curves
        are rugged), and the width over the mass; both level off where kappa vanishes.
        """
        currents = currents.at_least(_SMALLEST_KAPPA)
        zprime = search.zprime_of(currents)
        seen = self.seen(currents, zprime)
        log_limit = self._log_limit(seen.mass) if currents.m_zprime is not None else 0.0
        strength = jnp.maximum(seen.signal / currents.strength**2, jnp.finfo(seen.signal.dtype).tiny)
        return jnp.stack([jnp.log(strength) - log_limit, zprime.total / seen.mass])

    def test_statistic(self, currents: neutral_currents.NeutralCurrents, slow: Float[Array, " two"]) -> Scalar:
        """critical (signal/limit)^2; NaN where there is no statement."""
        mass = neutral_currents.states(currents)[2].mass if currents.m_zprime is None else currents.m_zprime
        place = jnp.log(mass)
        log_limit = 0.0 if currents.m_zprime is not None else self._log_limit(mass)
        covered = jnp.any((place >= self.pieces[0]) & (place <= self.pieces[1]))
        q = self.critical_value() * currents.strength**2 * jnp.exp(slow[0] - log_limit)
        return jnp.where(covered & (slow[1] <= _WIDEST), q, jnp.nan)

    def _log_limit(self, mass: Scalar) -> Scalar:
        return self.curve.curve(jnp.log(mass))[0]

    def seen(self, currents: neutral_currents.NeutralCurrents, zprime: search.Zprime) -> search.Seen:
        """epsilon_prod^2 BR/BR_published at the mass of the Z'."""
        mass = zprime.state.mass
        signal = self.production(currents, zprime.state) * self.branching_ratio(zprime)
        return search.Seen(mass, signal, zprime.total > _WIDEST * mass)


def _strength(currents: neutral_currents.NeutralCurrents, state: mixing.Eigenstate, name: str) -> Scalar:
    """(g_L^2 + g_R^2)/(2 e^2) of the Z' and a fermion."""
    fermion = next(fermion for fermion in constants.FERMIONS if fermion.name == name)
    left, right = neutral_currents.chiral_couplings(currents, state, fermion)
    return (left**2 + right**2) / (2.0 * currents.e**2)
