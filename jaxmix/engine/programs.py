"""Traced programs kept as bytes, so that another process neither traces nor lowers them again.

A program is known by its function and by its arguments in words: every static number and name, the shape and type of every array. What
cannot be put into words (a function or a class of the user, whose text is not known) is compiled as ever and not kept.
"""

import ast
import dataclasses
import hashlib
import importlib
import json
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import equinox as eqx
import jax
import numpy as np
from jax import export
from jaxtyping import Array, PyTree

_PACKAGE = __name__.partition(".")[0]
_PLAIN = (bool, int, float, str, type(None))


class Store(Protocol):
    """Where programs are kept: bytes by name. version says all else that a program rests on (sources, data, compiler)."""

    version: str

    def read(self, name: str) -> bytes | None:
        """What was kept, None if nothing was or if it is damaged."""

    def write(self, name: str, content: bytes) -> None:
        """Keep bytes under a name; without effect where that is not possible."""


class NotInWords(ValueError):
    """A part of an argument has no name by which another process would find it."""


def taken_apart(tree: PyTree) -> tuple[Any, list[Array | np.ndarray]]:
    """A pytree as words (JSON types) and its arrays in order; NotInWords where a part belongs to neither Python, NumPy, JAX nor this package."""
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


class Program:
    """A compiled function, kept in a store (if there is one) for each kind of arguments that can be put into words."""

    def __init__(self, function: Callable, options: dict[str, Any]):
        self._function, self._options, self._ready = function, options, {}
        self._compiled = eqx.filter_jit(function, compiler_options=options)

    def __call__(self, *arguments: PyTree) -> PyTree:
        """function(*arguments)."""
        if _kept_in is None:
            return self._compiled(*arguments)
        try:
            name = _words(self._function, [])
            words, arrays = taken_apart(arguments)
        except NotInWords:
            return self._compiled(*arguments)
        key = json.dumps([name, words, self._options, _kept_in.version, jax.default_backend(), jax.config.jax_enable_x64], sort_keys=True)
        if key not in self._ready:
            self._ready[key] = self._obtained(_kept_in, hashlib.sha256(key.encode()).hexdigest(), words, arrays)
        run, result = self._ready[key]
        return put_together(result, iter(run(*arrays)))

    def _obtained(self, store: Store, name: str, words: Any, arrays: list[Array]) -> tuple[Callable, Any]:
        """The compiled program and its result in words, from the store or traced."""
        content = store.read(name)
        if content is None:
            traced, result = _traced(self._function, words, arrays)
            store.write(name, json.dumps(result).encode() + b"\n" + traced.serialize())
        else:
            head, _, body = content.partition(b"\n")
            traced, result = export.deserialize(bytearray(body)), json.loads(head)
        return jax.jit(traced.call, compiler_options=self._options), result


_kept_in: Store | None = None


def keep_in(store: Store | None) -> None:
    """Keep programs in this store from now on; in none if None."""
    global _kept_in
    _kept_in = store


def _traced(function: Callable, words: Any, arrays: list[Array]) -> tuple[export.Exported, Any]:
    results = []

    def of_arrays(*arrays):
        found, leaves = taken_apart(function(*put_together(words, iter(arrays))))
        results.append(found)
        return leaves

    return export.export(jax.jit(of_arrays))(*arrays), results[-1]


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
    if isinstance(tree, eqx.Module):
        fields = [(field.name, None if field.metadata.get("static", False) else arrays) for field in dataclasses.fields(tree)]
        return {"class": _name(type(tree)), "fields": [[name, _words(getattr(tree, name), kept)] for name, kept in fields]}
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
