"""Hostile input, the same for each seed: bytes damaged, lines of TOML exchanged, values of nested documents exchanged;
and what the readers of the package make of many of them.

`python tests/mutations.py configs 10000` (or tables, folders) prints numbers, worst time, longest message and peak
memory as JSON.
"""

import collections
import contextlib
import copy
import functools
import hashlib
import io
import json
import os
import re
import resource
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np

from jaxmix import atomic, config, faults, fingerprint, parameters, results
from jaxmix.config import checks, design, reading, text
from jaxmix.data import parton_grids, tables
from jaxmix.results import chunks, folder, lock

CONFIGS = sorted((Path(__file__).parent.parent / "configs").glob("*.toml"))
LARGEST_MESSAGE = 20_000  # bytes
SLOWEST = 2.0  # s
_FRAGMENTS = (
    b"\0",
    b"\xff",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    *(bytes([byte]) for byte in b"\r\n\"'=[]{.#-9"),
)

# what may stand for a value, as TOML
_LONG = {
    "digits": "1" + "0" * 400,
    "fraction": "0." + "3" * 30_000,
    "text": json.dumps("x" * 40_000),
    "list": "[" + ", ".join(map(str, range(1, 10_000))) + "]",
    "words": "[" + '"a", ' * 9_000 + "]",
    "tables": "[" + "{ sigma = 2 }, " * 3_000 + "]",
    "levels": "[" + ", ".join(f"{{ cl = 0.{number} }}" for number in range(1000, 4000)) + "]",
    "plane": "{ "
    + ", ".join(f"{name} = {list(range(1, 150))}" for name in ("m1", "e_dark", "alpha", "luminosity"))
    + " }",
    "deep": "[" * 5_000,
    "nested": "[" * 16 + "1" + "]" * 16,
    "inline": "{ a = " * 16 + "1" + " }" * 16,
    "keys": "{ " + ", ".join(f"k{number} = 1" for number in range(4_000)) + " }",
}
_PLAIN = (
    "nan", "inf", "-inf", "-1", "0", "-0.0", "1", "3", "7", "0.5", "2.5", "20.0", "1e-3", "1e308", "-1e308", "5e-324", "1e400",
    "0x7fffffffffffffff", "999999999999999999", "10_000_000", "9" * 19, "true", "1979-05-27", "07:32:00", "1979-05-27T07:32:00Z",
    '""', '"1"', '"theta_w"', '"e"', '"log"', '"../../x"', '"/etc/passwd"', '"a\\u0000b"', '"\\u001b[2J"', '"\\u202e"', '"\u043aappa"',
    '"$\\\\frac{$"', "'''a\nb'''", "[]", "{}", "[[]]", "[1, nan]", "[1, [2]]", "[0.2, 0.4]", "[0.1, 0.1]", '["theta_w"]',
    "{ sigma = 2 }", "[{ sigma = 2, cl = 0.9 }]", "{ min = 1, max = 2, start = 3 }", "{ rate = 1e300, bars = 1 }",
)  # fmt: skip
VALUES = 3 * _PLAIN + tuple(_LONG.values())
KEYS = (
    '""', '"a.b"', '"[0]"', "a.b.c.d.e.f.g.h.i", "a." * 5_000 + "b", "x" * 30_000, '"\\u0000"', '"\\u001b[31m"', '"\\u202e"',
    '"\u043aappa"', '"../x"', "__class__", "model_config", "self", "min", "max", "count", "spacing", "values", "levels", "start",
    "background", "rate", "x", "y", "at", "at.m_mcp", "at.kappa", "name", "theta_dark", "m2", "kappa", "tiling", "prices", "cost",
    "axes", "points", "seed", "depth", "histogram",
)  # fmt: skip
_LINES = 3 * (
    "[axes]", "[[axes.m_mcp]]", "[axes.kappa]", "[axes.alpha]", "[contours.at]", "[contours]", "[scan.tiling]", "[parameters]",
    "[constraints]", "[constraints.precision]", "[[constraints.mcp_lhc.levels]]", "[constraints.mcp_lhc.background]",
    "[budget.prices]", "[design.rate]", "[sampling]\npoints = 100", '[summary]\naxes = ["kappa", "m_mcp"]', "[refinement]",
    "[" + "a." * 9 + "b]", '["\\u0000"]', '"""', "# \0", "= 1", "]",
) + (
    '[constraints."' + "x" * 30_000 + '"]', "\n".join(["[[axes.m_mcp]]"] * 3_000),
    *("\n".join(map(line.format, range(number)))
      for line, number in (("k{} = 1", 6_000), ("[axes.k{}]", 4_000), ("[k{}]", 6_000), ("[constraints.mcp_lch{}]", 2_000))),
)  # fmt: skip


