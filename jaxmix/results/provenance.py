"""The identity of a result: the config, the package's source and data, the libraries, the device and the tiles."""

import importlib.metadata
import platform
from collections.abc import Mapping
from typing import Any

from jaxmix import fingerprint
from jaxmix.data import tables

LIBRARIES = ("jaxmix", "jax", "jaxlib", "numpy", "equinox")


def identity(
    config: Mapping[str, Any],
    device: str,
    tiles: Mapping[str, Any],
    pdf: Mapping[str, str] | None = None,
    tables_of_user: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Collect all that decides the numbers of a run, as JSON types.

    Two runs of equal identity may share chunks.

    Parameters
    ----------
    config
        The canonical config.
    device
        Its kind ("cpu", or the accelerator's name).
    tiles
        The shapes of tiles and chunks.
    pdf
        Set and SHA256 of a user's parton distributions, None for the package's.
    tables_of_user
        SHA256 by name of the limits that a user's folder brought.

    Returns
    -------
    dict
        The identity.
    """
    return {
        "config_hash": fingerprint.digest(config),
        "config": dict(config),
        "code": fingerprint.source_checksums(),
        "data": tables.checksums(),
        "versions": versions(),
        "device": device,
        "pdf": None if pdf is None else dict(pdf),
        "tables": dict(tables_of_user or {}),
        "tiles": dict(tiles),
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that compute."""
    return {"python": platform.python_version()} | {name: _version(name) for name in LIBRARIES}


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def differences(before: Any, now: Any, path: str = "") -> list[str]:
    """List where two identities differ, one line a leaf, with what was and what is."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        keys = [*before, *(key for key in now if key not in before)]
        return [
            line
            for key in keys
            for line in differences(before.get(key), now.get(key), f"{path}.{key}" if path else str(key))
        ]
    return [] if before == now else [f"{path}: was {_short(before)}, is {_short(now)}"]


def _short(value: Any) -> str:
    text = "absent" if value is None else fingerprint.text(value)
    return text if len(text) <= 60 else text[:57] + "..."
