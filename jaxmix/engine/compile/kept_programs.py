"""Traced programs kept as bytes, so that another process neither traces nor lowers them again.

A program is known by its function and by a description of its arguments: every static number and name, the shape and
type of every array. Only functions and classes of registered packages have a description, as the store's version must
tell when their source changes; a program with any other function or class is compiled as usual and not kept.
"""

import ast
import dataclasses
import hashlib
import importlib
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import export
from jaxtyping import Array, PyTree

_OWN_PACKAGE = __name__.partition(".")[0]
_REMEMBERED = 8  # flattened arguments that each program remembers
_LITERALS = (bool, int, float, str, type(None))


@runtime_checkable
class Store(Protocol):
    """Where programs are kept: bytes by name.

    Attributes
    ----------
    version
        A text that changes with everything else that a program rests on: sources, data, compiler.
    """

    version: str

    def read(self, name: str) -> bytes | None:
        """The bytes kept under a name; None if there are none or if they are damaged."""

    def write(self, name: str, content: bytes) -> None:
        """Keep bytes under a name; without effect where that is not possible."""


class NotSerialisable(ValueError):
    """A part of an argument has no name by which another process would find it."""


@dataclasses.dataclass
class Registry:
    """The store of this process, and the packages whose functions and classes may stand in kept programs."""

    store: Store | None = None
    packages: tuple[str, ...] = (_OWN_PACKAGE,)


# The one registry of a process, as jax has one compilation cache: programs are compiled in many places.
REGISTRY = Registry()


def keep_in(store: Store | None, packages: Sequence[str] = ()) -> None:
    """Keep traced programs in a store from now on.

    Parameters
    ----------
    store
        Where programs are kept; None: nowhere.
    packages
        Names of further packages whose functions and classes may stand in kept programs. The store's version must
        change with their sources.
    """
    REGISTRY.store, REGISTRY.packages = store, (_OWN_PACKAGE, *packages)


class Flattened(NamedTuple):
    """A pytree as a description (JSON types), and its arrays in order."""

    description: Any
    arrays: list[Array | np.ndarray | np.generic]


def flatten(tree: PyTree) -> Flattened:
    """A pytree as a description and its arrays.

    Raises
    ------
    NotSerialisable
        Where a part belongs to neither Python, NumPy, JAX nor a registered package.
    """
    arrays: list[Array | np.ndarray | np.generic] = []
    return Flattened(_described(tree, arrays), arrays)


def unflatten(description: Any, arrays: Iterator[Any]) -> PyTree:
    """The pytree of a description with these arrays: `flatten` reversed.

    Raises
    ------
    ValueError
        If the description is malformed, or names what is in no registered package.
    """
    match description:
        case {"array": _}:
            return next(arrays)
        case {"literal": text}:
            return ast.literal_eval(text)
        case {"dict": pairs}:
            return {ast.literal_eval(key): unflatten(value, arrays) for key, value in pairs}
        case {"list": items}:
            return [unflatten(item, arrays) for item in items]
        case {"tuple": items}:
            return tuple(unflatten(item, arrays) for item in items)
        case {"function": name}:
            return _imported(name)
        case {"class": name, "fields": fields}:
            made = object.__new__(_imported(name))
            for field, value in fields:
                object.__setattr__(made, field, unflatten(value, arrays))
            return made
    raise ValueError(f"description of a program: found {str(description)[:60]!r}")


def jit(function: Callable, options: dict[str, Any]) -> Callable:
    """The function compiled by eqx.filter_jit with options of the compiler."""
    return eqx.filter_jit(function, compiler_options=options)  # type: ignore[call-overload]  # passed on to jax.jit


class _Argument(NamedTuple):
    """A flattened argument, its description as text."""

    text: str
    arrays: list[Array | np.ndarray | np.generic]


class _Ready(NamedTuple):
    """A program to run on the arrays of the arguments; `result` holds the description of its result, once it is
    known.
    """

    run: Callable
    result: list[Any]


