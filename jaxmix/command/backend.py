"""How a command starts JAX: float64, the device asked for, a device for each core of a CPU, and programs kept for the
next run.
"""

import contextlib
import hashlib
import importlib.metadata
import os
import re
import sys
import tempfile
from pathlib import Path

import jax
from jax.experimental import multihost_utils

from jaxmix import engine, faults, fingerprint
from jaxmix.data import tables

FOLDER = "JAXMIX_CACHE"  # environment: where compiled programs are kept; empty for nowhere
_TRACED_BY = ("jax", "jaxlib", "numpy", "equinox")
_PLATFORMS = {"cpu": "cpu", "gpu": "cuda"}


class Store:
    """Traced programs in a folder, a file each with its SHA-256 before it. They serve this version of the package, its
    data and JAX alone.
    """

    def __init__(self, folder: Path):
        rests_on = [
            fingerprint.source_checksums(),
            tables.checksums(),
            *(importlib.metadata.version(name) for name in _TRACED_BY),
        ]
        self.version = fingerprint.digest(rests_on)
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        """What was kept, None if nothing was or if it is damaged."""
        try:
            checksum, _, content = (self._folder / name).read_bytes().partition(b"\n")
        except OSError:
            return None
        return content if hashlib.sha256(content).hexdigest().encode() == checksum else None

    def write(self, name: str, content: bytes) -> None:
        """Keep bytes under a name; without effect where the folder cannot be written."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                file.write(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
            os.replace(file.name, self._folder / name)


def start(device: str | None = None) -> None:
    """Start JAX in float64 on "cpu", "gpu" or what it finds; BadInput where the device asked for is absent."""
    if device is not None:
        jax.config.update("jax_platforms", _PLATFORMS[device])
    jax.config.update("jax_enable_x64", True)
    _a_device_for_each_core()
    folder = os.environ.get(FOLDER, str(_home() / "jaxmix"))
    if folder:
        engine.keep_programs(Path(folder), Store(Path(folder) / "traced"))
    try:
        jax.devices()
    except RuntimeError as fault:
        raise faults.BadInput(
            f"--device: found {device!r}, which jax cannot start ({fault}); allowed here: cpu"
        ) from fault


def join(address: str) -> tuple[int, int]:
    """Join the processes of one distributed run, and this one's part (i, N) of it.

    address: "auto" (found from SLURM's or Open MPI's environment), or HOST:PORT,i/N with the address of process 0.
    """
    if address == "auto":
        options = {}
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
            f"--distributed: found {address!r}, with which jax cannot start ({fault}); allowed: auto under SLURM or Open MPI, or HOST:PORT,i/N"
        ) from fault
    return jax.process_index(), jax.process_count()


def _keep_stdout_to_ourselves() -> None:
    """What libraries that connect processes print on stdout goes to stderr: a document may be asked for there."""
    sys.stdout.flush()
    own = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdout = os.fdopen(own, "w", encoding="utf-8")


def wait_for_all(name: str) -> None:
    """Return once every process of a distributed run is here."""
    multihost_utils.sync_global_devices(name)


def _a_device_for_each_core() -> None:
    """A grid's tiles are shared among devices, and a CPU is one device unless it is told otherwise. Two at least: XLA
    compiles a program for one device along another path, which rounds otherwise.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if "xla_force_host_platform_device_count" not in os.environ.get("XLA_FLAGS", ""):
        # it cannot be changed once jax has started, and need not be: numbers do not depend on it
        with contextlib.suppress(RuntimeError):
            jax.config.update("jax_num_cpu_devices", max(cores, 2))


def _home() -> Path:
    """Where programs keep what they can make again."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
