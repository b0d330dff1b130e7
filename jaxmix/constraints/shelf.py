"""The shelf: every experiment by the name that configs and commands use, those of a user among them.

| name | file | kind |
|---|---|---|
| mcp_lhc | mcp_lhc/detector.py | projected |
| precision | precision.py | measured |
| g_minus_2_mu, g_minus_2_e | g_minus_2.py | measured |
| combined | combined.py | measured |
| z_invisible_width | z_invisible_width.py | measured |
| landau_pole | landau_pole.py | theory |
| relic_density | relic_density.py | theory |
| n_eff | n_eff.py | theory |
| a table of data/limits each | published/members.py | published or projected |
"""

import importlib.metadata
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from jaxmix import faults, parameters
from jaxmix.constraints import (
    combined,
    g_minus_2,
    landau_pole,
    n_eff,
    precision,
    relic_density,
    z_invisible_width,
)
from jaxmix.constraints.base import abstract
from jaxmix.constraints.base import kind as kinds
from jaxmix.constraints.base.kind import Kind
from jaxmix.constraints.base.setting import Setting
from jaxmix.constraints.mcp_lhc import detector
from jaxmix.constraints.published import members
from jaxmix.data import searches

GROUP = "jaxmix.constraints"  # of Python entry points that name a class each
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")  # of a kind, and of an instance in a config
_OWN: tuple[Kind, ...] = (
    detector.MillichargeDetector,
    precision.Precision,
    g_minus_2.MuonMagneticMoment,
    g_minus_2.ElectronMagneticMoment,
    combined.Combined,
    z_invisible_width.ZInvisibleWidth,
    landau_pole.LandauPole,
    relic_density.RelicDensity,
    n_eff.EffectiveNeutrinos,
)
_RESERVED = ("levels", "kind")  # keys of every config table
_WHAT = (
    "name", "title", "label", "reference", "data_reference", "kind", "domain", "settings", "parameters", "needs",
    "levels", "only_cl", "reasons", "holds_swapped_labels", "build",
)  # fmt: skip


class Shelf(Mapping[str, Kind]):
    """Kinds of experiments by name: the package's, those of the entry points `jaxmix.constraints` (read when the shelf
    is first asked), and those that were added.
    """

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._kinds = {kind.name: kind for kind in kinds}
        self._has_entry_points = False

    def _all(self) -> dict[str, Kind]:
        if not self._has_entry_points:
            self._has_entry_points = True
            for entry in importlib.metadata.entry_points(group=GROUP):
                self.add(entry.load())
        return self._kinds

    def __getitem__(self, name: str) -> Kind:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def add(self, kind: Kind) -> None:
        """Add a kind.

        Raises
        ------
        BadInput
            For a class that does not describe itself, and for a name that another kind has.
        """
        _check(kind)
        if self._all().get(kind.name, kind) != kind:
            raise faults.BadInput(
                f"{kind.name}: found a second experiment of this name; allowed: a name of its own, as "
                f"{self._kinds[kind.name].title!r} has it"
            )
        self._kinds[kind.name] = kind

    def of(self, name: str) -> Kind:
        """Return the kind of a name.

        Raises
        ------
        BadInput
            For an unknown name; the message offers the nearest one.
        """
        if name not in self:
            hint = faults.did_you_mean(name[:60], self)
            raise faults.BadInput(f"constraint: found {name[:60]!r}; allowed: {', '.join(self)}{hint}")
        return self[name]


SHELF = Shelf([*_OWN, *members.members()])


def register(kind: type[abstract.AbstractConstraint]) -> type[abstract.AbstractConstraint]:
    """Add an experiment to the shelf, so that configs and commands know it by its name; usable as a decorator.

    Parameters
    ----------
    kind
        A class derived from `AbstractConstraint` with the class variables of `constraints.base.kind.Kind`.

    Returns
    -------
    type
        The class itself.

    Raises
    ------
    BadInput
        For a class that lacks something, and for a name that another experiment has.
    """
    SHELF.add(kind)  # type: ignore[arg-type]  # `add` looks for every attribute
    return kind


def load_tables(folder: str | Path) -> list[str]:
    """Add the limits of a user's folder to the shelf, one of each CSV file.

    Parameters
    ----------
    folder
        CSV files with the header words of the package's tables of limits.

    Returns
    -------
    list of str
        Their names.

    Raises
    ------
    DamagedData
        For a file that is no table of a limit.
    BadInput
        For a name that another experiment has.
    """
    found = [members.PublishedLimitKind(search) for search in searches.of_folder(folder)]
    for kind in found:
        SHELF.add(kind)
    return [kind.name for kind in found]


def table_identities(names: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of the user's tables among kinds, by name."""
    chosen = {name: SHELF[name] for name in names}
    return {
        name: kind.search.sha256
        for name, kind in chosen.items()
        if isinstance(kind, members.PublishedLimitKind) and kind.search.sha256
    }


def build(
    name: str, settings: Mapping[str, float | str], level: tuple[str, float], pdf: str | None = None
) -> abstract.AbstractConstraint:
    """Build an experiment of the shelf.

    Parameters
    ----------
    name
        Of the kind.
    settings
        By name, others at their defaults.
    level
        ("sigma", n) or ("cl", fraction).
    pdf
        An LHAPDF6 folder in place of the package's parton luminosities.

    Raises
    ------
    BadInput
        For settings that no experiment can have, for a level at which a limit was not published, and for a folder that
        is no LHAPDF6 set.
    """
    try:
        return SHELF[name].build(settings, level, pdf)
    except ValueError as fault:
        raise faults.BadInput(str(fault)) from fault


def level(name: str, cl: float) -> tuple[str, float]:
    """Return the level at which a kind is judged where the confidence level cl is asked for: its own, if it has no
    other.
    """
    only = SHELF[name].only_cl
    return "cl", cl if only is None else only


def expected(constraint: abstract.AbstractConstraint) -> abstract.AbstractConstraint:
    """Return the constraint judged by data that equal their expectation without mixing.

    Raises
    ------
    BadInput
        Where no such data are published.
    """
    try:
        return constraint.asimov()
    except ValueError as fault:
        raise faults.BadInput(f"--expected: {fault}") from fault


def _check(kind: Kind) -> None:
    """BadInput with all that a kind lacks."""
    who = getattr(kind, "__qualname__", repr(kind))
    problems = [
        f"{word}: found nothing; allowed: see constraints.base.kind.Kind" for word in _WHAT if not hasattr(kind, word)
    ]
    if not problems:
        problems += [] if NAME.fullmatch(kind.name) else [f"name: found {kind.name!r}; allowed: {NAME.pattern}"]
        problems += (
            [] if kind.kind in kinds.KINDS else [f"kind: found {kind.kind!r}; allowed: {', '.join(kinds.KINDS)}"]
        )
        wrong = [name for name, each in kind.settings.items() if name in _RESERVED or not isinstance(each, Setting)]
        problems += [f"settings.{name}: found {kind.settings[name]!r:.60}; allowed: a Setting" for name in wrong]
        unknown = [name for name in (*kind.parameters, *kind.needs) if name not in parameters.PARAMETERS]
        problems += [f"parameters, needs: found {name!r}; allowed: parameters of the study" for name in unknown]
    if inspect.isclass(kind) and inspect.isabstract(kind):
        problems.append(f"methods: found none for {', '.join(sorted(kind.__abstractmethods__))}")
    if problems:
        raise faults.BadInput(f"{who}: no experiment for the shelf\n" + "\n".join(f"  {each}" for each in problems))
