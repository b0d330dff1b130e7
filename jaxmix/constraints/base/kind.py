"""What the shelf knows of an experiment: a class of constraints says it of itself, and a table of a published limit in
its header.
"""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from jaxmix.constraints.base import abstract
from jaxmix.constraints.base.setting import Setting

KINDS = ("measured", "projected", "published", "theory")
OBSERVED, PROJECTED, THEORY = ("measured", "published"), "projected", "theory"


@runtime_checkable
class Kind(Protocol):
    """A kind of experiment. A class derived from AbstractConstraint is one if it has these class variables.

    Attributes
    ----------
    name
        The word for it in configs and commands: letters, digits and underscores.
    title, label
        One line for a reader, and a shorter one for figures (empty: the title).
    reference, data_reference
        The publication, and those of the tables that it rests on (empty where `reference` names them).
    kind
        "measured", "projected", "published" or "theory".
    domain
        Where it makes a statement, in words.
    settings
        The declarations of its settings, by name.
    parameters
        Parameters of the study that it reads as settings, such as a collider's energy.
    needs
        Parameters without which it makes no statement.
    levels
        Levels of a scan where a config gives none: ("sigma", n) or ("cl", fraction) each.
    only_cl
        The one confidence level at which it can be judged; None if there are others.
    reasons
        Why it may make no statement, by the numbers that `reason` gives.
    holds_swapped_labels
        Whether it judges a physical mass also where the pole asked for is the Z.
    """

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def reference(self) -> str: ...
    @property
    def data_reference(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def domain(self) -> str: ...
    @property
    def settings(self) -> Mapping[str, Setting]: ...
    @property
    def parameters(self) -> tuple[str, ...]: ...
    @property
    def needs(self) -> tuple[str, ...]: ...
    @property
    def levels(self) -> tuple[tuple[str, float], ...]: ...
    @property
    def only_cl(self) -> float | None: ...
    @property
    def reasons(self) -> tuple[str, ...]: ...
    @property
    def holds_swapped_labels(self) -> bool: ...

    def build(
        self, settings: Mapping[str, float | str], level: tuple[str, float], pdf: str | None = None
    ) -> abstract.AbstractConstraint:
        """Build the experiment; `settings` overrides defaults by name."""
        ...