class Program:
    """A compiled function, kept in the registry's store for each kind of arguments that can be described.

    An argument that is given again is not flattened again: a large model is evaluated at one batch of points after
    another.
    """

    def __init__(self, function: Callable, options: dict[str, Any]):
        self._function, self._options = function, options
        self._ready: dict[tuple, _Ready] = {}
        self._seen: dict[int, tuple[PyTree, _Argument]] = {}
        self._compiled = jit(function, options)

    def __call__(self, *arguments: PyTree) -> PyTree:
        """function(*arguments)."""
        try:
            name, parts = _name(self._function), [self._flattened(argument) for argument in arguments]
        except NotSerialisable:
            return self._compiled(*arguments)
        arrays = [array for part in parts for array in part.arrays]
        if any(isinstance(array, jax.core.Tracer) for array in arrays):
            return self._compiled(*arguments)
        key = (id(REGISTRY.store), _float64(), *(part.text for part in parts))
        if key not in self._ready:
            self._ready[key] = self._obtained(name, parts, arrays)
        ready = self._ready[key]
        leaves = ready.run(*arrays)
        return unflatten(ready.result[0], iter(leaves))

    def _flattened(self, argument: PyTree) -> _Argument:
        known = self._seen.get(id(argument))
        if known is not None and known[0] is argument:
            return known[1]
        description, arrays = flatten(argument)
        part = _Argument(json.dumps(description), arrays)
        if isinstance(argument, eqx.Module) and not any(isinstance(array, jax.core.Tracer) for array in arrays):
            self._seen = dict(list(self._seen.items())[-_REMEMBERED:]) | {id(argument): (argument, part)}
        return part

    def _obtained(self, name: str, parts: list[_Argument], arrays: list) -> _Ready:
        """The program, from the store or newly traced."""
        on_arrays, result = _on_arrays(self._function, [json.loads(part.text) for part in parts])
        store = REGISTRY.store
        if store is None:
            return _Ready(jax.jit(on_arrays, compiler_options=self._options), result)
        rests_on = [
            name,
            [part.text for part in parts],
            self._options,
            store.version,
            jax.default_backend(),
            _float64(),
        ]
        place = hashlib.sha256(json.dumps(rests_on, sort_keys=True).encode()).hexdigest()
        content = store.read(place)
        if content is None:
            traced = _traced(on_arrays, arrays)
            store.write(place, json.dumps(result[0]).encode() + b"\n" + traced.serialize())
        else:
            head, _, body = content.partition(b"\n")
            traced, result = export.deserialize(bytearray(body)), [json.loads(head)]
        return _Ready(jax.jit(traced.call, compiler_options=self._options), result)


def _float64() -> bool:
    """Whether floats are of 64 bits."""
    return jnp.result_type(float) == jnp.float64


def _on_arrays(function: Callable, descriptions: list[Any]) -> tuple[Callable, list[Any]]:
    """The function as one from the arguments' arrays to the result's arrays, and a list that gets the result's
    description when it is traced.
    """
    result: list[Any] = []

    def on_arrays(*arrays):
        given = iter(arrays)
        description, leaves = flatten(function(*(unflatten(each, given) for each in descriptions)))
        result[:] = [description]
        return leaves

    return on_arrays, result


def _traced(on_arrays: Callable, arrays: list) -> export.Exported:
    return export.export(jax.jit(on_arrays))(*arrays)


def _described(tree: PyTree, arrays: list | None) -> Any:
    """The description of a pytree, whose arrays are appended to `arrays`; None: the part is static, and may hold no
    array.
    """
    if eqx.is_array(tree) or isinstance(tree, (np.ndarray, np.generic)):
        if arrays is None:
            raise NotSerialisable("an array that is static")
        arrays.append(tree)
        kind = jax.typeof(tree)
        return {"array": [str(kind.dtype), *kind.shape, kind.weak_type]}
    if isinstance(tree, _LITERALS):
        return {"literal": repr(tree)}
    if type(tree) is dict:
        return {"dict": [[_key(key), _described(value, arrays)] for key, value in tree.items()]}
    if type(tree) in (list, tuple):
        return {type(tree).__name__: [_described(item, arrays) for item in tree]}
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        fields = [
            (field.name, None if field.metadata.get("static", False) else arrays) for field in dataclasses.fields(tree)
        ]
        return {
            "class": _name(type(tree)),
            "fields": [[name, _described(getattr(tree, name), within)] for name, within in fields],
        }
    if callable(tree):
        return {"function": _name(tree)}
    raise NotSerialisable(f"a {type(tree).__name__}")


def _key(key: Any) -> str:
    if not isinstance(key, _LITERALS):
        raise NotSerialisable(f"a key of type {type(key).__name__}")
    return repr(key)


def _name(thing: Any) -> str:
    """module:name of a function or class of a registered package."""
    name = f"{getattr(thing, '__module__', None)}:{getattr(thing, '__qualname__', None)}"
    if not _is_registered(name) or _imported(name, None) is not thing:
        raise NotSerialisable(f"{name}, which {', '.join(REGISTRY.packages)} do not have under this name")
    return name


def _imported(name: str, *default: Any) -> Any:
    """The function or class of this name."""
    if not _is_registered(name):
        raise ValueError(f"description of a program: found {name!r}; allowed: names of {', '.join(REGISTRY.packages)}")
    module, _, path = name.partition(":")
    return getattr(importlib.import_module(module), path, *default)


def _is_registered(name: str) -> bool:
    """Whether the module of a name lies in a registered package."""
    module = name.partition(":")[0]
    return any(module == package or module.startswith(f"{package}.") for package in REGISTRY.packages)
