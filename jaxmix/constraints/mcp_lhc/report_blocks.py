"""What `jaxmix point` tells of the millicharge detector: production at the collider, and light and events in it."""

import functools
import operator
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Scalar

from jaxmix.currents import neutral_currents
from jaxmix.detector import photoelectrons

BLOCKS = ("lhc", "detector")
SEEN = ("one", "two")  # the setting `particles` for which acceptances and events are told

Channels = Mapping[str, tuple[Scalar, Scalar]]


def companions(settings: Mapping[str, float | str]) -> dict[str, dict[str, float | str]]:
    """Return the detector's settings with one mCP and with both, without those that it has itself."""
    own = settings.get("particles", SEEN[0])
    return {particles: {**settings, "particles": particles} for particles in SEEN if particles != own}


def numbers(
    currents: neutral_currents.NeutralCurrents,
    light: tuple[Scalar, Scalar],
    channels: Channels,
    seen: Mapping[str, tuple[Float[Array, " one"], Scalar]],
) -> dict[str, Scalar]:
    """Return production and detection of a point under dotted names.

    Parameters
    ----------
    light
        Number of layers and the charge (e) of one photoelectron a layer, of the detector that sees one mCP.
    channels
        Cross section and cross section times acceptance over kappa^2 (pb) by channel, of the same.
    seen
        For each of `SEEN` the slow part and the expected events.
    """
    squared, (layers, charge_one) = currents.strength**2, light
    produced = functools.reduce(operator.add, (pair[0] for pair in channels.values()))
    found: dict[str, Scalar] = {
        "lhc.sigma": squared * produced,
        **{f"lhc.{name}": squared * pair[0] for name, pair in channels.items()},
        "detector.n_pe": jnp.asarray(photoelectrons.photoelectrons(currents.epsilon_gamma, charge_one)),
        "detector.p_layer": photoelectrons.detection_probability(currents.epsilon_gamma, 1.0, charge_one),
        "detector.p_detect": photoelectrons.detection_probability(currents.epsilon_gamma, layers, charge_one),
    }
    for particles, (slow, events) in seen.items():
        found[f"detector.acceptance_{particles}"] = jnp.exp(slow[0]) / produced
        found[f"detector.expected_events_{particles}"] = events
    return found


def documents(numbers: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """Return the JSON objects `lhc` (cross sections in pb) and `detector`."""
    channels = _under("lhc.", numbers)
    return {
        "lhc": {"sigma_pb": channels.pop("sigma"), "channels": channels},
        "detector": _under("detector.", numbers),
    }


def _under(prefix: str, numbers: Mapping[str, float]) -> dict[str, float]:
    return {name.removeprefix(prefix): value for name, value in numbers.items() if name.startswith(prefix)}
