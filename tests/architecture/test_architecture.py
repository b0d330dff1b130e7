"""The floor plan: which room may import which, and what may stand where."""

import ast
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import jaxmix
from jaxmix.__main__ import COMMANDS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "jaxmix"

FLOORS = [
    {"constants", "faults", "fingerprint", "numerics"},
    {"atomic", "data", "engine", "parameters", "statistics"},
    {"currents"},
    {"collider", "electroweak", "models", "results"},
    {"detector"},
    {"constraints"},
    {"config", "study"},
    {"command", "forecast", "plots"},
    {"counting", "design", "limit", "point", "scan"},
    {"merge", "constraints.__main__", "__main__"},
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# a command that lives in the room of what it lists
UP = {"constraints.__main__": {"config", "command"}}

FILES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
EACH_FILE = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))


def room_of(parts):
    """The room of a module, by its path inside the package."""
    name = ".".join(parts)
    return name if name in FLOOR else parts[0] if parts else "__init__"


def room_of_file(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return room_of(parts if parts[-1] != "__init__" else parts[:-1])


def imports_of(tree):
    """Every import of the package's own modules, as (line, path inside the package)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            first, *rest = name.split(".")
            if first == "jaxmix":
                yield node.lineno, rest


@EACH_FILE
def test_imports_point_down_the_floors(path):
    here = room_of_file(path)
    if here == "__init__":
        return
    assert here in FLOOR, f"{path.name} is on no floor"
    for line, target in imports_of(TREES[path]):
        there = room_of(target)
        if there not in (here, "__init__"):
            assert FLOOR[there] < FLOOR[here], (
                f"line {line}: {here} (floor {FLOOR[here]}) imports {there} (floor {FLOOR[there]})"
            )


def test_the_house_is_small():
    """At most ten loose files, 32 rooms, ten floors; every room is on one floor, and every command is a room or a file
    of its own.
    """
    loose = list(PACKAGE.glob("*.py"))
    assert len(loose) <= 10, sorted(path.name for path in loose)
    rooms = {room_of_file(path) for path in FILES} - {"__init__"}
    assert rooms == set(FLOOR) and len(rooms) <= 32 and len(FLOORS) <= 10
    assert sum(map(len, FLOORS)) == len(FLOOR)
    for name, (home, _) in COMMANDS.items():
        assert home in (f"jaxmix.{name}", f"jaxmix.{name}.__main__")


def test_tests_lie_in_the_tree_of_the_package():
    """Every folder of tests is a folder of the package, or tells of the whole."""
    for folder in (ROOT / "tests").rglob("*/"):
        inside = folder.relative_to(ROOT / "tests")
        if folder.is_dir() and "__pycache__" not in inside.parts and inside != Path():
            assert (PACKAGE / inside).is_dir() or str(inside) == "architecture", inside


@EACH_FILE
def test_others_use_the_engine_by_its_public_names(path):
    if room_of_file(path) not in ("engine", "__init__"):
        assert {
            ".".join(target) for _, target in imports_of(TREES[path]) if target[:1] == ["engine"] and len(target) > 1
        } == set()


@EACH_FILE
def test_the_engine_imports_numerics_only(path):
    if room_of_file(path) == "engine":
        assert {room_of(target) for _, target in imports_of(TREES[path])} <= {"engine", "numerics"}


@EACH_FILE
def test_numerics_and_engine_know_no_physics(path):
    if room_of_file(path) in ("engine", "numerics"):
        text = path.read_text(encoding="utf-8").lower()
        assert not re.findall(
            r"kappa|epsilon_gamma|zprime|theta_dark|m_mcp|boson|photon|collider|luminosity|gev\b", text
        )


@EACH_FILE
def test_imports_stand_at_the_top(path):
    allowed = set()
    if room_of_file(path) in UP:
        mains = [node for node in TREES[path].body if isinstance(node, ast.FunctionDef) and node.name == "show"]
        allowed = {id(node) for main in mains for node in ast.walk(main)}
    top = {id(node) for node in TREES[path].body}
    for node in TREES[path].body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            allowed |= {id(each) for each in node.body}
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import | ast.ImportFrom):
            assert id(node) in top | allowed, f"line {node.lineno}: an import inside a function"
            assert not any(alias.name == "*" for alias in node.names), f"line {node.lineno}: a star import"
            assert getattr(node, "module", None) != "__future__", f"line {node.lineno}: it disables the check of shapes"


@EACH_FILE
def test_compilation_stands_in_the_engine_only(path):
    if room_of_file(path) != "engine":
        words = {"jit", "pmap", "filter_jit", "filter_pmap", "shard_map"}
        used = {node.attr for node in ast.walk(TREES[path]) if isinstance(node, ast.Attribute)}
        used |= {node.id for node in ast.walk(TREES[path]) if isinstance(node, ast.Name)}
        assert not used & words


@EACH_FILE
def test_every_except_names_what_it_catches(path):
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.ExceptHandler):
            last = node.body[-1]
            again = isinstance(last, ast.Raise) and last.exc is None
            names = ast.unparse(node.type) if node.type else "everything"
            assert again or not re.search(r"everything|\b(Base)?Exception\b", names), (
                f"line {node.lineno}: catches {names}"
            )


LABORATORIES = (
    "cern|fermilab|slac|desy|kek|cms|atlas|lhcb|alice|aleph|delphi|opal|sld|babar|belle|milliqan"
    "|formosa|sensei|na62|na64|tasso|cello|petra|tristan|lep"
)


@EACH_FILE
def test_laboratories_are_named_in_constraints_and_data_only(path):
    """Names and texts of the code; a source cited in a comment or a docstring may name whom it likes."""
    if room_of_file(path) in ("constraints", "data", "constraints.__main__"):
        return
    docstrings = {
        id(node.value)
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(TREES[path]):
        words = [getattr(node, key, None) for key in ("id", "attr", "arg", "name")]
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            words.append(node.value)
        for word in words:
            if isinstance(word, str):
                found = re.findall(rf"(?<![a-z0-9])(?:{LABORATORIES})(?![a-z0-9])", word.lower())
                assert not found, f"line {node.lineno}: {found}"


@EACH_FILE
def test_a_file_is_one_idea_and_a_function_does_one_thing(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.FunctionDef):
            size = node.end_lineno - node.lineno - len((ast.get_docstring(node) or "").splitlines())
            assert size <= 55, f"{node.name}: {size} lines"


@EACH_FILE
def test_what_is_public_is_described(path):
    assert ast.get_docstring(TREES[path]), "the file does not say what it is"
    for node in TREES[path].body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"line {node.lineno}: {node.name} does not say what it is"


@EACH_FILE
def test_nothing_of_the_gpl_is_imported(path):
    for node in ast.walk(TREES[path]):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [getattr(node, "module", None) or ""]
        )
        assert not any(name.split(".")[0] in ("pythia8", "pythia8mc", "lhapdf") for name in names)


def test_no_path_or_address_of_one_machine_stands_in_the_tree():
    pattern = re.compile(
        r"(^|[^A-Za-z0-9_.])/(" + "|".join(("work", "tmp", "root", "home", "Users")) + r")/|index" + "-url"
    )
    kinds = {".py", ".toml", ".md", ".csv", ".cff", ".lock"}
    folders = [PACKAGE, ROOT / "configs", ROOT / "benchmarks", ROOT / "figures", ROOT / ".ci"]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in kinds or path.name == "run"]
    files += [path for path in ROOT.iterdir() if path.suffix in kinds]
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert not pattern.search(line), f"{path.relative_to(ROOT)}:{number}: {line}"


def test_every_data_file_is_listed_with_its_checksum():
    folder = PACKAGE / "data"
    rows = [line.split(maxsplit=1) for line in (folder / "SHA256SUMS").read_text(encoding="ascii").splitlines()]
    listed = {name.strip(): digest for digest, name in rows}
    present = {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    tables = {name for name in present if not name.endswith((".py", ".md")) and name != "SHA256SUMS"}
    assert set(listed) == tables
    for name, digest in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name


# the public interface


def run_python(code):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_public_names_are_these():
    classes = {"MixedPhase", "Study", "Axis", "Grid", "Contour", "Contours", "Surface", "Forecast", "Checked"}
    public = classes | {
        "check",
        "register",
        "load_tables",
        "evaluate",
        "find_limit",
        "limit_surface",
        "trace_contours",
        "trace_family",
        "__version__",
    }
    assert set(jaxmix.__all__) == public
    assert {name for name in public if getattr(jaxmix, name).__doc__} == public
    assert public <= set(dir(jaxmix))
    with pytest.raises(AttributeError, match="has no attribute 'Mixed'; it has Axis, "):
        _ = jaxmix.Mixed


def test_no_public_name_is_shadowed_by_a_module():
    modules = {path.stem for path in PACKAGE.iterdir()}
    assert not modules & set(jaxmix.__all__)


def test_importing_the_package_imports_nothing_heavy():
    heavy = {"jax", "numpy", "scipy", "pydantic", "matplotlib", "zarr"}
    done = run_python(f"import sys, jaxmix; print(sorted({heavy!r} & set(sys.modules)))")
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["--no-such-flag"], 2)])
def test_help_and_wrong_arguments_need_no_jax(name, arguments, code):
    text = (
        "import sys\nfrom jaxmix.__main__ import main\n"
        f"try:\n    code = main({[name, *arguments]!r})\nexcept SystemExit as end:\n    code = end.code\n"
        "assert 'jax' not in sys.modules\nsys.exit(code)\n"
    )
    done = run_python(text)
    assert done.returncode == code, done.stderr
    assert "usage:" in (done.stderr if code else done.stdout)
    assert "Traceback" not in done.stderr


def test_a_study_is_refused_without_float64():
    code = "from jaxmix.study import Study\nStudy({}, {})"
    done = run_python(code)
    assert done.returncode != 0
    assert "RuntimeError: Study: float64 is off" in done.stderr