def damaged(content: bytes, random: np.random.Generator) -> bytes:
    """Bytes after one to three accidents: a bit flipped, a slice removed, doubled, moved or cut off, strange bytes put
    in.
    """
    for _ in range(_few(random)):
        place, end = sorted(random.integers(0, len(content) + 1, 2).tolist())
        end = min(end, place + _chosen((1, 8, 200, 10_000), random))
        piece, fragment = content[place:end], _chosen(_FRAGMENTS, random) * _chosen((1, 1, 1, 3, 20_000), random)
        flipped = bytes(byte ^ (1 << int(random.integers(8))) for byte in piece[:1])
        changed = (
            content[:place] + flipped + content[place + 1 :],
            content[:place] + content[end:],
            content[:end] + piece + content[end:],
            piece + content[:place] + content[end:],
            content[:place],
            content[:place] + fragment + content[place:],
            fragment + content,
            content[:place] + random.bytes(end - place) + content[end:],
        )
        content = _chosen(changed, random)
    return content


def rewritten(text: str, random: np.random.Generator) -> str:
    """TOML after one to three changes of its lines: another value, another key, a line removed, doubled, moved or put
    in.
    """
    lines = text.splitlines()
    for _ in range(_few(random)):
        place, other = (int(number) for number in random.integers(0, len(lines), 2))
        key, equals, value = lines[place].partition(" = ")
        change = random.integers(7)
        if change < 3 and equals:
            lines[place] = f"{key} = {_chosen(VALUES, random)}"
        elif change == 3 and equals:
            lines[place] = f"{_chosen(KEYS, random)} = {value}"
        elif change == 4:
            lines[place] = _chosen((lines[other], "", f"{lines[place]}\n{lines[place]}"), random)
        elif change == 5:
            lines.insert(place, f"{_chosen(KEYS, random)} = {_chosen(VALUES, random)}")
        else:
            lines.insert(place, _chosen(_LINES, random))
    return "\n".join(lines)


def override(text: str, random: np.random.Generator) -> str:
    """A --set of a file's own key, or of a strange one, to a strange value."""
    found, table = [], ""
    for line in text.splitlines():
        table = re.sub(r"^\[+([^\]]*)\]+$", r"\1", line) if line.startswith("[") else table
        if " = " in line:
            found.append(f"{table}.{line.partition(' = ')[0]}")
    known = [
        *found, "luminosity", "mcp_lhc.eta", "mcp_lhc.levels", "axes.alpha", "parameters", "contours.at", "scan",
        "constraints.precision", "sampling.points", "summary.axes", "refinement",
    ]  # fmt: skip
    name, value = _chosen(known if random.integers(4) else KEYS, random), _chosen(VALUES, random)
    strange = (name, f"{name}.{name}={value}", f"{name}= {value} # {value}", f"{name}={value}\0", f"={value}")
    return f"{name}={value}" if random.integers(8) else _chosen(strange, random)


def altered(document: Any, random: np.random.Generator) -> Any:
    """A document of JSON types after one to three changes: a value exchanged, a key removed, renamed or put in, a list
    doubled.
    """
    document = copy.deepcopy(document)
    for _ in range(_few(random)):
        holder, key = _chosen(list(_places(document)), random)
        strange, change = _strange(), random.integers(5)
        value, name = _chosen(strange, random), _chosen(KEYS, random)
        if change < 2:
            holder[key] = value
        elif change == 2:
            del holder[key]
        elif change == 3 and isinstance(holder, dict):
            holder[name] = holder.pop(key)
        elif isinstance(holder, list):
            holder += holder
        else:
            holder[name] = value
        if not document:
            break
    return document


