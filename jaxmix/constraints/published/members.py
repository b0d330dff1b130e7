"""Published searches as members of the shelf: the curve of each is a table, and two classes read them. A search is
added by its table alone, in the package or in a user's folder.
"""

import dataclasses
from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Scalar

from jaxmix import statistics
from jaxmix.constraints.base.setting import Setting
from jaxmix.constraints.published import millicharge, zprime
from jaxmix.constraints.published import search as published_search
from jaxmix.currents import neutral_currents
from jaxmix.data import searches


@dataclasses.dataclass(frozen=True)
class PublishedLimitKind:
    """A published search as the shelf knows it (kind.Kind): named, cited and described by the header of its table."""

    search: searches.Search

    @property
    def _reader(self) -> type[millicharge.MillichargeSearch] | type[zprime.ZprimeSearch]:
        return millicharge.MillichargeSearch if self.search.is_millicharge else zprime.ZprimeSearch

    @property
    def name(self) -> str:
        """The word for it in configs and commands."""
        return self.search.name

    @property
    def title(self) -> str:
        """One line for a reader."""
        return self.search.title

    @property
    def label(self) -> str:
        """A shorter title, for figures."""
        return self.search.label

    @property
    def reference(self) -> str:
        """The publication."""
        return self.search.reference

    @property
    def data_reference(self) -> str:
        """Where the numbers are from."""
        return self.search.read_off

    @property
    def kind(self) -> str:
        """ "published" or "projected"."""
        return self.search.kind

    @property
    def domain(self) -> str:
        """Where it makes a statement, in words."""
        return f"{self._reader.domain}; published for: {self.search.assumption}"

    @property
    def settings(self) -> Mapping[str, Setting]:
        """The declarations of its settings: it has none."""
        return self._reader.settings

    @property
    def parameters(self) -> tuple[str, ...]:
        """Parameters that it reads as settings: none."""
        return self._reader.parameters

    @property
    def needs(self) -> tuple[str, ...]:
        """Parameters without which it makes no statement."""
        return self._reader.needs

    @property
    def levels(self) -> tuple[tuple[str, float], ...]:
        """The published level."""
        return (("cl", self.search.cl),)

    @property
    def only_cl(self) -> float | None:
        """The published level, the only one."""
        return self.search.cl

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it may make no statement."""
        return self._reader.reasons

    @property
    def holds_swapped_labels(self) -> bool:
        """Whether it judges a physical mass also where the pole asked for is the Z."""
        return self._reader.holds_swapped_labels

    def build(
        self, settings: Mapping[str, float | str], level: tuple[str, float], pdf: str | None = None
    ) -> published_search.PublishedSearch:
        """Build the search; it has no settings, and pdf is an LHAPDF6 folder in place of the package's luminosities.

        Raises
        ------
        ValueError
            For a level that is not the published one.
        """
        published_search.check_level(self.search, level)
        return self._reader.of(self.search, pdf)


def members() -> list[PublishedLimitKind]:
    """Return every search of the package's data."""
    return [PublishedLimitKind(search) for search in searches.known().values()]


class Together(eqx.Module):
    """Many searches judged at one point at once: the Z' is computed once, and all curves are read as one."""

    searches: dict[str, published_search.PublishedSearch]
    curves: statistics.Curve | None  # stacked, in the order of the searches

    def __init__(self, found: Mapping[str, published_search.PublishedSearch]):
        self.searches = dict(sorted(found.items()))  # the order in which a dict of a pytree comes back
        self.curves = statistics.stacked([search.curve.curve for search in self.searches.values()]) if found else None

    def __call__(self, currents: neutral_currents.NeutralCurrents) -> dict[str, tuple[Scalar, Int[Array, ""]]]:
        """Test statistic and reason by name, as each gives them alone."""
        if self.curves is None:
            return {}
        zprime = published_search.zprime_of(currents)
        seen = {name: search.seen(currents, zprime) for name, search in self.searches.items()}
        places = jnp.log(jnp.stack([each.mass for each in seen.values()]))
        values, covered = jax.vmap(lambda curve, at: curve(at))(self.curves, places)
        answers = {}
        for i, (name, search) in enumerate(self.searches.items()):
            q = jnp.where(seen[name].unmet, jnp.nan, search.curve.scaled(values[i], covered[i], seen[name].signal))
            answers[name] = q, published_search.reason(covered[i], seen[name].unmet)
        return answers
