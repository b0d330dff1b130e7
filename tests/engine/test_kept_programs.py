"""Programs that are kept: another store reader gets the same numbers without tracing, and never a program of something
else.
"""

import os
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxmix import fingerprint
from jaxmix.command.program_store import ProgramStore
from jaxmix.engine.compile import kept_programs
from jaxmix.numerics import expansion, quadrature, spline

HOOKED = any(type(finder).__module__.startswith("jaxtyping") for finder in sys.meta_path)


@pytest.fixture(autouse=True)
def without_the_shape_hook(request):
    """The hook wraps functions and classes in others, which have no name to be found by: these tests run without it."""
    if HOOKED and request.function is not test_all_of_these_pass_without_the_shape_hook:
        pytest.skip("runs in a process without the shape hook")


@pytest.mark.skipif(not HOOKED, reason="this process has no shape hook")
def test_all_of_these_pass_without_the_shape_hook():
    environment = {**os.environ, "JAXMIX_SHAPES": ""}
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


class Memory:
    """A store in memory."""

    version = "1"

    def __init__(self):
        self.kept = {}

    def read(self, name):
        return self.kept.get(name)

    def write(self, name, content):
        self.kept[name] = content


@pytest.fixture
def store():
    memory = Memory()
    kept_programs.keep_in(memory)
    yield memory
    kept_programs.keep_in(None)


@pytest.fixture
def traced(monkeypatch):
    """What has been traced since the test began."""
    seen, trace = [], kept_programs._traced

    def counted(*given):
        seen.append(1)
        return trace(*given)

    monkeypatch.setattr(kept_programs, "_traced", counted)
    return seen


def fit(values):
    """A cubic table, which is a Module of this package, and its arguments."""
    return kept_programs.Program(spline.fit, {})(values, (0.0, 1.0))


def test_a_second_process_traces_nothing_and_gets_the_same(store, traced):
    values = jnp.sin(jnp.linspace(0.0, 1.0, 9))[:, None]
    first, second = fit(values), fit(values)
    assert len(traced) == 1 and len(store.kept) == 1
    assert jax.tree.structure(first) == jax.tree.structure(second) == jax.tree.structure(spline.fit(values, (0.0, 1.0)))
    for ours, theirs in zip(jax.tree.leaves(second), jax.tree.leaves(spline.fit(values, (0.0, 1.0)))):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13)
    assert float(second(jnp.asarray(0.3))[0]) == pytest.approx(np.sin(0.3), abs=1e-4)


@pytest.mark.parametrize(
    "other",
    [
        lambda store: fit(jnp.ones((10, 1))),
        lambda store: fit(jnp.ones((9, 1), jnp.float32)),
        lambda store: kept_programs.Program(spline.fit, {})(jnp.ones((9, 1)), (0.0, 2.0)),
        lambda store: (setattr(store, "version", "2"), fit(jnp.ones((9, 1)))),
    ],
    ids=["shape", "type", "static number", "version"],
)
def test_another_program_is_traced_anew(store, traced, other):
    fit(jnp.ones((9, 1)))
    other(store)
    assert len(traced) == 2 and len(store.kept) == 2


def test_tracers_pass_through_and_no_argument_is_kept_by_its_place(store):
    """Under a derivative a program is compiled as ever; a model that is gone leaves its place to another with other
    numbers.
    """
    program = kept_programs.Program(apply_table, {})

    def slope(table):
        return jax.jvp(lambda at: program(table, at)[0], (jnp.asarray(3.0),), (jnp.asarray(1.0),))[1]

    for values in (jnp.arange(9.0)[:, None], 2.0 * jnp.arange(9.0)[:, None]):
        table = spline.fit(values, (0.0, 8.0))
        assert float(program(table, jnp.asarray(3.0))[0]) == pytest.approx(float(values[3, 0]))
        assert float(slope(table)) == pytest.approx(float(values[1, 0]))
        del table


def apply_table(table, at):
    return table(at)


class Doubling(eqx.Module):
    """A class whose text the store cannot know."""

    factor: float

    def __call__(self, x):
        return self.factor * x


def apply(function, x):
    return function(x)


