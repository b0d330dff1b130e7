"""Limits against closed forms: the crossing, every branch, the statuses, and how the limit moves."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxmix import engine
from jaxmix.numerics import roots


class Power(engine.AbstractProblem):
    """output = strength x^power mass^2: the limit is (strength mass^2)^(-1/power)."""

    strength: float

    def slow(self, point):
        return jnp.stack([jnp.log(self.strength) + 2.0 * jnp.log(point["mass"])])

    def fast(self, point, slow):
        return {"q": jnp.exp(slow[0] + point["power"] * jnp.log(point["x"])), "status": jnp.int32(0)}


class Any(engine.AbstractProblem):
    """output = a function of x and a."""

    kind: str

    def slow(self, point):
        return jnp.zeros(1) * point["x"]

    def fast(self, point, slow):
        x, a = point["x"], point["a"]
        forms = {
            "island": 2.0 - (jnp.log(x) - a) ** 2,
            "narrow": 1.0 + 1e-4 - (jnp.log(x) - a) ** 2,
            "step": jnp.where(x > a, 3.0, 0.5),
            "edge": jnp.where(x < a, 1.05 / jnp.sqrt(jnp.maximum(a - x, 1e-300)) ** 0.2, jnp.nan),
            "nan": x * jnp.nan,
            "negative": x - 3.0 * a,
            "falling": a / x,
        }
        return {"q": forms[self.kind]}


@settings(deadline=None, max_examples=20)
@given(st.floats(1e-3, 1e9), st.floats(1.0, 50.0), st.sampled_from([2.0, 4.0, 6.0]))
def test_power_law_limit_and_its_derivatives(strength, mass, power):
    answer = engine.find_limit(Power(strength), "q", "x", {"mass": mass, "power": power}, (1e-9, 1e6))
    limit = (strength * mass**2) ** (-1.0 / power)
    assert answer.status == "found"
    assert abs(answer.residual) <= 1e-12
    assert answer.limit == pytest.approx(limit, rel=1e-13)
    assert answer.d_log_limit["mass"] == pytest.approx(-2.0 / (power * mass), rel=1e-10)
    assert answer.d_log_limit["power"] == pytest.approx(-np.log(limit) / power, rel=1e-8, abs=1e-12)


def test_linear_spacing_has_the_same_logarithmic_derivative():
    answer = engine.find_limit(Power(4.0), "q", "x", {"mass": 1.5, "power": 2.0}, (-1.0, 2.0), "linear")
    assert answer.limit == pytest.approx(1.0 / 3.0, rel=1e-13)
    assert answer.d_log_limit["mass"] == pytest.approx(-1.0 / 1.5, rel=1e-10)


def test_a_list_of_points_gives_each_its_limit():
    masses = np.linspace(1.0, 3.0, 11)
    answers = engine.find_limit(Power(5.0), "q", "x", [{"mass": m, "power": 2.0} for m in masses], (1e-4, 1e2))
    np.testing.assert_allclose([answer.limit for answer in answers], (5.0 * masses**2) ** -0.5, rtol=1e-13)


def test_other_numbers_compile_nothing():
    class Counted(engine.AbstractProblem):
        strength: float

        def slow(self, point):
            traced.append(1)
            return self.strength * point["x"][None]

        def fast(self, point, slow):
            return {"q": slow[0] * point["a"]}

    traced = []
    engine.find_limit(Counted(1.0), "q", "x", [{"a": 1.0}, {"a": 2.0}], (1e-3, 1e3))
    before = len(traced)
    answers = engine.find_limit(Counted(4.0), "q", "x", [{"a": 0.5}, {"a": 3.0}], (1e-4, 1e2))
    assert len(traced) == before
    np.testing.assert_allclose([answer.limit for answer in answers], [0.5, 1 / 12], rtol=1e-13)


@pytest.mark.parametrize("kind", ["island", "narrow"])
def test_an_island_has_two_branches_even_where_it_hides_between_samples(kind):
    answer = engine.find_limit(Any(kind), "q", "x", {"a": 0.537}, (np.exp(-3.0), np.exp(3.0)))
    half = 1.0 if kind == "island" else 1e-2
    assert [branch.excluded for branch in answer.branches] == ["above", "below"]
    np.testing.assert_allclose(
        np.log([branch.value for branch in answer.branches]), [0.537 - half, 0.537 + half], rtol=1e-10
    )
    for branch in answer.branches:
        assert branch.d_log_limit["a"] == pytest.approx(1.0, rel=1e-9)


def test_statuses():
    def ask(kind, a=1.0, domain=(1e-2, 1e2), spacing="log"):
        return engine.find_limit(Any(kind), "q", "x", {"a": a}, domain, spacing)

    assert ask("nan").status == "no_statement"
    assert ask("falling", 1e3).status == "always_excluded"
    assert ask("falling", 1e-3).status == "no_crossing_below"
    below = ask("falling", 1.0)
    assert (
        below.status == "excluded_below"
        and below.limit is None
        and below.branches[0].value == pytest.approx(1.0, rel=1e-13)
    )
    assert ask("negative", 2.0).limit == pytest.approx(7.0, rel=1e-13)
    assert ask("negative", 2.0, (-1.0, 10.0), "linear").limit == pytest.approx(7.0, rel=1e-13)


def test_a_jump_is_found_and_says_so():
    answer = engine.find_limit(Any("step"), "q", "x", {"a": 3.7}, (1e-2, 1e2))
    assert answer.limit == pytest.approx(3.7, rel=1e-14)
    assert [branch.status for branch in answer.branches] == ["jump"]


def test_a_crossing_next_to_the_edge_of_the_domain_is_found():
    answer = engine.find_limit(Any("edge"), "q", "x", {"a": 9.0}, (1e-2, 1e2))
    assert answer.limit == pytest.approx(9.0 - 1.05**10, rel=1e-12)
    near = engine.find_limit(Any("edge"), "q", "x", {"a": 9.0}, (8.5, 9.5), "linear", samples=3)
    assert near.status == "always_excluded"


@pytest.mark.parametrize("domain", [(1.0, 4.0), (0.25, 1.0), (0.5, 2.0)])
def test_a_sample_exactly_on_the_level_is_one_branch(domain):
    answer = engine.find_limit(Power(1.0), "q", "x", {"mass": 1.0, "power": 2.0}, domain, samples=3)
    inside = domain[0] < 1.0
    assert (answer.status == "found") == inside
    assert [branch.value for branch in answer.branches] == ([1.0] if inside else [])


def test_bad_requests_are_named():
    with pytest.raises(ValueError, match="spacing"):
        engine.find_limit(Any("step"), "q", "x", {"a": 1.0}, (1.0, 2.0), "cubic")
    with pytest.raises(ValueError, match="domain"):
        engine.find_limit(Any("step"), "q", "x", {"a": 1.0}, (0.0, 2.0))
    with pytest.raises(ValueError, match="not x"):
        engine.find_limit(Any("step"), "q", "x", {"a": 1.0, "x": 2.0}, (1.0, 2.0))


@settings(deadline=None, max_examples=25)
@given(st.floats(-5.0, 5.0), st.floats(0.1, 30.0))
def test_safeguarded_newton_needs_few_evaluations(root, steepness):
    def function(x):
        return jax.jvp(lambda x: jnp.tanh(steepness * (x - root)), (x,), (jnp.ones_like(x),))

    found = roots.safeguarded_newton(function, jnp.asarray(-7.0), jnp.asarray(8.0))
    assert float(found.position) == pytest.approx(root, abs=2e-12 / steepness)
    assert int(found.evaluations) <= 25
