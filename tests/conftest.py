"""Every test runs in float64, with rank promotion an error and, through pyproject.toml, warnings as errors.

Programs run a few times each, so that compiling is most of the time: they are compiled with less care where the
compiler's flags are known, in half the time and with the same numbers to rounding, and the test processes share what
they have compiled. Arguments and results of the package's functions are held against their annotations, shapes
included.
"""

import atexit
import importlib.metadata
import os
import shutil
import tempfile

import hypothesis
import jaxtyping

# rooms whose shapes and types are checked at every call; JAXMIX_SHAPES names others, or none where it is empty
ROOMS = [
    "atomic", "collider", "currents", "data", "detector", "electroweak", "faults", "fingerprint", "models", "numerics",
    "parameters", "results", "statistics",
]  # fmt: skip
_SHAPES = os.environ.get("JAXMIX_SHAPES")
CHECKED = [f"jaxmix.{room}" for room in (ROOMS if _SHAPES is None else _SHAPES.split())]

if importlib.metadata.version("jaxlib").startswith("0.10."):  # an unknown flag ends the process
    _FAST = "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_FAST}".strip()

if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    # the first process to come here makes it, and those that it starts find it
    os.environ["JAX_COMPILATION_CACHE_DIR"] = tempfile.mkdtemp(prefix="jaxmix-tests-")
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.1"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "0"
    atexit.register(shutil.rmtree, os.environ["JAX_COMPILATION_CACHE_DIR"], ignore_errors=True)

import jax  # noqa: E402  (it reads the flags above)

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_num_cpu_devices", 2)  # as the commands have at least
jax.config.update("jax_numpy_rank_promotion", "raise")

if CHECKED:
    jaxtyping.install_import_hook(CHECKED, "shape_checks.checked")

hypothesis.settings.register_profile("jaxmix", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("jaxmix")
