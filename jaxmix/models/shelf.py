"""The models of the dark sector by the names that configs and commands use: a new one is its file and a line here."""

from jaxmix.models import base, declarations, mixed_phase, stueckelberg

MODELS: dict[str, type[base.AbstractModel]] = {
    each.declaration.kind: each for each in (mixed_phase.MixedPhase, stueckelberg.Stueckelberg)
}


def model(kind: str) -> type[base.AbstractModel]:
    """The class of a model.

    Raises
    ------
    ValueError
        For a name that is none of MODELS.
    """
    if kind not in MODELS:
        raise ValueError(f"model: found {kind!r}; allowed: {', '.join(declarations.DECLARED)}.")
    return MODELS[kind]
