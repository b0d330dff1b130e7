"""The millicharge detector at the LHC: pairs of mCPs from Drell-Yan, quarkonia and light mesons, one or both of which
cross a small pointing detector and give light in every layer. A projection of the proposal in A. Haas, C. S. Hill,
E. Izaguirre and I. Yavin, Phys. Lett. B 746 (2015) 117 (arXiv:1410.6816), as paper A uses it."""

import dataclasses
import functools
import math
import operator
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Scalar

from jaxmix import constants, parameters, statistics
from jaxmix.collider import drell_yan, mesons, parton_luminosity, partons, recoil
from jaxmix.constraints.base import abilities, abstract, closed_form, setting
from jaxmix.constraints.mcp_lhc import cost, report_blocks
from jaxmix.constraints.mcp_lhc.settings import SETTINGS
from jaxmix.currents import neutral_currents
from jaxmix.detector import acceptance, acceptance_table, background, geometry, photoelectrons

_COLLIDER = frozenset({"sqrt_s", "scale"})  # settings that `Protons` rest on
_GEOMETRY = frozenset({"distance", "side", "eta", "bars_across", "intrinsic_momentum"})
TABULATED = _COLLIDER | _GEOMETRY  # settings that `Acceptances` rest on
_RESONANCE_STEPS = (1e-3, 1e-2)  # distances from a resonance, over its mass, that bracket its flanks
_Z_STEPS = (2e-4, 1e-3, 1e-2)  # the same from the Z, where labels swap


class Protons(eqx.Module):
    """What rests on the collider alone: parton luminosities, and the recoil of the pairs that they make."""

    luminosity: parton_luminosity.TabulatedLuminosity
    recoil: recoil.Recoil


class Acceptances(eqx.Module):
    """Acceptances of the pairs: what counts, and what is to be taken off it, both in the same bar where different ones
    are asked for.
    """

    whole: acceptance_table.AcceptanceTable
    same_bar: acceptance_table.AcceptanceTable | None


