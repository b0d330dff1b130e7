"""Compiler options for programs that a test runs a few times: they compile in less than half the time, with the same numbers to rounding."""

import jax


def _known(options: dict) -> bool:
    try:
        jax.jit(lambda x: x + 1, compiler_options=options)(0)
    except RuntimeError:  # another version of the compiler
        return False
    return True


_CANDIDATES = {"xla_backend_optimization_level": 0, "xla_cpu_use_fusion_emitters": False}
QUICK = {name: value for name, value in _CANDIDATES.items() if _known({name: value})}
