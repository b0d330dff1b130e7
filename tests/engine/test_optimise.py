"""The search for the best parameters within a budget, against optima in closed form."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxmix.engine import optimise
from jaxmix.engine.optimise import Range

SHARES = {"x": 1.0, "y": 2.0, "z": 0.5}
PRICES = {"x": 1.0, "y": 3.0, "z": 0.2}
BUDGET = 4.0
WIDE = {name: Range(1e-2, 1e2) for name in SHARES}


def utility(x, memory):
    """sum a_i ln x_i: at a budget of sum c_i x_i = B it is largest at x_i = a_i B/(c_i sum a), where d/d(ln B)
    = sum a.
    """
    return sum(share * jnp.log(x[name]) for name, share in SHARES.items()), memory


def dearness(x):
    return jnp.log(sum(price * x[name] for name, price in PRICES.items()) / BUDGET)


def no_budget(x):
    return -1.0 + 0.0 * sum(x.values())


@pytest.mark.parametrize("first", [0, 6])
@pytest.mark.parametrize(
    "start", [(0.1, 0.1, 0.1), (50.0, 50.0, 0.02), (1e-2, 1e2, 1.0)], ids=["below", "over", "on bounds"]
)
def test_shares_of_a_budget(start, first):
    found = optimise.maximise(utility, dearness, WIDE, dict(zip(SHARES, start)), first=first)
    assert found.status == "converged"
    for name, share in SHARES.items():
        assert found.best.x[name] == pytest.approx(share * BUDGET / (PRICES[name] * 3.5), rel=1e-6)
        assert found.at[name] == ""
    assert found.multiplier == pytest.approx(3.5, rel=1e-6)
    assert abs(found.best.excess) < 1e-7
    assert max(map(abs, found.gradient.values())) <= 1e-6
    assert found.start.x == dict(zip(SHARES, start))


def test_a_bound_that_holds_is_met_exactly_and_the_rest_is_shared_by_the_others():
    """x <= 1/2 takes 1/2 of the budget: y and z share 3.5 as 2 to 0.5, and the multiplier is 2.5 B/3.5."""
    found = optimise.maximise(utility, dearness, WIDE | {"x": Range(1e-2, 0.5)}, {"x": 0.1, "y": 0.3, "z": 1.0})
    assert found.status == "converged"
    assert found.best.x["x"] == 0.5 and found.at == {"x": "high", "y": "", "z": ""}
    assert found.best.x["y"] == pytest.approx(2.0 * 3.5 / (3.0 * 2.5), rel=1e-6)
    assert found.best.x["z"] == pytest.approx(0.5 * 3.5 / (0.2 * 2.5), rel=1e-6)
    assert found.multiplier == pytest.approx(2.5 / 3.5 * 4.0, rel=1e-6)
    assert found.gradient["x"] == 0.0


def test_a_held_parameter_stays():
    found = optimise.maximise(utility, dearness, WIDE | {"z": Range(4.0, 4.0)}, {"x": 0.1, "y": 0.3, "z": 4.0})
    assert found.best.x["z"] == 4.0 and found.at["z"] == "held" and found.status == "converged"
    assert found.best.x["x"] == pytest.approx(3.2 / 3.0, rel=1e-6)
    assert found.best.x["y"] == pytest.approx(2.0 * 3.2 / (3.0 * 3.0), rel=1e-6)


def test_a_budget_that_is_not_used_up_has_no_price():
    """-(ln x)^2 - (y + 1)^2, y moving linearly through zero: the top lies at x = 1, y = -1, inside the budget
    x <= 10.
    """

    def hill(x, memory):
        return -(jnp.log(x["x"]) ** 2) - (x["y"] + 1.0) ** 2, memory

    ranges = {"x": Range(1e-2, 1e2), "y": Range(-3.0, 3.0, logarithmic=False)}
    found = optimise.maximise(hill, lambda x: jnp.log(x["x"] / 10.0), ranges, {"x": 50.0, "y": 2.0})
    assert found.status == "converged" and found.multiplier == 0.0
    assert found.best.x["x"] == pytest.approx(1.0, abs=1e-6) and found.best.x["y"] == pytest.approx(-1.0, abs=1e-6)
    assert found.best.excess == pytest.approx(-np.log(10.0), rel=1e-6)


def test_a_bent_valley():
    """H. H. Rosenbrock, Comput. J. 3 (1960) 175: (1, 1), from (-1.2, 1)."""

    def valley(x, memory):
        return -(100.0 * (x["b"] - x["a"] ** 2) ** 2 + (1.0 - x["a"]) ** 2), memory

    ranges = {name: Range(-3.0, 3.0, logarithmic=False) for name in "ab"}
    found = optimise.maximise(valley, no_budget, ranges, {"a": -1.2, "b": 1.0})
    assert found.status == "converged"
    assert (found.best.x["a"], found.best.x["b"]) == pytest.approx((1.0, 1.0), abs=1e-6)


def test_a_start_on_the_wrong_bound_and_on_a_ridge_leaves_it():
    """y^2 - x from (1, 0): x starts at its worst end, and y where there is no slope at all."""

    def ridge(x, memory):
        return x["y"] ** 2 - x["x"], memory

    ranges = {"x": Range(0.0, 1.0, logarithmic=False), "y": Range(0.0, 1.0, logarithmic=False)}
    found = optimise.maximise(ridge, no_budget, ranges, {"x": 1.0, "y": 0.0})
    assert found.status == "converged"
    assert found.best.x == {"x": 0.0, "y": 1.0} and found.at == {"x": "low", "y": "high"}


def test_what_has_no_value_is_said_and_is_stepped_back_from():
    """NaN at the start; and NaN beyond x = 2 while the top is at 1.9: ln x - x^2/(2 x0^2) with x0 = 1.9."""

    def edge(x, memory):
        value = jnp.log(x["x"]) - x["x"] ** 2 / (2 * 1.9**2)
        return jnp.where(x["x"] < 2.0, value, jnp.nan), memory

    ranges = {"x": Range(1e-2, 1e2)}
    found = optimise.maximise(edge, no_budget, ranges, {"x": 0.1})
    assert found.status == "converged" and found.best.x["x"] == pytest.approx(1.9, rel=1e-6)
    lost = optimise.maximise(edge, no_budget, ranges, {"x": 3.0})
    assert lost.status == "no_value" and lost.iterations == 0


def test_slopes_are_by_logarithms_and_memory_travels():
    def counted(x, memory):
        return x["x"] ** 3 + x["y"], memory + 1.0

    ranges = {"x": Range(1e-2, 1e2), "y": Range(-1.0, 1.0, logarithmic=False)}
    found = optimise.sample(counted, lambda x: jnp.log(x["x"] ** 2), {"x": 2.0, "y": 0.5}, ranges, jnp.zeros(()))
    assert found.value == 8.5 and found.slope == {"x": pytest.approx(24.0), "y": 1.0}
    assert found.excess == pytest.approx(np.log(4.0)) and found.excess_slope == {"x": pytest.approx(2.0), "y": 0.0}
    assert float(found.memory) == 1.0


def test_progress_is_told_step_by_step():
    steps = []
    start = dict.fromkeys(SHARES, 0.1)
    found = optimise.maximise(
        utility, dearness, WIDE, start, progress=lambda step, here: steps.append((step, here.value))
    )
    assert [step for step, _ in steps] == list(range(1, found.iterations + 1))
    assert found.evaluations >= found.iterations
