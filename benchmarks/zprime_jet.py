"""Z' + jet events with the acceptance of both mCPs: events per second, with and without the gradient, and errors from
scrambles.
"""

import argparse

import jax
import jax.numpy as jnp
import measuring
import numpy as np

from jaxmix.collider import jet, parton_luminosity, partons, recoil
from jaxmix.detector import geometry, pair
from jaxmix.numerics.sobol import scrambled

jax.config.update("jax_enable_x64", True)
BLOCK = 4096  # events of one block of Sobol points: what a core's cache holds


def rows(quick: bool) -> list[measuring.Row]:
    """The table."""
    densities, luminosity = partons.parton_densities(), parton_luminosity.parton_luminosity()
    tabulated, spectrum = luminosity.tabulate(), jax.jit(recoil.tabulate)(luminosity, densities)
    events = 2**15 if quick else 2**20
    cube = jnp.asarray(scrambled.points(pair.DIMENSIONS, events.bit_length() - 1, 1)[0]).reshape(
        -1, BLOCK, pair.DIMENSIONS
    )

    def probability(place: jax.Array, cube: jax.Array) -> jax.Array:
        mass, m, side, distance, eta = place
        beta = jnp.sqrt(1 - 4 * (m / mass) ** 2)
        face = geometry.Face(side, distance, eta)
        source = pair.Source(densities, luminosity.sqrt_s, weigh=lambda pt: spectrum.below(mass, pt))
        up, _ = pair.cross_section(mass, beta, source, face, cube)
        return jnp.mean(up) / jet.drell_yan(mass, tabulated)[0]

    blocks = jax.jit(lambda place, cube: jax.lax.map(lambda block: probability(place, block), cube))
    slopes = jax.jit(lambda place, cube: jax.lax.map(lambda block: jax.value_and_grad(probability)(place, block), cube))
    places = {mass: jnp.array([mass, m, 1.0, 20.0, 0.0]) for mass, m in ((3.0, 1.0), (9.0, 4.0), (30.0, 10.0))}
    functions = {
        "value": lambda: jax.block_until_ready(blocks(places[3.0], cube)),
        "gradient": lambda: jax.block_until_ready(slopes(places[3.0], cube)),
    }
    times = measuring.medians(functions, 1 if quick else 5)
    found = [
        measuring.Row(
            "Z' + jet events with the acceptance of both mCPs", _rate(events, times["value"]), "> 1 million events/s"
        ),
        measuring.Row("the same with the gradient in masses and geometry", _rate(events, times["gradient"])),
    ]
    points = scrambled.points(pair.DIMENSIONS, 10, 8)
    one = jax.jit(probability)
    for mass, place in places.items():
        scrambles = np.array([float(one(place, jnp.asarray(each))) for each in points])
        value, error = np.mean(scrambles), np.std(scrambles, ddof=1) / np.sqrt(len(scrambles))
        what = (
            f"probability of both, up type, m_zprime = {mass:g}, m_mcp = {float(place[1]):g} GeV: "
            "error of one scramble of 1024 points"
        )
        found.append(measuring.Row(what, f"{value:.2e}, {error * np.sqrt(8) / value:.1%}", "< 5% above 1e-9"))
    return found


def _rate(events: int, seconds: float) -> str:
    return f"{events / seconds / 1e6:.3g} million events/s"


def section(arguments: argparse.Namespace) -> measuring.Section:
    """The rows and notes of the section."""
    return measuring.Section(rows(arguments.quick))


if __name__ == "__main__":
    measuring.main(__doc__, section)
