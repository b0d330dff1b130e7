"""Hostile input: whatever stands in a config, a table or a folder is read, or refused with its exit code; nothing else
happens.
"""

import ast
import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import mutations
import numpy as np
import pytest

from jaxmix import config, faults, merge, results
from jaxmix.config import design
from jaxmix.counting import arguments
from jaxmix.data import parton_grids, tables
from jaxmix.results import folder as folders
from jaxmix.scan import __main__ as scan
from jaxmix.scan import dry_run

ROOT = Path(__file__).parents[2]
MEMORY = 512e6  # bytes
TINY = """
[scan]
name = "tiny"
tiling = { chunk_points = 24, tile_points = 24, nodes = 4 }

[axes.m_zprime]
min = 0.01
max = 30
count = 6
spacing = "log"

[axes.kappa]
min = 1e-3
max = 0.5
count = 16
spacing = "log"

[constraints.g_minus_2_mu]
"""


@pytest.fixture(autouse=True)
def patience():
    """A reader that waits for a pipe fails its test."""

    def give_up(signum, frame):
        pytest.fail("a test of hostile input took five minutes")

    previous = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(300)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)


# sweeps, each in a process of its own


@pytest.mark.parametrize(
    ("what", "number", "endings"),
    [
        ("configs", 1_000, {"read", "exit 2"}),
        pytest.param("configs", 10_000, {"read", "exit 2"}, marks=pytest.mark.slow),
        ("tables", 500, {"read", "exit 2"}),
        pytest.param("tables", 5_000, {"read", "exit 2"}, marks=pytest.mark.slow),
        ("folders", 300, {"read", "finished", "the same", "exit 4", "exit 5"}),
        pytest.param("folders", 5_000, {"read", "finished", "the same", "exit 4", "exit 5"}, marks=pytest.mark.slow),
    ],
)
def test_mutated_inputs_are_read_or_refused(what, number, endings):
    """Never another exception, two seconds, a long message or much memory."""
    done = subprocess.run(
        [sys.executable, mutations.__file__, what, str(number)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found["number"] == number and {kind.partition(": ")[2] for kind in found["kinds"]} == endings
    assert found["slowest"] < mutations.SLOWEST and found["longest"] < mutations.LARGEST_MESSAGE
    assert found["peak"] < MEMORY


def test_mutated_tables_of_signals_are_read_or_refused(tmp_path):
    """Of the command `counting`; a row holds as many numbers as there are bins."""
    path = tmp_path / "signals.csv"
    whole = b"# events\nbin1,bin2,bin3\n" + b"".join(b"%d,2.5,%g\n" % (k, 1 / (k + 1)) for k in range(20))
    strange = (b"nan", b"-1", b"1e400", b"", b"\n", b'"', b"#", b"x" * 140_000, b'"' + b"x\n" * 10_000)

    def case(random, k):
        words = re.split(rb"(,|\n)", whole)
        words[random.integers(len(words))] = strange[k % len(strange)]
        path.write_bytes(mutations.damaged(whole, random) if random.integers(2) else b"".join(words))
        return "signals", lambda: str({len(row) for row in arguments.read_table(str(path), 3)})

    found = mutations.sweep(case, 100)
    assert {each.kind for each in found} == {"signals: {3}", "signals: exit 2"}
    assert max(each.message for each in found) < 1_000


def test_mutated_lists_of_checksums_vouch_for_nothing_else(tmp_path, monkeypatch):
    content, damaged = b"a\n1\n", b"a\n2\n"
    others = "".join(f"{number:064x}  other{number}.csv\n" for number in range(20))
    sums = f"{others}{hashlib.sha256(content).hexdigest()}  rates.csv\n{others}".encode()
    monkeypatch.setattr(tables.importlib.resources, "files", lambda package: tmp_path)

    def case(random, k):
        (tmp_path / "SHA256SUMS").write_bytes(mutations.damaged(sums, random))
        (tmp_path / "rates.csv").write_bytes(damaged if k % 2 else content)
        return "sums", read

    def read():
        tables._listed.cache_clear()
        try:
            assert tables.read_bytes("rates.csv") == content
        except ValueError as error:
            raise faults.BadInput(str(error)) from error
        return "read"

    found = mutations.sweep(case, 200)
    tables._listed.cache_clear()
    assert {each.kind for each in found} == {"sums: read", "sums: exit 2"}
    assert max(each.message for each in found) < mutations.LARGEST_MESSAGE


def test_a_table_of_texts_is_no_larger_than_its_file():
    """An array of texts gives each as much room as the longest."""
    rows = b"name,rate\n" + b"a,1\n" * 1_000
    assert len(tables.parse_rows(rows + b"b" * 2_000 + b",1\n", "rates.csv").entries) == 1_001
    with pytest.raises(ValueError, match="rates.csv has an entry of more than 2000 characters, line 1002"):
        tables.parse_rows(rows + b"b" * 2_001 + b",1\n", "rates.csv")


def test_a_search_over_too_many_masses_is_refused():
    """Each has its limit, and its gradient, at every step."""
    path = ROOT / "configs" / "design_milliqan.toml"
    assert len(design.load(path, ["axes.m_mcp.count=1000"]).masses) == 1000
    with pytest.raises(
        config.ConfigError, match="axes.m_mcp: found more masses than a search can follow; allowed: at most 1000"
    ):
        design.load(path, ["axes.m_mcp.count=1001"])


# files that are none


@pytest.fixture
def room():
    """A reader that never has enough of a device fails its test."""
    with mutations.room_for(2e9):
        yield


def strange_files(place, suffix):
    """By what they are: paths at which no plain file stands, or an empty one."""
    paths = {what: place / f"{what}{suffix}" for what in ("folder", "pipe", "device", "loop", "dangling", "empty")}
    paths["folder"].mkdir()
    os.mkfifo(paths["pipe"])
    paths["device"].symlink_to("/dev/zero")
    paths["loop"].symlink_to(paths["loop"])
    paths["dangling"].symlink_to(place / "nothing")
    paths["empty"].touch()
    return paths | {"long": place / ("x" * 300 + suffix), "null": place / f"\0{suffix}"}


@pytest.mark.parametrize("read", [config.load, design.load], ids=["scan", "design"])
def test_configs_that_are_no_files_are_refused(tmp_path, room, read):
    for what, path in strange_files(tmp_path, ".toml").items():
        place = "axes" if what == "empty" else re.escape(path.name.replace("\0", r"\x00")[:60])
        with pytest.raises(config.ConfigError, match=place):
            read(path)


def test_tables_that_are_no_files_are_refused(tmp_path, room):
    for path in strange_files(tmp_path, "").values():
        for read in (results.read_contours, folders.read_manifest, lambda path: arguments.read_table(str(path), 1)):
            with pytest.raises(faults.BadInput):
                read(path)


@pytest.mark.parametrize("what", ["folder", "pipe", "device", "loop", "dangling", "empty"])
def test_grids_that_are_no_files_are_refused(tmp_path, room, what):
    (tmp_path / "files").mkdir()
    (tmp_path / "set").mkdir()
    strange_files(tmp_path / "files", "")[what].rename(tmp_path / "set" / "toy_0000.dat")
    with pytest.raises(ValueError, match="toy_0000.dat|holds 0 files"):
        parton_grids.read_grid(tmp_path / "set")


def test_a_grid_of_huge_numbers_is_refused(tmp_path):
    """Their products would overflow."""
    content = mutations.grid().replace(b"-3 -2 -1 21 1 2 3\n", b"-3 -2 -1 21 1 2 3\n1e300 1 1 1 1 1 1\n", 1)
    lines = content.splitlines()
    (tmp_path / "toy_0000.dat").write_bytes(b"\n".join(lines[:7] + lines[8:]))
    with pytest.raises(ValueError, match=r"holds 1e\+300; x f is at most 1e\+30"):
        parton_grids.read_grid(tmp_path)


# the command scan


def test_mutated_configs_through_the_command(tmp_path, capsys, monkeypatch):
    """Exit code 0 or 2, a message without a traceback, and nothing written."""
    monkeypatch.setattr(
        dry_run, "_calibrate", lambda job: {"compilation": 0.0, "points_per_second": 1.0}
    )  # which takes seconds
    monkeypatch.chdir(tmp_path)
    path, codes = tmp_path / "study.toml", []
    for k in range(50):
        random = np.random.default_rng([1, k])
        changed = {0: mutations.damaged(TINY.encode(), random), 1: mutations.rewritten(TINY, random).encode()}.get(
            k % 3, TINY.encode()
        )
        path.write_bytes(changed)
        sets = [f"--set={mutations.override(TINY, random)}"] if k % 3 == 2 else []
        codes.append(scan.main([str(path), "--dry-run", *sets]))
        told = capsys.readouterr()
        assert (
            (codes[-1] == 0) == bool(told.out)
            and "Traceback" not in told.err
            and len(told.err) < mutations.LARGEST_MESSAGE
        )
        assert list(tmp_path.iterdir()) == [path] and path.read_bytes() == changed
    assert set(codes) == {0, 2}


def test_a_hostile_config_in_a_process_of_its_own(tmp_path):
    path = tmp_path / "a\x1b[2J.toml"
    path.write_bytes(b"[" * 60_000)
    words = [sys.executable, "-W", "error", "-m", "jaxmix", "scan", str(path), "--set", "a=" + "9" * 50_000]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "") and "nesting of more than 16 levels" in done.stderr
    assert len(done.stderr) < mutations.LARGEST_MESSAGE and "\x1b" not in done.stderr
    assert list(tmp_path.iterdir()) == [path]


# folders of scans


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """The config, a finished scan of it, and one of which every second chunk is there."""
    place = tmp_path_factory.mktemp("scans")
    (place / "tiny.toml").write_text(TINY, encoding="utf-8")
    with contextlib.redirect_stdout(io.StringIO()):
        assert scan.main([str(place / "tiny.toml"), "--out", str(place / "whole")]) == 0
        assert scan.main([str(place / "tiny.toml"), "--out", str(place / "part"), "--shard", "0/2"]) == 0
    return place


def contents(path):
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def exchange(out):
    first, second = out / "chunks" / "00000000.chunk", out / "chunks" / "00000002.chunk"
    contents = first.read_bytes(), second.read_bytes()
    first.write_bytes(contents[1])
    second.write_bytes(contents[0])


def replaced(path, make):
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    make(path)


def edited(out, **changes):
    path = out / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


# what happens to a folder, which one, further words, and how the command then ends
ACCIDENTS = {
    "a flipped bit": (lambda out, mine: flip(out / "chunks" / "00000002.chunk"), "part", [], 0),
    "chunks exchanged": (lambda out, mine: exchange(out), "part", [], 0),
    "a pipe for a chunk": (lambda out, mine: replaced(out / "chunks" / "00000001.chunk", os.mkfifo), "part", [], 0),
    "a pipe for the chunks": (lambda out, mine: replaced(out / "chunks", os.mkfifo), "part", ["--restart"], 0),
    "chunks elsewhere": (lambda out, mine: replaced(out / "chunks", lambda path: path.symlink_to(mine)), "part", [], 4),
    "a cube elsewhere": (
        lambda out, mine: replaced(out / "scan.zarr", lambda path: path.symlink_to(mine)),
        "part",
        [],
        0,
    ),
    "a lock that is a folder": (lambda out, mine: replaced(out / ".lock", Path.mkdir), "part", [], 5),
    "a lock elsewhere": (
        lambda out, mine: replaced(out / ".lock", lambda path: path.symlink_to(mine / "new")),
        "part",
        [],
        5,
    ),
    "a manifest said to be finished": (lambda out, mine: edited(out, state="finished", files=[]), "part", [], 4),
    "a manifest that lists other files": (
        lambda out, mine: edited(out, files=["../mine/text", 3]),
        "whole",
        ["--restart"],
        4,
    ),
    "a deep manifest": (lambda out, mine: (out / "manifest.json").write_text("[" * 100_000), "whole", [], 4),
    "an endless manifest": (lambda out, mine: os.truncate(out / "manifest.json", 10**12), "whole", [], 4),
}


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_a_scan_of_a_disturbed_folder_ends_as_if_undisturbed_or_with_its_fault(scans, tmp_path, capsys, accident):
    disturb, which, words, code = ACCIDENTS[accident]
    out, mine = tmp_path / "scan", tmp_path / "mine"
    shutil.copytree(scans / which, out)
    mine.mkdir()
    for name in ("text", ".text.partial"):
        (mine / name).write_text("mine", encoding="utf-8")
    disturb(out, mine)
    assert scan.main([str(scans / "tiny.toml"), "--out", str(out), *words]) == code
    assert "Traceback" not in capsys.readouterr().err
    assert contents(mine) == {"text": b"mine", ".text.partial": b"mine"} and {
        each.name for each in tmp_path.iterdir()
    } == {"scan", "mine"}
    if code == 0:
        assert (
            contents(out / "scan.zarr") == contents(scans / "whole" / "scan.zarr")
            and not (out / "scan.zarr").is_symlink()
        )
        assert contents(out / "chunks") == contents(scans / "whole" / "chunks")


@pytest.mark.parametrize(
    ("disturb", "code"),
    [
        (lambda out: flip(out / "chunks" / "00000000.chunk"), 2),
        (lambda out: edited(out, config=None), 2),
        (lambda out: edited(out, config={"axes": "deep"}), 2),
        (lambda out: (out / "manifest.json").write_text("[" * 100_000), 2),
    ],
)
def test_a_merge_of_a_disturbed_folder_ends_with_its_fault(scans, tmp_path, capsys, disturb, code):
    shutil.copytree(scans / "part", tmp_path / "scan")
    disturb(tmp_path / "scan")
    assert merge.main([str(tmp_path / "scan")]) == code
    assert "jaxmix merge: " in capsys.readouterr().err


def test_a_name_that_no_folder_can_have_is_said(scans, capsys):
    assert scan.main([str(scans / "tiny.toml"), "--out", str(scans / ("x" * 300))]) == 5
    assert "cannot write" in capsys.readouterr().err


def test_a_set_that_no_constraint_reads_is_bad_input_too(scans, tmp_path, capsys):
    assert (
        scan.main([str(scans / "tiny.toml"), "--out", str(tmp_path / "scan"), "--pdf", str(tmp_path / "absent")]) == 2
    )
    assert "absent is not a folder" in capsys.readouterr().err and not (tmp_path / "scan").exists()


# nothing is executed, and nobody is called


FORBIDDEN = {"pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "jsonpickle"}
EXECUTING = {"eval", "exec", "compile", "__import__", "yaml.load", "yaml.load_all", "yaml.unsafe_load", "os.system"}
FILES = sorted((ROOT / "jaxmix").rglob("*.py"))


def test_nothing_that_is_read_can_be_executed():
    """No pickles, no eval; arrays are loaded without objects."""
    nodes = ((path, node) for path in FILES for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    for path, node in nodes:
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [getattr(node, "module", None) or ""]
        )
        assert not FORBIDDEN & {name.partition(".")[0] for name in names}, f"{path}: imports {names}"
        if isinstance(node, ast.Call):
            called, words = ast.unparse(node.func), {word.arg: ast.unparse(word.value) for word in node.keywords}
            assert called not in EXECUTING, f"{path}, line {node.lineno}: {called}"
            safe = words.get("allow_pickle") == "False" or called not in ("np.load", "numpy.load", "jnp.load")
            assert safe, f"{path}, line {node.lineno}: {called} of pickles"


LISTENING = """
import sys

seen, refused = [], ("pickle.find_class", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen")

def told(event, arguments):
    if event in refused or (event.startswith("socket.") and event != "socket.__new__"):
        seen.append((event, arguments))
        raise OSError(f"{event}: not here")

sys.addaudithook(told)
from jaxmix.__main__ import main
code = main(sys.argv[1:])
sys.exit(f"{seen[:5]}" if seen else code)
"""


def test_a_scan_needs_no_network_and_unpickles_nothing(scans, tmp_path):
    """Python's own events tell of every name looked up and every connection, whoever makes it."""
    words = [sys.executable, "-c", LISTENING, "scan", str(scans / "tiny.toml"), "--out", str(tmp_path / "scan")]
    done = subprocess.run(
        words, cwd=tmp_path, env={**os.environ, "JAXMIX_CACHE": ""}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found, whole = (json.loads((path / "manifest.json").read_bytes()) for path in (tmp_path / "scan", scans / "whole"))
    assert found["state"] == "finished" and found["excluded"] == whole["excluded"]
