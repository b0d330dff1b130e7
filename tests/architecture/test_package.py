"""The package as it is installed: its lock, its wheel, its command, and the README's two commands."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import jaxmix
from jaxmix import __main__

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
SET_UP = (
    "python3 -m venv .venv && .venv/bin/pip install -q --require-hashes -r requirements.lock"
    " && .venv/bin/pip install -q --no-deps --no-build-isolation -e . && "
)


def wanted(extra=None):
    rows = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    return {re.match(r"[A-Za-z0-9_.-]+", row).group().lower().replace("_", "-") for row in rows}


def test_every_line_of_the_lock_is_pinned_by_hashes():
    entries = re.split(r"\n(?=\S)", LOCK.strip())
    for entry in entries:
        assert re.match(r"[a-z0-9][a-z0-9._-]*==[^\s\\;]+( ; [^\\]+)? \\\n", entry), entry.splitlines()[0]
        assert re.fullmatch(r"( \\\n    --hash=sha256:[0-9a-f]{64})+", entry[entry.index(" \\\n") :]), (
            entry.splitlines()[0]
        )


def test_the_lock_holds_what_the_project_needs():
    locked = set(re.findall(r"^([a-z0-9._-]+)==", LOCK, flags=re.M))
    assert wanted() | wanted("test") <= locked
    assert not {"pythia8mc", "lhapdf"} & locked


def test_nothing_of_the_gpl_is_a_dependency():
    assert "pythia8mc" not in wanted() | wanted("test")
    assert PROJECT["optional-dependencies"]["pdf"] == ["pythia8mc==8.317.2"]
    assert set(PROJECT["optional-dependencies"]) == {"test", "cuda13", "hepdata", "bench", "bayes", "pdf"}


@pytest.mark.slow
def test_the_wheel_holds_the_whole_package_and_its_data(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob(f"jaxmix-{jaxmix.__version__}-*.whl")
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("jaxmix/")}
    package = ROOT / "jaxmix"
    files = {path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert inside == {str(path.relative_to(ROOT)) for path in files}
    assert "jaxmix/py.typed" in inside  # types are for users too


def test_the_command_dispatches(capsys):
    assert __main__.main(["--help"]) == 0
    usage = capsys.readouterr().out
    assert all(name in usage for name in __main__.COMMANDS)
    assert __main__.main(["--version"]) == 0
    assert capsys.readouterr().out == f"jaxmix {jaxmix.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [([], "a command is required"), (["scna"], "did you mean 'scan'?"), (["--scan"], "is no command")],
)
def test_what_is_no_command_is_bad_input(arguments, text, capsys):
    assert __main__.main(arguments) == 2
    captured = capsys.readouterr()
    assert (captured.out, text in captured.err) == ("", True)


@pytest.mark.parametrize(
    ("heading", "command"),
    [
        ("## Run it", SET_UP + ".venv/bin/python -m jaxmix.scan configs/dense.toml"),
        ("## Run the tests", SET_UP + ".venv/bin/python -m pytest -q -n 2"),
    ],
)
def test_the_readme_shows_its_two_commands(heading, command):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.split(f"\n{heading}\n")[1].split("\n## ")[0]
    assert re.findall(r"```sh\n(.*?)\n```", section, flags=re.S)[0 if heading == "## Run it" else -1] == command


def test_the_version_is_the_same_everywhere():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {jaxmix.__version__}\n" in citation
