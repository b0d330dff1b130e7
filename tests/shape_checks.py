"""The checker of annotations in the tests: as PEP 484 has it, an int is taken where a float is asked for.

`Self` is not checked: beartype knows it in classes that it decorates whole, and the import hook decorates functions.
"""

import typing
from collections.abc import Callable

import beartype

_check = beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))


def checked(function: Callable) -> Callable:
    """The function with its arguments and its result held against their annotations."""
    annotations = getattr(function, "__annotations__", None)
    if annotations and any("Self" in repr(hint) for hint in annotations.values()):
        function.__annotations__ = {
            name: typing.Any if "Self" in repr(hint) else hint for name, hint in annotations.items()
        }
    return _check(function)
