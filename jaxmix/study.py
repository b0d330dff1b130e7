"""The one place where a model, the waist and the constraints are composed into q(point) for the engine."""

from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from jaxmix import engine, parameters
from jaxmix.constraints.base import abstract
from jaxmix.currents import neutral_currents
from jaxmix.models import mixed_phase

Scalar = Float[Array, ""]

OK, KAPPA_OUTSIDE, FORBIDDEN_GAP, LABELS_SWAPPED, NUMERICAL_FAILURE = 0, 1, 2, 3, 4
STATUS = {
    OK: "ok",
    KAPPA_OUTSIDE: "kappa_outside_domain",
    FORBIDDEN_GAP: "forbidden_gap",  # of m_zprime: no Lagrangian M2
    LABELS_SWAPPED: "labels_swapped",  # of m_zprime: the pole asked for has the larger J_Z coefficient, so it is the Z
    NUMERICAL_FAILURE: "numerical_failure",
}

_LARGEST_KAPPA = 0.999  # where the gently varying part is continued from, beyond the domain


class Study(engine.AbstractProblem):
    """Test statistics of some constraints as a function of one point of the mixed phase.

    held: the values of all parameters that a point does not give, by the names of the interface. constraints: by name.
    Outputs are q/critical_value by constraint, so that above one is excluded. A point is a dict of scalars by parameter
    name; a name "constraint.setting" reaches a setting of a constraint.

    Raises RuntimeError when jax_enable_x64 is off, and ValueError for an unknown parameter name.
    """

    held: dict[str, Scalar]
    constraints: dict[str, abstract.AbstractConstraint]

    def __init__(self, held: Mapping[str, float], constraints: Mapping[str, abstract.AbstractConstraint]):
        if not jax.config.jax_enable_x64:
            raise RuntimeError(
                "Study: float64 is off; set jax.config.update('jax_enable_x64', True) before building a study."
            )
        unknown = sorted(set(held) - set(parameters.PARAMETERS))
        if unknown:
            raise ValueError(f"Study: unknown parameters {unknown}; known: {sorted(parameters.PARAMETERS)}.")
        self.held = {name: jnp.asarray(value, dtype=float) for name, value in held.items()}
        self.constraints = {
            name: engine.run_compiled(prepared, constraint.with_settings(_settings(name, constraint, self.held)))
            for name, constraint in constraints.items()
        }

    def slow(self, point: engine.Point) -> Float[Array, " k"]:
        """What varies gently along the mixing, for all constraints one after another; continued where the point lies
        outside the domain."""
        currents, _ = currents_and_status({**self.held, **point})
        return jnp.concatenate([constraint.slow(currents) for constraint in self.at(point).values()])

    def fast(self, point: engine.Point, slow: Float[Array, " k"]) -> dict[str, Scalar]:
        """q/critical_value by constraint, NaN where there is no statement, and the status code."""
        currents, status = currents_and_status({**self.held, **point})
        outputs, failed, start = {}, jnp.asarray(False), 0
        for name, constraint in self.at(point).items():
            part, start = slow[start : start + constraint.size], start + constraint.size
            judged = is_judged(constraint, status)
            q = constraint.test_statistic(currents, part) / constraint.critical_value()
            outputs[name] = jnp.where(judged, q, jnp.nan)
            failed = failed | (judged & ~jnp.all(jnp.isfinite(part)))
        return {**outputs, "status": jnp.where(failed, NUMERICAL_FAILURE, status).astype(jnp.int32)}

    def at(self, point: engine.Point) -> dict[str, abstract.AbstractConstraint]:
        """The constraints with the collider parameters and settings that the point gives."""
        return {
            name: constraint.with_settings(_settings(name, constraint, point))
            for name, constraint in self.constraints.items()
        }


def is_judged(
    constraint: abstract.AbstractConstraint | type[abstract.AbstractConstraint], status: Int[Array, ""]
) -> Bool[Array, ""]:
    """Whether a constraint is asked about a point of this status: where labels are swapped, one that holds the pole
    asked for.
    """
    return (status == OK) | (constraint.holds_swapped_labels & (status == LABELS_SWAPPED))


def _settings(name: str, constraint: abstract.AbstractConstraint, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
    given = {setting: values[setting] for setting in constraint.settings if setting in values}
    return given | {
        setting: values[f"{name}.{setting}"] for setting in constraint.settings if f"{name}.{setting}" in values
    }


def prepared(constraint: abstract.AbstractConstraint) -> abstract.AbstractConstraint:
    """The constraint with its tables; one function for all, so that it compiles once."""
    return constraint.prepared()


def kappa(values: Mapping[str, Scalar]) -> Scalar:
    """Kinetic mixing of a point that gives kappa or epsilon_gamma."""
    if "kappa" in values:
        return values["kappa"]
    return mixed_phase.mixing_from_charge(
        values["epsilon_gamma"], values["theta_dark"], values["e_dark"], values["sin2_theta_w"], values["alpha"]
    )


def model(values: Mapping[str, Scalar]) -> mixed_phase.MixedPhase:
    """The model's point from a dict of parameters in any of their forms."""
    masses = {}
    for name in ("m_zprime", "m2"):
        if name in values:
            masses[name] = values[name]
        elif f"{name}_over_m_mcp" in values:
            masses[name] = values[f"{name}_over_m_mcp"] * values["m_mcp"]
    shared = ("theta_dark", "e_dark", "m1", "sin2_theta_w", "alpha")
    return mixed_phase.MixedPhase(
        kappa(values), **masses, m_mcp=values.get("m_mcp"), **{name: values[name] for name in shared}
    )


def currents_and_status(values: Mapping[str, Scalar]) -> tuple[neutral_currents.NeutralCurrents, Int[Array, ""]]:
    """The currents of a point, and its status code.

    Outside the domain the currents are a finite stand-in (kappa at the domain's edge, the Lagrangian mass equal to the
    mass asked for), so that nothing computed from them is NaN: the status tells.
    """
    point = model(values)
    outside = jnp.abs(point.kappa) >= 1.0
    point = eqx.tree_at(lambda p: p.kappa, point, jnp.clip(point.kappa, -_LARGEST_KAPPA, _LARGEST_KAPPA))
    currents = point.currents()
    gap = jnp.isnan(currents.m2)
    if point.m_zprime is None:
        return currents, jnp.where(outside, KAPPA_OUTSIDE, OK)
    currents = eqx.tree_at(lambda c: c.m2, currents, jnp.where(gap, point.m_zprime, currents.m2))
    _, z, zprime = neutral_currents.states(currents)
    swapped = jnp.abs(zprime.mass - point.m_zprime) > jnp.abs(z.mass - point.m_zprime)
    # nested, as jnp.select is a reduction, inside of which a compiler forms the four conditions anew
    return currents, jnp.where(
        outside, KAPPA_OUTSIDE, jnp.where(gap, FORBIDDEN_GAP, jnp.where(swapped, LABELS_SWAPPED, OK))
    )
