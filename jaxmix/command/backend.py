"""Starts JAX for a command: float64, the device asked for, and a device for each core of a CPU.

Compiled programs are kept for the next run.
"""

import contextlib
import os
import re
import sys
from pathlib import Path
from typing import Any

import jax
from jax.experimental import multihost_utils

from jaxmix import engine, faults
from jaxmix.command.program_store import ProgramStore

FOLDER = "JAXMIX_CACHE"  # environment: where compiled programs are kept; empty for nowhere
_PLATFORMS = {"cpu": "cpu", "gpu": "cuda"}


def start(device: str | None = None) -> None:
    """Start JAX in float64.

    Parameters
    ----------
    device
        "cpu", "gpu", or None for what JAX finds.

    Raises
    ------
    BadInput
        The device asked for is absent.
    """
    if device is not None:
        jax.config.update("jax_platforms", _PLATFORMS[device])
    jax.config.update("jax_enable_x64", True)
    _a_device_for_each_core()
    keep_programs()
    try:
        jax.devices()
    except RuntimeError as fault:
        raise faults.BadInput(
            f"--device: found {device!r}, which jax cannot start ({fault}); allowed here: cpu"
        ) from fault


def keep_programs() -> None:
    """Keep compiled and traced programs in the user's cache folder, and take from there what was compiled before."""
    folder = os.environ.get(FOLDER, str(_home() / "jaxmix"))
    if folder:
        engine.keep_programs(Path(folder), ProgramStore(Path(folder) / "traced"))


def join(address: str) -> tuple[int, int]:
    """Join the processes of one distributed run.

    Parameters
    ----------
    address
        "auto" (found from SLURM's or Open MPI's environment), or HOST:PORT,i/N with the address of process 0.

    Returns
    -------
    tuple of int
        This process's number i and the number N of all.

    Raises
    ------
    BadInput
        The address has another form, or JAX cannot start with it.
    """
    if address == "auto":
        options: dict[str, Any] = {}
    else:
        match = re.fullmatch(r"([^\s,]+:\d+),(\d{1,6})/(\d{1,6})", address)
        if not match or not int(match[2]) < int(match[3]):
            raise faults.BadInput(
                f"--distributed: found {address[:60]!r}; allowed: auto, or HOST:PORT,i/N with 0 <= i < N"
            )
        options = {"coordinator_address": match[1], "process_id": int(match[2]), "num_processes": int(match[3])}
    _a_device_for_each_core()
    _keep_stdout_to_ourselves()
    try:
        jax.distributed.initialize(**options)
    except (RuntimeError, ValueError) as fault:
        raise faults.BadInput(
            f"--distributed: found {address!r}, with which jax cannot start ({fault}); allowed: auto "
            "under SLURM or Open MPI, or HOST:PORT,i/N"
        ) from fault
    return jax.process_index(), jax.process_count()


def _keep_stdout_to_ourselves() -> None:
    """Send to stderr what libraries that connect processes print on stdout, where a document may be asked for."""
    sys.stdout.flush()
    own = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdout = os.fdopen(own, "w", encoding="utf-8")


def wait_for_all(name: str) -> None:
    """Wait until every process of a distributed run has called this with the same name."""
    multihost_utils.sync_global_devices(name)


def _a_device_for_each_core() -> None:
    """Make a device of each core of a CPU, for a grid's tiles are shared among devices.

    There are two at least: XLA compiles a program for one device along another path, which rounds otherwise.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if "xla_force_host_platform_device_count" not in os.environ.get("XLA_FLAGS", ""):
        # it cannot be changed once jax has started, and need not be: numbers do not depend on it
        with contextlib.suppress(RuntimeError):
            jax.config.update("jax_num_cpu_devices", max(cores, 2))


def _home() -> Path:
    """Return the folder where programs keep what they can make again."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
