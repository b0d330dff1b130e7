"""The engine is a package of its own: it runs with jax, equinox, jaxtyping, numpy and optax alone."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# what the installed packages jax, equinox, jaxtyping, numpy and optax import themselves; jax needs parts of scipy
CODE = """
import importlib.abc, importlib.metadata, re, sys

def needed(names):
    found = set()
    while names:
        name = re.sub("[-_.]+", "-", names.pop()).lower()
        if name not in found:
            found.add(name)
            try:
                wanted = importlib.metadata.requires(name) or []
            except importlib.metadata.PackageNotFoundError:  # of another system
                continue
            names |= {re.match("[A-Za-z0-9._-]+", each).group() for each in wanted if "extra ==" not in each}
    return found

allowed = needed({"jax", "equinox", "jaxtyping", "numpy", "optax", "flatbuffers"})
homes = importlib.metadata.packages_distributions()

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        owners = {re.sub("[-_.]+", "-", each).lower() for each in homes.get(name.partition(".")[0], [])} - {"jaxmix"}
        if owners and not owners & allowed or name == "scipy.stats":
            raise ImportError(f"{name} is blocked")
        return None

sys.meta_path.insert(0, Blocker())
import jax
jax.config.update("jax_enable_x64", True)
import jaxmix.engine as engine
axes = [engine.Axis.linear(name, -1.5, 1.5, 5) for name in "xy"]
contours = engine.trace_contours(lambda x, y: x**2 + y**2 - 1.0, *axes, depth=4)
assert len(contours) == 1 and contours[0].closed
for name in ("pydantic", "zarr", "xarray", "matplotlib", "rich", "scipy.stats"):
    assert name not in sys.modules, name
print(*sorted({name.split(".")[1] for name in sys.modules if name.startswith("jaxmix.")}))
"""


def test_the_engine_needs_five_packages_and_two_rooms():
    done = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["engine", "numerics"]


def test_the_blocker_blocks():
    """The proof can fail: another package is refused under the same blocker."""
    code = CODE.replace("import jaxmix.engine as engine", "import pydantic")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "pydantic is blocked" in done.stderr
