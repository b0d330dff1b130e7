"""Dark counts that imitate a signal: accidental coincidences of all layers of a bar."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def dark_count_events(
    rate: Float[Array, ""] | float,
    window: Float[Array, ""] | float,
    bars: Float[Array, ""] | float,
    layers: Float[Array, ""] | float,
    live_time: Float[Array, ""] | float,
) -> Float[Array, ""]:
    """Expected accidental coincidences, B = bars n R^n w^(n-1) T.

    Each of a bar's n layers fires independently at rate R (Hz) and all n must fire within a window w (s)
    that the first of them opens, over the live time T (s): n choices of the first pulse, R w for each of the
    others (C. Eckart and F. R. Shonka, Phys. Rev. 53 (1938) 752). Valid for R w << 1; where several pulses
    of a layer fall in one window, the corrections are of relative order R w. n may be any real number >= 1.
    Formed in logarithms, as R^n w^(n-1) underflows float32; zero rate gives zero.
    """
    rate, window = jnp.asarray(rate), jnp.asarray(window)
    dark = rate > 0
    log_rate = jnp.log(jnp.where(dark, rate, 1.0))
    log_window = jnp.log(window)
    events = bars * live_time * layers * jnp.exp(layers * log_rate + (layers - 1) * log_window)
    return jnp.where(dark, events, 0.0)