class MillichargeDetector(abstract.AbstractConstraint):
    """Events with one mCP seen, N = L sum_channels sigma A P with P of all layers giving light, or with both seen, N =
    L sigma A2 P^2.

    Both (setting particles = "two") means in different bars, from a boson that recoils against a jet; "same_bar" means
    both in one, whose photoelectrons add, N = L sigma A2 P(2 N_PE). Pairs from mesons are left out of either. Judged as
    a Poisson count over the dark-count coincidences: mode "sigma" (q_Asimov = n^2 for n standard deviations) or "cl" (q
    = -2 ln CLs).
    """

    luminosities: parton_luminosity.PartonLuminosity
    densities: partons.PartonDensities
    mesons: mesons.Mesons
    plateaus: acceptance.PlateauTable | None  # of all mesons, stacked; from `prepared`
    protons: Protons | None  # at the present settings; None where a setting that they rest on varies with the point
    acceptances: Acceptances | None  # the same
    values: dict[str, Scalar]
    level: Scalar
    mode: str = eqx.field(static=True)
    particles: str = eqx.field(static=True)

    name: ClassVar[str] = "mcp_lhc"
    title: ClassVar[str] = "Millicharge detector at the LHC"
    reference: ClassVar[str] = "A. Haas et al., Phys. Lett. B 746 (2015) 117, arXiv:1410.6816"
    data_reference: ClassVar[str] = (
        "R. D. Ball et al. (NNPDF), Eur. Phys. J. C 77 (2017) 663, arXiv:1706.00428 (parton luminosities)"
    )
    kind: ClassVar[str] = "projected"
    domain: ClassVar[str] = "any phase with a massless dark photon; m_mcp up to half the collider's reach"
    label: ClassVar[str] = ""
    settings: ClassVar[Mapping[str, setting.Setting]] = SETTINGS
    parameters: ClassVar[tuple[str, ...]] = ("sqrt_s", "luminosity")
    needs: ClassVar[tuple[str, ...]] = ("m_mcp",)
    levels: ClassVar[tuple[tuple[str, float], ...]] = (("sigma", 2.0), ("sigma", 3.0))
    only_cl: ClassVar[float | None] = None
    size: ClassVar[int] = 1
    blocks: ClassVar[tuple[str, ...]] = report_blocks.BLOCKS
    budget: ClassVar[abilities.Budget] = abilities.Budget(cost.PRICES, cost.cost, cost.VOLUME)
    collider_settings: ClassVar[frozenset[str]] = _COLLIDER

    @classmethod
    def build(cls, settings: Mapping[str, float | str], level: tuple[str, float], pdf: str | None = None) -> Self:
        """Build the detector.

        Parameters
        ----------
        settings
            By name, others at their defaults; the collider's parameters may be among them.
        level
            ("sigma", n) or ("cl", fraction).
        pdf
            An LHAPDF6 folder in place of the package's parton luminosities.

        Raises
        ------
        ValueError
            For a face that would hold the beam, or a word that is not allowed.
        """
        defaults = parameters.defaults()
        collider = {name: float(settings.get(name, defaults[name])) for name in cls.parameters}
        numbers = {**collider, **setting.values(cls.settings, settings)}
        ends = {name: (float(numbers[name]),) * 2 for name in ("side", "distance", "eta")}
        if _holds_the_beam(ends):
            side, distance, eta = (pair[0] for pair in ends.values())
            raise ValueError(
                f"mcp_lhc: a face of {side:g} m at {distance:g} m and eta = {eta:g} would hold the beam; "
                "allowed: side cosh(eta) < 2 distance; move it away or to smaller |eta|."
            )
        return cls(
            luminosities=parton_luminosity.parton_luminosity(folder=pdf),
            densities=partons.parton_densities(pdf),
            mesons=mesons.load(),
            plateaus=None,
            protons=None,
            acceptances=None,
            values={name: jnp.asarray(value, dtype=float) for name, value in numbers.items()},
            level=jnp.asarray(level[1], dtype=float),
            mode=level[0],
            particles=setting.words(cls.name, cls.settings, settings)["particles"],
        )

    def sources(self) -> tuple[str, ...]:
        """Return the publications of the detector, the parton luminosities and the rates of mesons."""
        return self.reference, self.data_reference, *mesons.sources()

    def prepared(self) -> Self:
        """Return the detector with its tables at the present settings."""
        plateaus = jax.vmap(acceptance.tabulate_plateau)(self.mesons.mass, self.mesons.p0, self.mesons.n)
        protons = self.of_protons()
        return dataclasses.replace(self, plateaus=plateaus, protons=protons, acceptances=self.accepted(protons))

    def at_level(self, mode: str, value: float) -> Self:
        """Return the detector judged at another level."""
        return dataclasses.replace(self, mode=mode, level=jnp.asarray(value, dtype=float))

    def asimov(self) -> Self:
        """Return the detector itself: the background alone is taken as observed."""
        return self

    def with_settings(self, values: Mapping[str, Scalar]) -> Self:
        """Return the detector with some settings replaced, without the tables that rest on them."""
        protons = None if _COLLIDER & set(values) else self.protons
        acceptances = None if TABULATED & set(values) else self.acceptances
        return dataclasses.replace(self, values={**self.values, **values}, protons=protons, acceptances=acceptances)

    def movable(self) -> dict[str, Scalar]:
        """Return all settings but the number of bars across; no dark counts where there are none."""
        return setting.movable(self.settings, self.values, fixed=("bars_across",))

    def with_tables(self) -> Self:
        """Return the detector with the acceptances that its present settings give."""
        if self.acceptances is not None:
            return self
        protons = self.of_protons() if self.protons is None else self.protons
        return dataclasses.replace(self, acceptances=self.accepted(protons))

    def with_shared_tables(self, first: Self) -> Self:
        """Return the detector with another one's tables that rest on the collider, so that they are computed once."""
        return dataclasses.replace(self, protons=first.protons, plateaus=first.plateaus, mesons=first.mesons)

    def face(self) -> geometry.Face:
        """Return the front face as the interaction point sees it."""
        return geometry.Face(self.values["side"], self.values["distance"], self.values["eta"])

    def of_protons(self) -> Protons:
        """Return luminosities and recoil at the present settings."""
        luminosities = dataclasses.replace(self.luminosities, sqrt_s=self.values["sqrt_s"], scale=self.values["scale"])
        return Protons(luminosities.tabulate(), recoil.tabulate(luminosities, self.densities))

    def accepted(self, protons: Protons) -> Acceptances:
        """Return acceptances at the present settings."""
        v, face = self.values, self.face()
        if self.particles == "one":
            return Acceptances(
                acceptance_table.one(protons.luminosity, protons.recoil, face, v["intrinsic_momentum"]), None
            )
        given = protons.luminosity, self.densities, protons.recoil, face
        same_bar = acceptance_table.two(*given, v["bars_across"], v["scale"])
        if self.particles == "same_bar":
            return Acceptances(same_bar, None)
        return Acceptances(acceptance_table.two(*given, 1.0, v["scale"]), same_bar)

    def features(self, axis: str, held: Mapping[str, float]) -> tuple[float, ...]:
        """Return mCP masses at a meson's threshold, and Z' masses on a vector meson (within some widths of the Z') or
        on the Z.
        """
        vectors = sorted({float(mass) for mass in self.mesons.mass[: self.mesons.two_body]})
        steps = [(mass, step) for mass in vectors for step in _RESONANCE_STEPS] + [
            (constants.M1, step) for step in _Z_STEPS
        ]
        resonances = [mass * (1.0 + sign * step) for mass, step in steps for sign in (-1.0, 1.0)]
        thresholds = [mass / 2 for mass in [*vectors, constants.M1]]
        ratio = held.get("m_zprime_over_m_mcp", held.get("m2_over_m_mcp"))
        if axis in ("m_zprime", "m2"):
            return tuple(resonances)
        if axis == "m_mcp":
            return tuple(thresholds + ([mass / ratio for mass in resonances] if ratio else []))
        return ()

    def channels(self, currents: neutral_currents.NeutralCurrents) -> dict[str, tuple[Scalar, Scalar]]:
        """Return the cross section of pairs and that times acceptance of each channel, over kappa^2, in pb."""
        protons = self.of_protons() if self.protons is None else self.protons
        acceptances = self.accepted(protons) if self.acceptances is None else self.acceptances
        spectrum = self._shifted(drell_yan.spectrum(currents, protons.luminosity))

        def accepted(table: acceptance_table.AcceptanceTable) -> Scalar:
            share = jnp.exp(spectrum.spread(table(spectrum.sparse_mass, currents.mcp_mass)))
            return jnp.sum(spectrum.up * share[:, 0] + spectrum.down * share[:, 1])

        seen = accepted(acceptances.whole)
        if acceptances.same_bar is not None:
            seen = seen - accepted(acceptances.same_bar)
        k_factor = self.values["k_factor"]
        return {"drell_yan": (k_factor * spectrum.cross_section, k_factor * seen), **self._mesons(currents)}

    def _shifted(self, spectrum: drell_yan.Spectrum) -> drell_yan.Spectrum:
        """The spectrum moved by pdf_shift: sets of leading-order distributions differ by a factor 2 at M = 3 GeV and by
        about 3% at 300 GeV, taken as ln 2 (3 GeV/M)^0.68 at one standard deviation."""
        factor = jnp.exp(self.values["pdf_shift"] * math.log(2.0) * (3.0 / spectrum.mass) ** 0.68)
        return dataclasses.replace(spectrum, up=factor * spectrum.up, down=factor * spectrum.down)

    def _mesons(self, currents: neutral_currents.NeutralCurrents) -> dict[str, tuple[Scalar, Scalar]]:
        """The meson channels, by name; a Dalitz pair is taken to carry its meson's momentum."""
        table, face = self.mesons, self.face()
        rates = mesons.rates(currents, self.values["sqrt_s"], table)
        crossing = jax.vmap(lambda plateau: plateau(currents.mcp_mass, face))(self.plateaus)
        scales = {"quarkonium": self.values["quarkonium_scale"], "light_meson": self.values["light_meson_scale"]}
        found = {}
        for i, (name, family) in enumerate(zip(table.names, table.families)):
            factor = jnp.exp(scales["light_meson" if family.startswith("light") else "quarkonium"])
            found[name] = factor * rates.total[i], factor * rates.plateau[i] * crossing[i] * (self.particles == "one")
        return found

    def slow(self, currents: neutral_currents.NeutralCurrents) -> Float[Array, " one"]:
        """Return ln of the cross section times acceptance over kappa^2 (pb), all channels together."""
        return self.gathered(self.channels(currents))

    def gathered(self, channels: Mapping[str, tuple[Scalar, Scalar]]) -> Float[Array, " one"]:
        """Return the slow part from the channels."""
        accepted = functools.reduce(operator.add, (each for _, each in channels.values()))
        return jnp.log(jnp.maximum(accepted, jnp.finfo(accepted.dtype).tiny))[None]

    def reason(self, currents: neutral_currents.NeutralCurrents) -> Int[Array, ""]:
        """Return the first reason: it makes a statement wherever the model does."""
        return closed_form.first_reason()

    @staticmethod
    def companions(settings: Mapping[str, float | str]) -> dict[str, dict[str, float | str]]:
        """Return the settings with one mCP and with both, without those that the detector has itself."""
        return report_blocks.companions(settings)

    def report(
        self, currents: neutral_currents.NeutralCurrents, companions: Mapping[str, Self]
    ) -> tuple[Float[Array, " one"], dict[str, Scalar]]:
        """Return the slow part, and production and detection by the number of mCPs asked for."""
        asked = {self.particles: self, **companions}
        channels = {particles: each.channels(currents) for particles, each in asked.items()}
        slow = {particles: each.gathered(channels[particles]) for particles, each in asked.items()}
        seen = {
            particles: (slow[particles], asked[particles].expected_events(currents, slow[particles]))
            for particles in report_blocks.SEEN
        }
        light = asked["one"].values["layers"], asked["one"].charge_one()
        return slow[self.particles], report_blocks.numbers(currents, light, channels["one"], seen)

    @staticmethod
    def documents(numbers: Mapping[str, float]) -> dict[str, dict[str, Any]]:
        """Return the JSON objects `lhc` and `detector`."""
        return report_blocks.documents(numbers)

    @staticmethod
    def impossible_designs(ends: Mapping[str, tuple[float, float]]) -> list[tuple[str, str]]:
        """Return a complaint where a design in the ranges could hold the beam."""
        if not _holds_the_beam(ends):
            return []
        side, distance, eta = ends["side"][1], ends["distance"][0], max(map(abs, ends["eta"]))
        found = f"a face of up to {side:g} m at {distance:g} m and |eta| up to {eta:g}, which could hold the beam"
        return [(found, "side cosh(eta) < 2 distance for every design in the ranges")]

    @property
    def bars_hit(self) -> int:
        """Number of bars that an event needs."""
        return 2 if self.particles == "two" else 1

    @property
    def layers(self) -> Scalar:
        """Number of layers that must see light."""
        return self.values["layers"]

    def charge_one(self) -> Scalar:
        """Return the charge (e) that gives one photoelectron a layer, with the present layers and their light,
        of all mCPs in a bar.
        """
        v = self.values
        light = photoelectrons.relative_light(v["thickness"], v["light_yield"], v["efficiency"])
        light = 2 * light if self.particles == "same_bar" else light
        return v["charge_one_photoelectron"] / jnp.sqrt(light)

    def expected_events(self, currents: neutral_currents.NeutralCurrents, slow: Float[Array, " one"]) -> Scalar:
        """Return the expected number of events seen, L kappa^2 exp(slow) P, or P^2 where two bars must see an mCP."""
        probability = photoelectrons.detection_probability(
            currents.epsilon_gamma, self.bars_hit * self.values["layers"], self.charge_one()
        )
        return (
            self.values["luminosity"] * constants.PER_FEMTOBARN * currents.strength**2 * jnp.exp(slow[0]) * probability
        )

    def judge(self) -> statistics.Counting:
        """Return the count over the expected dark-count coincidences."""
        v = self.values
        dark = background.dark_count_events(v["rate"], v["window"], v["bars"], v["layers"], v["live_time"])
        return statistics.Counting(dark, level=self.level, mode=self.mode)

    def test_statistic(self, currents: neutral_currents.NeutralCurrents, slow: Float[Array, " one"]) -> Scalar:
        """Return q of the expected signal if the background alone is observed."""
        return self.judge().expected(self.expected_events(currents, slow))

    def critical_value(self) -> Scalar:
        """Return n^2 in mode "sigma", -2 ln(1 - cl) in mode "cl"."""
        return self.judge().critical_value()


def _holds_the_beam(ends: Mapping[str, tuple[float, float]]) -> bool:
    """Return True if a face in the ranges of side and distance (m) and eta may reach the beam axis."""
    return ends["side"][1] * math.cosh(max(map(abs, ends["eta"]))) >= 2 * ends["distance"][0]
