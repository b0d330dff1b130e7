"""Published searches as members of the shelf: the curve of each is a table of the package's data, and two classes read
them.

A search is added by its table alone: `members` makes a class of every table, named, cited and described by the table's
header.
"""

import functools
from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from jaxmix import statistics
from jaxmix.constraints.published import millicharge
from jaxmix.constraints.published import search as published_search
from jaxmix.constraints.published import zprime as published_zprime
from jaxmix.currents import neutral_currents
from jaxmix.data import searches

Scalar = Float[Array, ""]


@functools.cache
def members() -> dict[str, type[published_search.PublishedSearch]]:
    """A class for every search of the package's data, by name."""
    return {name: _member(search) for name, search in searches.known().items()}


def __getattr__(name: str) -> type[published_search.PublishedSearch]:
    """The class of a search by its own name, as of any other class of this module."""
    for member in members().values():
        if member.__name__ == name:
            return member
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _member(search: searches.Search) -> type[published_search.PublishedSearch]:
    base = millicharge.MillichargeSearch if search.is_millicharge else published_zprime.ZprimeSearch
    described = {
        "__doc__": f"{search.title}.",
        "__module__": __name__,
        "search": search,
        "name": search.name,
        "title": search.title,
        "label": search.label,
        "reference": search.reference,
        "data_reference": search.read_off,
        "kind": search.kind,
        "domain": f"{base.domain}; published for: {search.assumption}",
        "only_cl": search.cl,
    }
    return type(base)("".join(word.capitalize() for word in search.name.split("_")), (base,), described)


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
