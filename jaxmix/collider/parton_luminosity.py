"""Quark-antiquark luminosities of proton-proton collisions and the rapidity density of the pair that they make."""

import abc
from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Scalar

from jaxmix.data import tables
from jaxmix.numerics import safe, spline

MASSES = (2.0, 4000.0)  # GeV, the range of a tabulated luminosity
HIGHEST_FRACTION = 0.74  # of sqrt_s: the highest mass of the table
KNOTS = 400  # of ln M in a tabulated luminosity
DENSITY_KNOTS = 64  # of ln M in a tabulated density


class AbstractLuminosity(eqx.Module):
    """What a proton-proton luminosity offers to the Drell-Yan integral and to the detector's acceptance."""

    sqrt_s: eqx.AbstractVar[Scalar]  # GeV

    @abc.abstractmethod
    def columns(self, mass: Float[Array, "*n"]) -> tuple[Float[Array, "*n"], Float[Array, "*n"]]:
        """Luminosities L_q(tau = M^2/S, mu_F) = int dy [q(x1) qbar(x2) + qbar(x1) q(x2)] of up-type and down-type
        quarks, summed over u, c and over d, s, b; mass M in GeV.
        """

    @abc.abstractmethod
    def rapidity_density(
        self, mass: Scalar, rapidity: Float[Array, "*n"]
    ) -> tuple[Float[Array, "*n"], Float[Array, "*n"]]:
        """Normalised density dL_q/dy/L_q at rapidities of a pair of mass M (GeV), of up-type and down-type quarks.

        Its integral over |y| < ln(sqrt_s/M) is one, and it is zero beyond.
        """


class PartonLuminosity(AbstractLuminosity):
    """Luminosities from the table of one set of parton distributions, at any collision energy and factorisation scale.

    mu_F = scale M, held at the grid's ends (1.65 GeV and 8.2 TeV). Domain: sqrt_s 2 to 100 TeV, M from 2 GeV to
    4 TeV and 0.74 sqrt_s, scale 0.5 to 2. ln L is interpolated cubically in (sqrt(-ln tau), ln mu_F), to 2e-4 of the
    direct integral over the grid; the density to 1% of its peak (2% above M = 0.4 sqrt_s).
    """

    log_luminosity: spline.UniformSpline  # over sqrt(-ln tau), ln mu_F
    density: spline.UniformSpline  # 2 y_max rho over sqrt(-ln tau), ln mu_F, z = |y|/y_max
    sqrt_s: Scalar  # GeV
    scale: Scalar  # mu_F/M

    def columns(self, mass: Float[Array, "*n"]) -> tuple[Float[Array, "*n"], Float[Array, "*n"]]:
        """See AbstractLuminosity; mass in GeV."""
        values = jnp.exp(self.log_luminosity(*self._position(mass)))
        return values[..., 0], values[..., 1]

    def rapidity_density(
        self, mass: Scalar, rapidity: Float[Array, "*n"]
    ) -> tuple[Float[Array, "*n"], Float[Array, "*n"]]:
        """See AbstractLuminosity; zero beyond the kinematic limit."""
        root, log_scale = self._position(mass)
        values = self.density.at_first(root).at_first(log_scale)(_reduced(self.sqrt_s, mass, rapidity))
        return _density(values, self.sqrt_s, mass, rapidity)

    def tabulate(self) -> "TabulatedLuminosity":
        """Tabulate the luminosity at this sqrt_s and scale over ln M alone: many times cheaper, and differentiable."""
        low = jnp.log(jnp.asarray(MASSES[0], dtype=jnp.result_type(float)))
        high = jnp.log(jnp.minimum(MASSES[1], HIGHEST_FRACTION * self.sqrt_s))
        fine, coarse = jnp.linspace(low, high, KNOTS), jnp.linspace(low, high, DENSITY_KNOTS)
        z = jnp.linspace(0.0, 1.0, self.density.coefficients.shape[2] - 2)
        root, log_scale = (jnp.broadcast_to(x[:, None], (len(coarse), len(z))) for x in self._position(jnp.exp(coarse)))
        density = self.density(root, log_scale, jnp.broadcast_to(z[None, :], root.shape))
        return TabulatedLuminosity(
            log_luminosity=spline.fit(self.log_luminosity(*self._position(jnp.exp(fine))), (low, high)),
            density=spline.fit(density, (low, high), (0.0, 1.0)),
            sqrt_s=self.sqrt_s,
        )

    def _position(self, mass: Float[Array, "*n"]) -> tuple[Float[Array, "*n"], Float[Array, "*n"]]:
        """(sqrt(-ln tau), ln mu_F) at a mass."""
        return safe.sqrt(2 * jnp.log(self.sqrt_s / mass)), jnp.log(self.scale * mass)


class TabulatedLuminosity(AbstractLuminosity):
    """Luminosities at one collision energy and one ratio mu_F/M, over ln M; made by PartonLuminosity.tabulate."""

    log_luminosity: spline.UniformSpline  # over ln M
    density: spline.UniformSpline  # 2 y_max rho over ln M, z
    sqrt_s: Scalar  # GeV

    def columns(self, mass: Float[Array, "*n"]) -> tuple[Float[Array, "*n"], Float[Array, "*n"]]:
        """See AbstractLuminosity; mass in GeV."""
        values = jnp.exp(self.log_luminosity(jnp.log(mass)))
        return values[..., 0], values[..., 1]

    def rapidity_density(
        self, mass: Scalar, rapidity: Float[Array, "*n"]
    ) -> tuple[Float[Array, "*n"], Float[Array, "*n"]]:
        """See AbstractLuminosity; zero beyond the kinematic limit."""
        values = self.density.at_first(jnp.log(mass))(_reduced(self.sqrt_s, mass, rapidity))
        return _density(values, self.sqrt_s, mass, rapidity)


def parton_luminosity(
    sqrt_s: float = 14000.0, scale: float = 1.0, folder: str | Path | None = None
) -> PartonLuminosity:
    """Read the luminosity of the package's own table, or of an LHAPDF6 set.

    Parameters
    ----------
    sqrt_s
        Collision energy, GeV.
    scale
        mu_F/M.
    folder
        Folder of an LHAPDF6 set; None for the package's table.

    Raises
    ------
    ValueError
        For a set in the folder that cannot be read.
    """
    table = tables.parton_luminosity(folder)
    axes = [spline.ends(table[name]) for name in ("root_log_tau", "log_scale")]
    density_axes = [spline.ends(table[f"density_{name}"]) for name in ("root_log_tau", "log_scale", "z")]
    return PartonLuminosity(
        log_luminosity=spline.fit(jnp.asarray(table["log_luminosity"]), *axes),
        density=spline.fit(jnp.asarray(table["density"].astype(float)), *density_axes),
        sqrt_s=jnp.asarray(sqrt_s, dtype=float),
        scale=jnp.asarray(scale, dtype=float),
    )


def _reduced(sqrt_s: Scalar, mass: Scalar, rapidity: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """Rapidity over its largest, z = |y|/y_max."""
    return jnp.abs(rapidity) / jnp.log(sqrt_s / mass)


def _density(
    values: Float[Array, "*n 2"], sqrt_s: Scalar, mass: Scalar, rapidity: Float[Array, "*n"]
) -> tuple[Array, Array]:
    """rho(y) from 2 y_max rho; cubic undershoots below zero near the limit are removed."""
    limit = jnp.log(sqrt_s / mass)
    inside = jnp.abs(rapidity) < limit
    up, down = (jnp.where(inside, jnp.maximum(values[..., i], 0.0), 0.0) / (2 * limit) for i in (0, 1))
    return up, down
