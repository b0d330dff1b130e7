"""What the README shows in Python runs as it is written there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.S)
PREAMBLE = 'import jax\njax.config.update("jax_enable_x64", True)\nfrom jaxmix import Axis, trace_contours\n'


@pytest.mark.parametrize("block", [block for block in BLOCKS if "scans/" not in block], ids=lambda block: block[-40:-2])
def test_a_block_of_the_readme_runs(block):
    """Each in a process of its own, in which only what was imported above it in the same section is there."""
    code = block if "jax_enable_x64" in block else PREAMBLE + block
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout
