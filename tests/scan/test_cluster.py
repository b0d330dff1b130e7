"""The submit files for clusters: what they call, with the commands of the cluster replaced by ones that write down
their words.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

CLUSTER = Path(__file__).parents[2] / "configs" / "cluster"


@pytest.fixture
def words(tmp_path):
    """Runs a script with SLURM's environment and gives back the command lines that it called."""
    for name in ("jaxmix", "sbatch", "srun"):
        script = tmp_path / name
        script.write_text(f'#!/bin/sh\necho {name} "$@" >> "{tmp_path}/called"\n', encoding="utf-8")
        script.chmod(0o755)

    def run(script, *arguments, **environment):
        command = [str(CLUSTER / script), *arguments]
        changed = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", **environment}
        subprocess.run(command, env=changed, check=True, capture_output=True)
        called = (tmp_path / "called").read_text(encoding="utf-8").splitlines()
        (tmp_path / "called").unlink()
        return called

    return run


def test_a_job_array_covers_every_part_and_is_joined_once(words):
    parts, joined = [], []
    for task in range(1, 5):
        array = {
            "SLURM_ARRAY_TASK_ID": str(task),
            "SLURM_ARRAY_TASK_MIN": "1",
            "SLURM_ARRAY_TASK_COUNT": "4",
            "SLURM_ARRAY_JOB_ID": "77",
        }
        called = words("slurm.sh", "a.toml", "/shared/a b", **array)
        parts += [
            line.rpartition(" ")[2]
            for line in called
            if line.startswith("jaxmix scan a.toml --out /shared/a b --shard ")
        ]
        joined += [line for line in called if line.startswith("sbatch")]
    assert parts == ["0/4", "1/4", "2/4", "3/4"]
    assert len(joined) == 1 and "--dependency=afterok:77" in joined[0] and "JAXMIX_STEP=merge" in joined[0]
    assert words("slurm.sh", "a.toml", "/shared/a b", JAXMIX_STEP="merge") == ["jaxmix merge /shared/a b"]


def test_one_distributed_run(words):
    assert words("slurm_distributed.sh", "a.toml", "out") == ["srun jaxmix scan a.toml --out out --distributed"]


def test_htcondor_queues_every_part(words):
    text = (CLUSTER / "htcondor.sub").read_text(encoding="utf-8")
    assert re.search(r"^executable = configs/cluster/htcondor\.sh$", text, re.MULTILINE)
    assert re.search(r"^arguments = \$\(config\) \$\(out\) \$\(Process\) \$\(parts\)$", text, re.MULTILINE)
    number = re.search(r"^parts = (\d+)$", text, re.MULTILINE)[1]
    assert words("htcondor.sh", "a.toml", "out", "3", number) == [f"jaxmix scan a.toml --out out --shard 3/{number}"]
