"""The one place where a model, the waist and the constraints are composed into q(point) for the engine."""

from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Bool, Float, Int, Scalar, ScalarLike

from jaxmix import engine, faults
from jaxmix.constraints.base import abstract
from jaxmix.constraints.base.kind import Kind
from jaxmix.currents import neutral_currents
from jaxmix.models import declarations
from jaxmix.models import shelf as models
from jaxmix.models.base import FORBIDDEN_GAP, KAPPA_OUTSIDE, LABELS_SWAPPED, NUMERICAL_FAILURE, OK, STATUS

__all__ = [
    "FORBIDDEN_GAP",
    "KAPPA_OUTSIDE",
    "LABELS_SWAPPED",
    "NUMERICAL_FAILURE",
    "OK",
    "STATUS",
    "Study",
    "currents_and_status",
    "is_judged",
    "prepared",
]


class Study(engine.AbstractProblem):
    """Test statistics of some constraints as a function of one point of a model.

    A point is a dict of scalars by parameter name; a name "constraint.setting" reaches a setting of a constraint.
    Outputs are q/critical_value by constraint, so that above one is excluded.

    Parameters
    ----------
    held : the values of all parameters that a point does not give, by the names of the interface.
    constraints : by name.
    model : kind of the model of the dark sector, as `jaxmix.models.shelf` lists them.

    Raises
    ------
    RuntimeError
        When jax_enable_x64 is off.
    ValueError
        For a model that there is not, and for a name that is no parameter of the model.
    """

    held: dict[str, Scalar]
    constraints: dict[str, abstract.AbstractConstraint]
    model: str = eqx.field(static=True)

    def __init__(
        self,
        held: Mapping[str, ScalarLike],
        constraints: Mapping[str, abstract.AbstractConstraint],
        model: str = declarations.DEFAULT,
    ):
        if jnp.result_type(float) != jnp.float64:
            raise RuntimeError(
                "Study: float64 is off; set jax.config.update('jax_enable_x64', True) before building a study."
            )
        declared = models.model(model).declaration
        unknown = sorted(declared.unknown(held))
        if unknown:
            raise ValueError(f"Study: unknown parameters {unknown}; known to {model}: {sorted(declared.names)}.")
        self.model = model
        self.held = {name: jnp.asarray(value, dtype=float) for name, value in held.items()}
        self.constraints = {
            name: engine.run_compiled(prepared, constraint.with_settings(_settings(name, constraint, self.held)))
            for name, constraint in constraints.items()
        }

    def __call__(self, point: Mapping[str, ArrayLike]) -> dict[str, Scalar]:
        """q/critical value of every constraint at one point, and the point's status.

        Parameters
        ----------
        point
            Values by parameter name (GeV, rad, 1/fb) of what the study does not hold, or holds otherwise; a name
            "constraint.setting" reaches a setting of a constraint.

        Returns
        -------
        dict
            q/critical value by constraint (above one: excluded at the constraint's level; NaN: no statement), and
            "status", a code of `STATUS`.

        Raises
        ------
        ValueError
            For a name that is no parameter and no setting, or for a value that is no scalar.

        Notes
        -----
        `jax.jit`, `jax.grad` and `jax.vmap` apply to it. A call with plain numbers runs a compiled program, which is
        kept, so that only the first call of a study takes seconds.
        """
        self._check_names(point)
        values = {name: jnp.asarray(value, dtype=float) for name, value in point.items()}
        shaped = [name for name, value in values.items() if jnp.ndim(value)]
        if shaped:
            raise ValueError(
                f"study: found arrays for {', '.join(shaped)}; allowed: one number a parameter; for many points use "
                "jax.vmap(study), jaxmix.check or engine.evaluate_points."
            )
        return engine.evaluate_point(self, values)

    def _check_names(self, point: Mapping[str, object]) -> None:
        parameters = models.model(self.model).declaration.names
        known = [*parameters]
        for name, constraint in self.constraints.items():
            known += [f"{name}.{setting}" for setting in constraint.settings]
        for name in point:
            if name not in known:
                hint = faults.did_you_mean(name, known) or f"; allowed: {', '.join(parameters)}."
                raise ValueError(f"study: found the name {name!r}, which is no parameter and no setting{hint}")

    def slow(self, point: engine.Point) -> Float[Array, " k"]:
        """What varies gently along the mixing, for all constraints one after another; continued where the point lies
        outside the domain."""
        currents, _ = currents_and_status({**self.held, **point}, self.model)
        return jnp.concatenate([constraint.slow(currents) for constraint in self.at(point).values()])

    def fast(self, point: engine.Point, slow: Float[Array, " k"]) -> dict[str, Scalar]:
        """q/critical_value by constraint, NaN where there is no statement, and the status code."""
        currents, status = currents_and_status({**self.held, **point}, self.model)
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
    constraint: abstract.AbstractConstraint | Kind, status: Int[ArrayLike, "*points"]
) -> Bool[Array, "*points"]:
    """Whether a constraint is asked about a point of this status: where labels are swapped, one that holds the pole
    asked for.
    """
    status = jnp.asarray(status)
    return (status == OK) | (constraint.holds_swapped_labels & (status == LABELS_SWAPPED))


def _settings(name: str, constraint: abstract.AbstractConstraint, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The constraint's numbers among the values: parameters that it reads, and settings under "NAME.SETTING"."""
    given = {word: values[word] for word in constraint.parameters if word in values}
    return given | {
        word: values[f"{name}.{word}"]
        for word in (*constraint.parameters, *constraint.settings)
        if f"{name}.{word}" in values
    }


def prepared(constraint: abstract.AbstractConstraint) -> abstract.AbstractConstraint:
    """The constraint with its tables; one function for all, so that it compiles once."""
    return constraint.prepared()


def currents_and_status(
    values: Mapping[str, ScalarLike], model: str = declarations.DEFAULT
) -> tuple[neutral_currents.NeutralCurrents, Int[Array, ""]]:
    """The currents of a point of a model, and its status code; finite stand-ins where the status is not ok.

    Parameters
    ----------
    values : every parameter of the point by name, in any form.
    model : the model's kind.
    """
    return models.model(model).from_values(values).currents_and_status()
