"""How programs are compiled: with care where they run for long, quickly where they run a few times."""

import functools
from collections.abc import Callable

import equinox as eqx
import jax

# they halve the time to compile on a CPU, and the speed of what is compiled; numbers agree to rounding
_QUICK = {"xla_backend_optimization_level": 0, "xla_cpu_use_fusion_emitters": False}


@functools.cache
def quickly(function: Callable) -> Callable:
    """The function compiled in the least time, for programs that run a few times; the same function compiles nothing again."""
    return eqx.filter_jit(function, compiler_options=quick_options())


@functools.cache
def quick_options() -> dict:
    """Options of jax.jit that save time to compile; those that this compiler knows, none on an accelerator."""
    if jax.default_backend() != "cpu":
        return {}
    return {name: value for name, value in _QUICK.items() if _known({name: value})}


def _known(options: dict) -> bool:
    try:
        jax.jit(lambda x: x + 1, compiler_options=options)(0)
    except RuntimeError:  # another version of the compiler
        return False
    return True