def _strange() -> list[Any]:
    """Values that no document of this package holds; made anew each time, so that none is put into itself."""
    deep = functools.reduce(lambda inner, _: [inner], range(900), [])
    numbers = [None, True, -1, 0, 1.5, 10**400, -(10**18), float("nan"), float("inf"), 1e308]
    texts = ["", "x" * 3_000, "../../x", "/dev/zero", "a\0b", "\ud800"]
    return [*numbers, *texts, [], {}, [[]], {"": None}, list(texts), [None], list(range(3_000)), deep]


def _few(random: np.random.Generator) -> int:
    """One, two or three, most often one."""
    return _chosen((1, 1, 1, 2, 3), random)


def _chosen(items: Sequence[Any], random: np.random.Generator) -> Any:
    return items[random.integers(len(items))]


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every (holder, key) of a nested document, by steps of at most 60 down."""
    waiting = [(document, 0)]
    while waiting:
        holder, depth = waiting.pop()
        pairs = holder.items() if isinstance(holder, dict) else enumerate(holder)
        for key, value in pairs:
            yield holder, key
            if isinstance(value, dict | list) and depth < 60:
                waiting.append((value, depth + 1))


# what the readers make of them


class Outcome(NamedTuple):
    """How one input ended: in words, in which processor time (s), with a message of how many bytes."""

    kind: str
    seconds: float
    message: int


def sweep(
    case: Callable[[np.random.Generator, int], tuple[str, Callable[[], str]]], number: int, seed: int = 0
) -> list[Outcome]:
    """Outcomes of that many cases, each a name and a reader that says how it ended or refuses. Anything but a Fault
    goes on to the caller, with the number of its case.
    """
    found = []
    for k in range(number):
        name, read = case(np.random.default_rng([seed, k]), k)
        started, message = time.process_time(), ""
        try:
            ended = read()
        except faults.Fault as fault:
            ended, message = f"exit {fault.exit_code}", str(fault)
        except BaseException as error:
            error.add_note(f"case {k} of seed {seed}: {name}")
            raise
        found.append(
            Outcome(f"{name}: {ended}", time.process_time() - started, len(message.encode("utf-8", "surrogateescape")))
        )
    return found


def config_case(random: np.random.Generator, k: int) -> tuple[str, Callable[[], str]]:
    """A config of the repository, altered in its bytes, its lines, by a --set, or in the tables that a
    manifest keeps.
    """
    path = CONFIGS[k % len(CONFIGS)]
    content, room = path.read_text(encoding="utf-8"), design if path.stem.startswith("design_") else reading
    way = _chosen(("bytes", "lines", "set", "tables"), random)
    if way == "tables":
        raw = text.parse(content.encode(), path.name)
        kept = altered(raw if room is design else json.loads(json.dumps(config.validate(raw).canonical())), random)
        return way, lambda: _check_sound(design.validate(kept) if room is design else config.restored(kept))
    bytes_, lines = (lambda: damaged(content.encode(), random)), (lambda: rewritten(content, random).encode())
    changed = {"bytes": bytes_, "lines": lines, "set": content.encode}[way]()
    sets = [override(content, random)] if way == "set" else []
    return way, lambda: _check_sound(room.validate(reading.apply_overrides(text.parse(changed, path.name), sets)))


def _check_sound(settings: reading.Config | design.DesignConfig) -> str:
    """What a config that was read promises to all that follows."""
    assert all(parameters.PARAMETERS[name].contains(value) for name, value in settings.held.items())
    assert fingerprint.digest(settings.canonical())
    if isinstance(settings, reading.Config):
        assert settings.points <= checks.MAX_POINTS and len(settings.planes()) <= checks.MAX_PLANES
    return "read"


def table_case(random: np.random.Generator, k: int) -> tuple[str, Callable[[], str]]:
    """A table behind its checksum: a CSV file of the package, an NPZ file, one whose parts were altered before they
    were packed; a grid of parton densities; a table of contours.
    """
    kind = _chosen(list(_TABLES), random)
    content = _TABLES[kind][0](random)

    def read() -> str:
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / f"small_0000.{kind}"
            try:
                path.write_bytes(content)
                with mock.patch.object(tables, "read_bytes", lambda _: content):  # which would refuse it
                    _TABLES[kind][1](path)
            except ValueError as error:
                assert path.name in str(error), error
                raise faults.BadInput(str(error)) from error
        return "read"

    return kind, read


def _csv(random: np.random.Generator) -> bytes:
    names = [name for name in tables.names("") if name.endswith(".csv")]
    return _disturbed(tables.read_bytes(_chosen(names, random)), random)


def _disturbed(content: bytes, random: np.random.Generator) -> bytes:
    """A CSV table damaged somewhere, or with one strange cell."""
    if random.integers(2):
        return damaged(content, random)
    cells = re.split(rb"(,|\n)", content)
    strange = (b"nan", b"", b"\n", b"\n\n", b"x", b'"', b"#", b"1e400", b"9" * 5_000, b"x" * 140_000)
    cells[random.integers(len(cells))] = _chosen(strange, random)
    return b"".join(cells)


def _npz(random: np.random.Generator, packed: bool = False) -> bytes:
    content = parton_grids.packed({"q": np.arange(24.0).reshape(4, 6), "n": np.arange(3)}, {"source": "nobody"})
    if not packed:
        return damaged(content, random)
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    name, stream = _chosen(list(parts), random), io.BytesIO()
    parts[name] = (
        damaged(parts[name][:128], random) + parts[name][128:] if random.integers(2) else damaged(parts[name], random)
    )
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return stream.getvalue()


def grid() -> bytes:
    """A small grid of parton densities in the format of LHAPDF6."""
    x, scale, flavours = np.geomspace(1e-9, 1.0, 5), np.geomspace(1.6, 1e4, 4), (-3, -2, -1, 21, 1, 2, 3)
    rows = [" ".join(f"{a**0.3 * (1 - a) ** 3 * np.log(q + k):.6e}" for k in range(4, 11)) for a in x for q in scale]
    nodes = [" ".join(map(str, values)) for values in (x, scale, flavours)]
    return "\n".join(["PdfType: central", "Format: lhagrid1", "---", *nodes, *rows, "---", ""]).encode()


def _grid(random: np.random.Generator) -> bytes:
    if random.integers(2):
        return damaged(grid(), random)
    words = re.split(r"( +|\n)", grid().decode())
    strange = ("nan", "inf", "1e400", "1e300", "-1", "0", "x", "", "\n---\n", "1_0", "9" * 5_000, "x" * 30_000)
    words[random.integers(len(words))] = _chosen(strange, random)
    return "".join(words).encode()


def _contours(random: np.random.Generator) -> bytes:
    sides = results.Side("m_mcp", 1.0, 100.0, True), results.Side("epsilon_gamma", 1e-3, 0.1, True)
    traces = [
        results.Trace("mcp_lhc", "sigma=2", k, False, {"theta_dark": 0.5}, *np.arange(30.0).reshape(5, 6))
        for k in range(3)
    ]
    with tempfile.TemporaryDirectory() as place:
        results.write_contours(Path(place) / "contours.csv", sides, _chosen(([], ["theta_dark"]), random), traces)
        return _disturbed((Path(place) / "contours.csv").read_bytes(), random)


# of each kind: how one is made, and how it is read
_TABLES = {
    "csv": (_csv, lambda path: tables.read_csv(path.name)),
    "npz": (_npz, lambda path: tables.read_npz(path.name)),
    "packed": (functools.partial(_npz, packed=True), lambda path: tables.read_npz(path.name)),
    "dat": (_grid, lambda path: parton_grids.read_grid(path.parent)),
    "contours": (_contours, results.read_contours),
}
IDENTITY = {"config": {"scan": {"name": "small"}}, "code": {"mixing.py": "a1"}, "data": {"table.csv": "b2"}}
_CHUNKS = 6
_MINE = ("text", f".text{atomic.PARTIAL}")  # files beside a scan's folder


class Templates(NamedTuple):
    """Folders of a finished and an unfinished scan, and all of its chunks."""

    finished: Path
    unfinished: Path
    records: list[results.Record]


def templates(place: Path) -> Templates:
    """A small scan in two states under a folder."""
    values = np.arange(60.0).reshape(_CHUNKS, 10)
    values[2, 3] = np.nan
    status, summary = np.zeros((1, 10), np.int8), {"points": np.asarray(10)}
    records = [
        results.Record(k, (slice(k, k + 1), slice(0, 10)), {"q": values[k : k + 1], "status": status}, summary)
        for k in range(_CHUNKS)
    ]
    for name, numbers in (("finished", range(_CHUNKS)), ("unfinished", (0, 2, 3))):
        with results.open_folder(place / name, IDENTITY) as scan:
            for k in numbers:
                scan.commit(records[k])
            if name == "finished":
                _finish(scan)
    return Templates(place / "finished", place / "unfinished", records)


def _finish(scan: results.ScanFolder) -> None:
    """What a run does at its end, with less in it."""
    with atomic.replacing_folder(scan.path / folder.CUBE) as partial:
        (partial / "q").write_bytes(b"".join(record.outputs["q"].tobytes() for record in scan.records(_CHUNKS)))
    scan.write_manifest("finished", {"files": [folder.CUBE]})


def folder_case(whole: Templates, random: np.random.Generator, k: int) -> tuple[str, Callable[[], str]]:
    """A folder of a scan with a chunk damaged, forged or exchanged, a manifest altered, or something else under one of
    its names.
    """
    kind = _chosen(("chunk", "forged chunk", "exchanged chunks", "manifest bytes", "manifest", "name"), random)
    template, restart = _chosen((whole.finished, whole.unfinished), random), not random.integers(4)

    def read() -> str:
        with tempfile.TemporaryDirectory() as place:
            path, mine = Path(place) / "in" / "scan", Path(place) / "mine"
            shutil.copytree(template, path)
            mine.mkdir()
            for name in _MINE:
                (mine / name).write_text("mine", encoding="utf-8")
            _ALTERED[kind](path, mine, random)
            try:
                return _resumed(path, whole, restart, kind == "forged chunk")
            finally:
                assert {each.name: each.read_text(encoding="utf-8") for each in mine.iterdir()} == dict.fromkeys(
                    _MINE, "mine"
                )
                assert sorted(each.name for each in Path(place).iterdir()) == ["in", "mine"]

    return kind, read


def _resumed(path: Path, whole: Templates, restart: bool, forged: bool) -> str:
    """Open, compute what is missing, finish: all must be as in the undisturbed run, but for what a forger with the
    right checksum said.
    """
    with results.open_folder(path, IDENTITY, restart=restart) as scan:
        if scan.finished is not None:
            assert scan.finished == json.loads((whole.finished / folder.MANIFEST).read_bytes())
            return "finished"
        missing = scan.missing(range(_CHUNKS))
        if forged:
            return "read"
        for k in missing:
            scan.commit(whole.records[k])
        for found, true in zip(scan.records(_CHUNKS), whole.records, strict=True):
            assert _same(found, true)
        _finish(scan)
    for part in (Path(folder.CUBE) / "q", Path(folder.MANIFEST)):
        assert (path / part).read_bytes() == (whole.finished / part).read_bytes()
    return "the same"


def _same(one: results.Record, other: results.Record) -> bool:
    if one.slices != other.slices or (list(one.outputs), list(one.summary)) != (
        list(other.outputs),
        list(other.summary),
    ):
        return False
    pairs = [
        (array, getattr(other, group)[name])
        for group in ("outputs", "summary")
        for name, array in getattr(one, group).items()
    ]
    return all(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs)


def _chunk(path: Path, random: np.random.Generator) -> Path:
    return _chosen(sorted((path / chunks.FOLDER).iterdir()), random)


def _damage_chunk(path: Path, mine: Path, random: np.random.Generator) -> None:
    file = _chunk(path, random)
    file.write_bytes(damaged(file.read_bytes(), random))


def _forge_chunk(path: Path, mine: Path, random: np.random.Generator) -> None:
    """Another head, under its right checksum."""
    file = _chunk(path, random)
    name, _, rest = file.read_bytes().partition(b"\n")
    head, _, data = rest.partition(b"\n")[2].partition(b"\n")
    other = json.dumps(altered(json.loads(head), random)).encode() if random.integers(2) else damaged(head, random)
    body = other + b"\n" + data
    file.write_bytes(b"\n".join([name, hashlib.sha256(body).hexdigest().encode(), body]))


def _exchange_chunks(path: Path, mine: Path, random: np.random.Generator) -> None:
    one, other = _chunk(path, random), _chunk(path, random)
    contents = one.read_bytes(), other.read_bytes()
    one.write_bytes(contents[1])
    other.write_bytes(contents[0])


def _damage_manifest(path: Path, mine: Path, random: np.random.Generator) -> None:
    file = path / folder.MANIFEST
    file.write_bytes(damaged(file.read_bytes(), random))


def _alter_manifest(path: Path, mine: Path, random: np.random.Generator) -> None:
    file = path / folder.MANIFEST
    document = altered(json.loads(file.read_bytes()), random)
    file.write_text(json.dumps(document), encoding="utf-8")


def _alter_name(path: Path, mine: Path, random: np.random.Generator) -> None:
    """A folder, a pipe, a device or a link in the place of a file or a folder."""
    names = (
        _chunk(path, random).name,
        folder.MANIFEST,
        folder.CUBE,
        f".{folder.CUBE}{atomic.PARTIAL}",
        chunks.FOLDER,
        lock.NAME,
    )
    target = path / _chosen(names, random)
    target = target if target.suffix != ".chunk" else path / chunks.FOLDER / target.name
    if target.is_dir():
        shutil.rmtree(target)
    target.unlink(missing_ok=True)
    make = random.integers(6)
    if make == 0:
        target.mkdir()
    elif make == 1:
        os.mkfifo(target)
    else:
        target.symlink_to(("/dev/zero", mine, mine / "text", mine / "nothing")[make - 2])


_ALTERED = {
    "chunk": _damage_chunk,
    "forged chunk": _forge_chunk,
    "exchanged chunks": _exchange_chunks,
    "manifest bytes": _damage_manifest,
    "manifest": _alter_manifest,
    "name": _alter_name,
}


def peak() -> int:
    """Largest resident memory of this process (bytes), whatever its parent's was; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text(encoding="ascii")) if status.exists() else None
    return 1024 * int(found[1]) if found else 0


@contextlib.contextmanager
def room_for(growth: float) -> Iterator[None]:
    """MemoryError for what would take that many more bytes of addresses; no limit where the system does not tell how
    many there are.
    """
    status = Path("/proc/self/statm")
    before = resource.getrlimit(resource.RLIMIT_AS)
    if status.exists():
        taken = int(status.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + int(growth), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def main(what: str, number: str) -> None:
    """Run one sweep and print what it found."""
    with tempfile.TemporaryDirectory() as place:
        cases = {"configs": config_case, "tables": table_case}
        case = functools.partial(folder_case, templates(Path(place))) if what == "folders" else cases[what]
        with room_for(2e9), mock.patch("os.fsync"):  # what is written here need not outlast the power
            found = sweep(case, int(number))
    told = {
        "number": len(found),
        "kinds": collections.Counter(each.kind for each in found),
        "peak": peak(),
    }
    told |= {"slowest": max(each.seconds for each in found), "longest": max(each.message for each in found)}
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