@pytest.mark.parametrize("function", [Doubling(2.0), lambda x: 2.0 * x, jnp.sin])
def test_what_is_not_of_the_package_is_not_kept(store, function):
    assert float(kept_programs.Program(apply, {})(function, jnp.asarray(3.0))) == float(function(jnp.asarray(3.0)))
    assert float(kept_programs.Program(lambda x: x + 1, {})(jnp.asarray(3.0))) == 4.0
    assert not store.kept


def test_functions_of_a_registered_package_are_kept(store, traced):
    """A user's own package has its functions kept once it is registered; not those of others."""
    program, double = kept_programs.Program(apply, {}), Doubling(2.0)
    program(double, jnp.asarray(3.0))
    kept_programs.keep_in(store, [__name__])
    assert [float(program(double, jnp.asarray(x))) for x in (3.0, 4.0)] == [6.0, 8.0]
    assert len(traced) == 1 and len(store.kept) == 1
    kept_programs.Program(apply, {})(jnp.sin, jnp.asarray(3.0))
    assert len(store.kept) == 1


def test_unflatten_reverses_flatten():
    table = spline.fit(jnp.ones((9, 2)), (0.0, 1.0))
    tree = {
        "a": [1, 2.5, None, ("x", True)],
        "b": table,
        "c": quadrature.gauss_legendre,
        "d": np.arange(3),
        "e": expansion,
    }
    with pytest.raises(kept_programs.NotSerialisable, match="module"):
        kept_programs.flatten(tree)
    del tree["e"]
    description, arrays = kept_programs.flatten(tree)
    again = kept_programs.unflatten(description, iter(arrays))
    assert jax.tree.structure(again) == jax.tree.structure(tree) and again["c"] is quadrature.gauss_legendre
    assert all(a is b for a, b in zip(jax.tree.leaves(again), jax.tree.leaves(tree)) if eqx.is_array(a))


@pytest.mark.parametrize(
    "description",
    [{"class": "os:system", "fields": []}, {"function": "builtins:eval"}, {"literal": "__import__('os')"}, [1]],
)
def test_a_description_names_nothing_outside_the_package(description):
    with pytest.raises(ValueError, match="description of a program|malformed"):
        kept_programs.unflatten(description, iter(()))


def test_a_damaged_file_is_as_none(tmp_path):
    store = ProgramStore(tmp_path / "traced")
    assert store.read("a") is None
    store.write("a", b"x" * 100)
    assert store.read("a") == b"x" * 100
    path = tmp_path / "traced" / "a"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert store.read("a") is None
    (tmp_path / "file").write_text("in the way")
    ProgramStore(tmp_path / "file").write("a", b"x")


def test_a_store_serves_one_text_of_the_package(tmp_path, monkeypatch):
    before = ProgramStore(tmp_path).version
    monkeypatch.setattr(fingerprint, "source_checksums", lambda: {"engine/programs.py": "0" * 64})
    assert ProgramStore(tmp_path).version != before


SCRIPT = """
from jaxmix import Axis, Study, trace_contours
from jaxmix.command import backend
from jaxmix.constraints import shelf
from jaxmix.engine.compile import kept_programs
from jaxmix.parameters import defaults
backend.start()
trace, seen = kept_programs._traced, []
kept_programs._traced = lambda *given: (seen.append(1), trace(*given))[1]
study = Study(defaults(), {"g_minus_2_mu": shelf.build("g_minus_2_mu", {}, ("cl", 0.95))})
axes = Axis.log("m_zprime", 0.01, 10, 5), Axis.log("kappa", 1e-4, 0.5, 5)
contours = trace_contours(study, *axes, output="g_minus_2_mu", depth=1)
print(len(seen), sum(contour.x.sum() for contour in contours))
"""


def test_a_second_process_traces_no_contour_again(tmp_path):
    """The whole way: commands keep programs, and a fresh process finds them, with the same bits."""
    told = []
    for _ in range(2):
        environment = {**os.environ, "JAXMIX_CACHE": str(tmp_path), "JAX_COMPILATION_CACHE_DIR": ""}
        environment.pop("JAX_COMPILATION_CACHE_DIR")
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
        )
        told.append(done.stdout.split())
    assert int(told[0][0]) > 0 and int(told[1][0]) == 0
    assert told[0][1] == told[1][1] != "0.0"
