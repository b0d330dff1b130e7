"""The package's words: every public thing says what it is, and no name that was found to confuse comes back."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "jaxmix"
# rooms whose words are held to the rules; add a room when it is finished
ROOMS = (
    "numerics",
    "statistics",
    "data",
    "results",
    "plots",
    "counting",
    "command",
    "atomic",
    "fingerprint",
    "faults",
    "merge",
    "__main__",
)
# answers to a question that nobody asked, which stood for docstrings
RIDDLES = {
    "all its numbers.",
    "itself.",
    "none.",
    "nothing.",
    "of all members.",
    "those of all members.",
    "the same.",
    "what is at hand.",
}
# names that do not say what a thing is, and what they are called now or are to be called
CONFUSING = {
    "quickly": "fast_compile",
    "plainly": "balanced",
    "carefully": "fast_run",
    "quick": "the level of compilation",
    "plain": "the level of compilation",
    "once": "compiled and run once",
    "taken_apart": "flatten, or serialise",
    "put_together": "unflatten, or deserialise",
    "Apart": "the serialised program",
    "NotInWords": "an error: not serialisable",
    "at_hand": "missing, or still to do",
    "owed": "missing",
}
FILES = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.relative_to(PACKAGE).parts[0] in ROOMS or (path.parent == PACKAGE and path.stem in ROOMS)
]
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
EACH_FILE = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def public(tree: ast.Module) -> list[Named]:
    """The functions and classes of a module, and the methods of these classes, that do not begin with an underscore."""
    found: list[Named] = []
    for node in tree.body:
        if isinstance(node, Named) and not node.name.startswith("_"):
            found.append(node)
            inner = node.body if isinstance(node, ast.ClassDef) else []
            found += [each for each in inner if isinstance(each, Named) and not each.name.startswith("_")]
    return found


def names(tree: ast.Module) -> set[str]:
    """Every name that a module gives to a function, a class, an argument or a variable."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, Named):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def complaint(docstring: str | None) -> str | None:
    """What is wrong with a docstring, None if nothing is."""
    if docstring is None:
        return "it has no docstring"
    if docstring.strip().lower() in RIDDLES:
        return f"{docstring!r} answers a question that nobody asked"
    return f"{docstring!r} has fewer than three words" if len(docstring.split()) < 3 else None


def test_every_room_is_there():
    """No room of the list is misspelt."""
    assert {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES} == set(ROOMS)


@EACH_FILE
def test_public_things_say_what_they_are(path):
    """A docstring of three words or more, and no riddle."""
    tree = TREES[path]
    told = {node.name: complaint(ast.get_docstring(node)) for node in public(tree)}
    told[path.stem] = complaint(ast.get_docstring(tree))
    assert not {name: what for name, what in told.items() if what is not None}


@EACH_FILE
def test_confusing_names_are_gone(path):
    """Neither the module nor anything in it bears a name of the list."""
    found = {name: CONFUSING[name] for name in (names(TREES[path]) | {path.stem}) & set(CONFUSING)}
    assert not found, found


@pytest.mark.parametrize("docstring", [None, "Itself.", "Those of all members.", "b itself."])
def test_riddles_are_told(docstring):
    """The rule refuses what it was made against."""
    assert complaint(docstring) is not None
