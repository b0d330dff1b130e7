"""The combined likelihood: chi^2 of independent measurements add, and nothing is counted twice."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiling import QUICK

from jaxmix.constraints import combined, g_minus_2, precision
from jaxmix.models import mixed_phase

LEVEL = ("cl", 0.95)


@pytest.fixture(scope="module")
def together() -> combined.Combined:
    built = combined.Combined.build({"moments": "both", "sm_inputs": "fixed"}, LEVEL)
    return dataclasses.replace(
        built,
        parts={
            **built.parts,
            "precision": jax.jit(lambda: built.parts["precision"].prepared(), compiler_options=QUICK)(),
        },
    )


def test_the_members_add_up(together: combined.Combined) -> None:
    """q is precision's plus delta (delta - 2 pull) of either moment, at masses where the one and where the other
    matters.
    """

    def both(kappa, mass):
        currents = mixed_phase.MixedPhase(kappa, m_zprime=mass, theta_dark=1.1).currents()
        each = [part.test_statistic(currents, part.slow(currents)) for part in together.parts.values()]
        return together.test_statistic(currents, together.slow(currents)), jnp.stack(each)

    mass = jnp.asarray([0.1, 0.5, 2.0, 30.0])
    whole, parts = jax.jit(jax.vmap(both), compiler_options=QUICK)(jnp.full(4, 0.02), mass)
    np.testing.assert_allclose(whole, np.sum(parts, axis=1), rtol=1e-13)
    share = np.abs(parts) / np.sum(np.abs(parts), axis=1)[:, None]
    assert share[0, 1:].sum() > 0.5 > share[3, 1:].sum()
    assert float(together.critical_value()) == pytest.approx(3.841458820694124, rel=1e-12)


def test_members_by_word() -> None:
    names = {word: list(combined.Combined.build({"moments": word}, LEVEL).parts) for word in ("mu", "e", "both")}
    assert list(combined.Combined.members) == names["mu"]
    assert names == {
        "mu": ["precision", g_minus_2.MuonMagneticMoment.name],
        "e": ["precision", g_minus_2.ElectronMagneticMoment.name],
        "both": ["precision", "g_minus_2_mu", "g_minus_2_e"],
    }
    with pytest.raises(ValueError, match="combined.moments: found 'tau'; allowed: mu, e, both"):
        combined.Combined.build({"moments": "tau"}, LEVEL)


def test_settings_and_levels_reach_the_members() -> None:
    built = combined.Combined.build({"dark_width": "narrow"}, LEVEL).with_settings({"e_min": jnp.asarray(1.0)})
    assert float(built.parts["precision"].values["e_min"]) == float(built.values["e_min"]) == 1.0
    assert dict(built.parts["precision"].words)["dark_width"] == "narrow"
    assert float(built.at_level("sigma", 3.0).critical_value()) == 9.0
    assert float(built.asimov().parts["g_minus_2_mu"].pull) == 0.0
    assert built.features("m_zprime", {}) == precision.Precision.build({}, LEVEL).features("m_zprime", {})
