"""What a millicharge detector costs, for `jaxmix design`. No jax here."""

from collections.abc import Mapping
from typing import Any

from jaxmix.detector.proposal import EFFICIENCY

PRICES = {
    "scintillator": "of 1 m^3",
    "channel": "of one layer of one bar",
    "light": "of one channel, at an efficiency of 0.1",
}
VOLUME = {"scintillator": 1.0, "channel": 0.0, "light": 0.0}


def cost(prices: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    """Return scintillator side^2 thickness layers + bars layers (channel + light efficiency/0.1).

    Parameters
    ----------
    prices
        By the names of `PRICES`, in one currency; numbers or arrays.
    values
        Settings by name: side, thickness (m), layers, bars, efficiency.
    """
    volume = values["side"] ** 2 * values["thickness"] * values["layers"]
    channels = values["bars"] * values["layers"]
    return prices["scintillator"] * volume + channels * (
        prices["channel"] + prices["light"] * values["efficiency"] / EFFICIENCY
    )
