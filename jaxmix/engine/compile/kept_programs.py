"""Traced programs kept as bytes, so that another process neither traces nor lowers them again.

A program is known by its function and by its arguments in words: every static number and name, the shape and type of
every array. What cannot be put into words (a function or a class of the user, whose text is not known) is compiled as
ever and not kept.
"""

import ast
import dataclasses
import hashlib
import importlib
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import equinox as eqx
import jax
import numpy as np
from jax import export
from jaxtyping import Array, PyTree

_PACKAGE = __name__.partition(".")[0]
_REMEMBERED = 8  # arguments, by each program
_PLAIN = (bool, int, float, str, type(None))


class Store(Protocol):
    """Where programs are kept: bytes by name. version says all else that a program rests on (sources, data,
    compiler).
    """

    version: str

    def read(self, name: str) -> bytes | None:
        """What was kept, None if nothing was or if it is damaged."""

    def write(self, name: str, content: bytes) -> None:
        """Keep bytes under a name; without effect where that is not possible."""


class NotInWords(ValueError):
    """A part of an argument has no name by which another process would find it."""


def taken_apart(tree: PyTree) -> tuple[Any, list[Array | np.ndarray]]:
    """A pytree as words (JSON types) and its arrays in order; NotInWords where a part belongs to neither Python, NumPy,
    JAX nor this package.
    """
    arrays = []
    return _words(tree, arrays), arrays


def put_together(words: Any, arrays: Iterator[Array]) -> PyTree:
    """The pytree of these words with these arrays: `taken_apart` reversed."""
    match words:
        case {"array": _}:
            return next(arrays)
        case {"is": text}:
            return ast.literal_eval(text)
        case {"dict": pairs}:
            return {ast.literal_eval(key): put_together(value, arrays) for key, value in pairs}
        case {"list": items}:
            return [put_together(item, arrays) for item in items]
        case {"tuple": items}:
            return tuple(put_together(item, arrays) for item in items)
        case {"function": name}:
            return _found(name)
        case {"class": name, "fields": fields}:
            made = object.__new__(_found(name))
            for field, value in fields:
                object.__setattr__(made, field, put_together(value, arrays))
            return made
    raise ValueError(f"words of a program: found {str(words)[:60]!r}")


class Apart(NamedTuple):
    """An argument in words, and its arrays."""

    text: str
    arrays: list[Array | np.ndarray]


class Program:
    """A compiled function, kept in a store (if there is one) for each kind of arguments that can be put into words.

    What is an argument again need not be taken apart again: large models are, of which a batch of points is asked at a
    time.
    """

    def __init__(self, function: Callable, options: dict[str, Any]):
        self._function, self._options, self._ready, self._seen = function, options, {}, {}
        self._compiled = eqx.filter_jit(function, compiler_options=options)

    def __call__(self, *arguments: PyTree) -> PyTree:
        """function(*arguments)."""
        try:
            name, parts = _name(self._function), [self._apart(argument) for argument in arguments]
        except NotInWords:
            return self._compiled(*arguments)
        arrays = [array for part in parts for array in part.arrays]
        if any(isinstance(array, jax.core.Tracer) for array in arrays):
            return self._compiled(*arguments)
        key = (id(_kept_in), jax.config.jax_enable_x64, *(part.text for part in parts))
        if key not in self._ready:
            self._ready[key] = self._obtained(name, parts, arrays)
        run, result = self._ready[key]
        leaves = run(*arrays)
        return put_together(result[0], iter(leaves))

    def _apart(self, argument: PyTree) -> Apart:
        kept = self._seen.get(id(argument))
        if kept is not None and kept[0] is argument:
            return kept[1]
        words, arrays = taken_apart(argument)
        part = Apart(json.dumps(words), arrays)
        if isinstance(argument, eqx.Module) and not any(isinstance(array, jax.core.Tracer) for array in arrays):
            self._seen = dict(list(self._seen.items())[-_REMEMBERED:]) | {id(argument): (argument, part)}
        return part

    def _obtained(self, name: str, parts: list[Apart], arrays: list[Array]) -> tuple[Callable, list]:
        """The compiled program and its result in words (once it has run), from the store or traced."""
        flat, result = _flattened(self._function, [json.loads(part.text) for part in parts])
        if _kept_in is None:
            return jax.jit(flat, compiler_options=self._options), result
        described = [
            name,
            [part.text for part in parts],
            self._options,
            _kept_in.version,
            jax.default_backend(),
            jax.config.jax_enable_x64,
        ]
        place = hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
        content = _kept_in.read(place)
        if content is None:
            traced = _traced(flat, arrays)
            _kept_in.write(place, json.dumps(result[0]).encode() + b"\n" + traced.serialize())
        else:
            head, _, body = content.partition(b"\n")
            traced, result = export.deserialize(bytearray(body)), [json.loads(head)]
        return jax.jit(traced.call, compiler_options=self._options), result


_kept_in: Store | None = None


def keep_in(store: Store | None) -> None:
    """Keep programs in this store from now on; in none if None."""
    global _kept_in
    _kept_in = store


def _flattened(function: Callable, words: list[Any]) -> tuple[Callable, list]:
    """The function of the arguments' arrays, to those of its result; and the result's words, once it has been
    traced.
    """
    result = []

    def flat(*arrays):
        given = iter(arrays)
        found, leaves = taken_apart(function(*(put_together(each, given) for each in words)))
        result[:] = [found]
        return leaves

    return flat, result


def _traced(flat: Callable, arrays: list[Array]) -> export.Exported:
    return export.export(jax.jit(flat))(*arrays)


def _words(tree: PyTree, arrays: list | None) -> Any:
    """arrays: gets the arrays; None for what is static and may hold none."""
    if eqx.is_array(tree) or isinstance(tree, (np.ndarray, np.generic)):
        if arrays is None:
            raise NotInWords("an array that is static")
        arrays.append(tree)
        kind = jax.typeof(tree)
        return {"array": [str(kind.dtype), *kind.shape, kind.weak_type]}
    if isinstance(tree, _PLAIN):
        return {"is": repr(tree)}
    if type(tree) is dict:
        return {"dict": [[repr(key), _words(value, arrays)] for key, value in tree.items() if _is_plain(key)]}
    if type(tree) in (list, tuple):
        return {type(tree).__name__: [_words(item, arrays) for item in tree]}
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        fields = [
            (field.name, None if field.metadata.get("static", False) else arrays) for field in dataclasses.fields(tree)
        ]
        return {
            "class": _name(type(tree)),
            "fields": [[name, _words(getattr(tree, name), kept)] for name, kept in fields],
        }
    if callable(tree):
        return {"function": _name(tree)}
    raise NotInWords(f"a {type(tree).__name__}")


def _is_plain(key: Any) -> bool:
    if not isinstance(key, _PLAIN):
        raise NotInWords(f"a key of type {type(key).__name__}")
    return True


def _name(thing: Any) -> str:
    name = f"{getattr(thing, '__module__', None)}:{getattr(thing, '__qualname__', None)}"
    if not name.startswith(f"{_PACKAGE}.") or _found(name, None) is not thing:
        raise NotInWords(f"{name}, which {_PACKAGE} does not have under this name")
    return name


def _found(name: str, *otherwise: Any) -> Any:
    module, _, path = name.partition(":")
    if not module.startswith(f"{_PACKAGE}."):
        raise ValueError(f"words of a program: found {name!r}; allowed: names of {_PACKAGE}")
    return getattr(importlib.import_module(module), path, *otherwise)
