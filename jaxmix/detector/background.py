"""Dark counts that imitate a signal: accidental coincidences of all layers of a bar."""

import jax.numpy as jnp
from jaxtyping import Scalar


def dark_count_events(
    rate: Scalar | float | int,
    window: Scalar | float | int,
    bars: Scalar | float | int,
    layers: Scalar | float | int,
    live_time: Scalar | float | int,
) -> Scalar:
    """Expected accidental coincidences, B = bars n R^n w^(n-1) T.

    Each of a bar's n layers fires independently and all n must fire within a window that the first of them opens: n
    choices of the first pulse, R w for each of the others. Valid for R w << 1; where several pulses of a layer fall in
    one window, the corrections are of relative order R w. Formed in logarithms, as R^n w^(n-1) underflows float32.

    Parameters
    ----------
    rate
        Dark-count rate R of a layer, Hz; zero gives zero.
    window
        Coincidence window w, s.
    bars
        Number of bars.
    layers
        Number n of layers of a bar; may be any real number >= 1.
    live_time
        T, s.

    Returns
    -------
    B.

    References
    ----------
    C. Eckart and F. R. Shonka, Phys. Rev. 53 (1938) 752.
    """
    rate, window = jnp.asarray(rate), jnp.asarray(window)
    dark = rate > 0
    log_rate = jnp.log(jnp.where(dark, rate, 1.0))
    log_window = jnp.log(window)
    events = bars * live_time * layers * jnp.exp(layers * log_rate + (layers - 1) * log_window)
    return jnp.where(dark, events, 0.0)
