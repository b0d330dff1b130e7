"""Results: whole or absent, believed only when right, never overwritten unasked."""

import contextlib
import errno
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import xarray

from jaxmix import atomic, faults, results
from jaxmix.command import guard
from jaxmix.results import chunks, folder, provenance

SHAPE, BLOCK = (2, 5, 7), (1, 2, 7)
IDENTITY = {
    "config": {"scan": {"name": "small"}, "nodes": 24},
    "code": {"mixing.py": "a1"},
    "data": {"table.csv": "b2"},
}
COORDINATES = {
    "m_zprime_over_m_mcp": results.Coordinate(np.array([3.0, 9.0]), "1", "mass ratio"),
    "m_mcp": results.Coordinate(np.geomspace(1, 100, 5), "GeV", "mass"),
    "epsilon_gamma": results.Coordinate(np.geomspace(1e-3, 0.1, 7), "1", "charge"),
}
VARIABLES = {
    "mcp_lhc": results.Variable("float64", "1", "test statistic over critical value"),
    "mcp_lhc_excluded": results.Variable("bool", "1", "excluded"),
    "status": results.Variable("int32", "1", "status", {"flag_values": [0, 1], "flag_meanings": "ok gap"}),
}


def truth():
    q = np.arange(70, dtype=np.float64).reshape(SHAPE) / 7
    q[1, 2, 3] = np.nan
    return {"mcp_lhc": q, "mcp_lhc_excluded": q > 4, "status": np.isnan(q).astype(np.int32)}


def records():
    places = [(slice(i, i + 1), slice(j, min(j + 2, 5)), slice(0, 7)) for i in range(2) for j in (0, 2, 4)]
    return [
        results.Record(
            n, place, {name: array[place] for name, array in truth().items()}, {"by_status": np.array([n, 1])}
        )
        for n, place in enumerate(places)
    ]


def run_small(path, **options):
    """A whole run in a folder; the chunks that it had to compute."""
    with results.open_folder(path, IDENTITY, **options) as scan:
        missing = scan.missing(scan.share(6))
        for index in missing:
            scan.commit(records()[index])
        if scan.shard is None and not scan.finished:
            results.write_cube(path / folder.CUBE, COORDINATES, VARIABLES, BLOCK, scan.records(6))
            scan.write_manifest("finished", {"files": [folder.CUBE]})
        return missing


def contents(path):
    return {file: (file.stat().st_mtime_ns, file.stat().st_ino) for file in path.rglob("*") if file.is_file()}


# chunks


def test_a_chunk_comes_back_bit_for_bit(tmp_path):
    for record in records():
        results.write_chunk(tmp_path, "run", record)
        back = results.read_chunk(tmp_path, "run", record.index)
        assert (back.index, back.slices, back.points) == (record.index, record.slices, record.points)
        for group in ("outputs", "summary"):
            for name, array in getattr(record, group).items():
                found = getattr(back, group)[name]
                assert found.dtype == array.dtype
                np.testing.assert_array_equal(found, array)


def test_every_damaged_byte_is_noticed(tmp_path):
    results.write_chunk(tmp_path, "run", records()[0])
    path = chunks.chunk_path(tmp_path, 0)
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert results.read_chunk(tmp_path, "run", 0) is None
    for cut in (0, 10, 80, 81, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert results.read_chunk(tmp_path, "run", 0) is None


def test_a_chunk_of_another_run_or_another_place_is_not_taken(tmp_path):
    results.write_chunk(tmp_path, "run", records()[0])
    assert results.read_chunk(tmp_path, "another run", 0) is None
    chunks.chunk_path(tmp_path, 0).rename(chunks.chunk_path(tmp_path, 1))
    assert results.read_chunk(tmp_path, "run", 1) is None


def test_a_chunk_holds_numbers_of_its_blocks_shape_only(tmp_path):
    place = (slice(0, 2),)
    with pytest.raises(ValueError, match=r"output q has shape \(3,\), its block has \(2,\)"):
        results.write_chunk(tmp_path, "run", results.Record(0, place, {"q": np.zeros(3)}, {}))
    with pytest.raises(ValueError, match="allowed: bool, integers, floats"):
        results.write_chunk(tmp_path, "run", results.Record(0, place, {"q": np.array([{}, {}])}, {}))


# folders


def test_an_interrupted_run_resumes_with_what_is_missing(tmp_path):
    out = tmp_path / "scan"
    with results.open_folder(out, IDENTITY) as scan:
        for index in (0, 2, 3):
            scan.commit(records()[index])
    path = chunks.chunk_path(out, 2)
    path.write_bytes(path.read_bytes()[:-1])
    assert run_small(out) == [1, 2, 4, 5]
    assert folder.read_manifest(out)["state"] == "finished"


def test_a_finished_run_is_left_alone(tmp_path):
    run_small(tmp_path / "scan")
    before = contents(tmp_path)
    with results.open_folder(tmp_path / "scan", IDENTITY) as scan:
        assert scan.finished["files"] == ["scan.zarr"]
    assert contents(tmp_path) == before


def test_restart_computes_everything_anew_and_keeps_strange_files(tmp_path):
    run_small(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    assert run_small(tmp_path, restart=True) == list(range(6))
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_finished_run_that_lost_its_cube_builds_it_from_its_chunks(tmp_path):
    run_small(tmp_path)
    (tmp_path / "scan.zarr").rename(tmp_path.parent / f"{tmp_path.name}-away")
    assert run_small(tmp_path) == []
    assert (tmp_path / "scan.zarr").is_dir()


def test_foreign_content_is_in_the_way(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    for restart in (False, True):
        with pytest.raises(faults.ExistingResult, match=r"holds thesis\.tex and no manifest"):
            run_small(tmp_path, restart=restart)
    with pytest.raises(faults.ExistingResult, match="not a folder"):
        run_small(tmp_path / "thesis.tex")
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"config": {"scan": {"name": "small"}, "nodes": 16}}, "config.nodes: was 24, is 16"),
        ({"data": {"table.csv": "c3"}}, 'data.table.csv: was "b2", is "c3"'),
        ({"code": {"mixing.py": "a1", "new.py": "d4"}}, 'code.new.py: was absent, is "d4"'),
    ],
)
def test_a_changed_config_or_code_or_data_is_refused_and_told(tmp_path, change, told):
    with results.open_folder(tmp_path, IDENTITY) as scan:
        scan.commit(records()[0])
    before = contents(tmp_path)
    with pytest.raises(faults.ExistingResult) as caught, results.open_folder(tmp_path, IDENTITY | change):
        pass
    assert told in str(caught.value)
    assert contents(tmp_path) == before


HOLDER = """
import json, pathlib, sys
from jaxmix import results
path, shard, identity = json.loads(sys.argv[1])
with results.open_folder(pathlib.Path(path), identity, shard=shard and tuple(shard)):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def another_process(path, shard=None):
    """A process that holds the folder until it is killed or its stdin is closed."""
    command = [sys.executable, "-c", HOLDER, json.dumps([str(path), shard, IDENTITY])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.stdin.close()


def test_a_second_process_is_kept_out_until_the_first_dies(tmp_path):
    with another_process(tmp_path) as first:
        for shard in (None, (0, 2)):
            with pytest.raises(faults.ExistingResult, match="another process is at work"):
                run_small(tmp_path, shard=shard)
        first.kill()
        first.wait(20)
        assert run_small(tmp_path) == list(range(6))


def test_shards_work_beside_each_other_but_not_on_the_same_part(tmp_path):
    with another_process(tmp_path, (0, 2)):
        assert run_small(tmp_path, shard=(1, 2)) == [1, 3, 5]
        for shard in ((0, 2), None):
            with pytest.raises(faults.ExistingResult, match="another process is at work"):
                run_small(tmp_path, shard=shard)
    assert run_small(tmp_path, shard=(0, 2)) == [0, 2, 4]
    assert run_small(tmp_path) == []


def test_a_missing_shard_is_named(tmp_path):
    run_small(tmp_path, shard=(0, 3))
    with (
        results.open_folder(tmp_path, IDENTITY) as scan,
        pytest.raises(faults.BadInput, match="chunk 1 of 6 is missing"),
    ):
        list(scan.records(6))


def test_a_folder_without_a_manifest_is_no_scan(tmp_path):
    with pytest.raises(faults.BadInput, match="no readable manifest"):
        folder.read_manifest(tmp_path)


# the disk


def test_a_full_disk_is_a_fault_of_its_own_and_leaves_nothing_half_written(tmp_path, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with results.open_folder(tmp_path, IDENTITY) as scan:
        with monkeypatch.context() as patch, pytest.raises(faults.CannotWrite, match="No space left"):
            patch.setattr(os, "fsync", full)
            scan.commit(records()[0])
        assert list((tmp_path / "chunks").iterdir()) == []
        assert scan.missing([0]) == [0]


def test_a_folder_that_cannot_be_made_is_a_fault(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(faults.CannotWrite, match="cannot write"):
        run_small(tmp_path / "file" / "scan")


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    atomic.write_bytes(tmp_path / "a", b"old")

    def refuse(source, target):
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(faults.CannotWrite):
        atomic.write_bytes(tmp_path / "a", b"new")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a", b"old")]


# the cube


def test_the_cube_opens_in_xarray_with_units_and_the_same_numbers(tmp_path):
    path = tmp_path / "scan.zarr"
    results.write_cube(path, COORDINATES, VARIABLES, BLOCK, records(), {"title": "small"})
    with xarray.open_zarr(path) as cube:
        assert dict(cube.sizes) == {"m_zprime_over_m_mcp": 2, "m_mcp": 5, "epsilon_gamma": 7}
        assert cube.attrs["title"] == "small"
        for name, array in truth().items():
            assert cube[name].dtype == array.dtype
            np.testing.assert_array_equal(cube[name].values, array)
            assert {"units", "long_name"} <= set(cube[name].attrs)
        for name, coordinate in COORDINATES.items():
            np.testing.assert_array_equal(cube[name].values, coordinate.values)
            assert cube[name].attrs["units"] == coordinate.units
        assert cube["status"].attrs["flag_meanings"] == "ok gap"
    assert json.loads((path / ".zgroup").read_text())["zarr_format"] == 2
    assert (path / ".zmetadata").is_file()


def test_the_cube_wants_every_point_once(tmp_path):
    short, double = records()[:-1], [*records(), records()[2]]
    with pytest.raises(ValueError, match="hold 63 points, the grid 70"):
        results.write_cube(tmp_path / "scan.zarr", COORDINATES, VARIABLES, BLOCK, short)
    with pytest.raises(ValueError, match="lies on another one"):
        results.write_cube(tmp_path / "scan.zarr", COORDINATES, VARIABLES, BLOCK, double)
    assert list(tmp_path.iterdir()) == []


# contours


PLANE = (results.Side("m_mcp", 0.5, 200.0, True), results.Side("epsilon_gamma", 0.1, 0.3, False))


def traces():
    circle = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    columns = [np.cos(circle) + 2, np.sin(circle) / 3 + 1, -np.sin(circle), np.cos(circle) / 3, 1e-13 * circle]
    return [
        results.Trace("mcp_lhc", "sigma=2", 0, True, {"theta_dark": 0.5, "luminosity": 300.0}, *columns),
        results.Trace(
            "mcp_lhc",
            "sigma=2",
            1,
            False,
            {"theta_dark": 0.5, "luminosity": 300.0},
            *(column[:3] for column in columns),
        ),
        results.Trace("mcp_lhc", "cl=0.95", 0, True, {"theta_dark": 0.1 + 0.2, "luminosity": 3000.0}, *columns),
    ]


def test_contours_come_back_as_written(tmp_path):
    path = tmp_path / "contours.csv"
    assert results.write_contours(path, PLANE, ["theta_dark", "luminosity"], traces()) == 19
    plane, back = results.read_contours(path)
    assert plane == ("m_mcp", "epsilon_gamma")
    for found, expected in zip(back, traces(), strict=True):
        assert found[:5] == expected[:5]
        np.testing.assert_array_equal(np.array(found[5:10]), np.array(expected[5:10]))


def test_the_header_of_contours_tells_names_and_units(tmp_path):
    path = tmp_path / "contours.csv"
    results.write_contours(path, PLANE, ["theta_dark", "luminosity"], traces())
    lines = path.read_text().splitlines()
    assert "# x: m_mcp [GeV], mass of the lightest millicharged particle; ln, from 0.5 to 200.0" in lines
    assert "# luminosity: [1/fb], integrated luminosity" in lines
    names = "constraint,level,component,closed,theta_dark,luminosity,x,y,tangent_x,tangent_y,residual"
    assert next(line for line in lines if not line.startswith("#")) == names


def test_certificates_stand_beside_the_contours(tmp_path):
    """The columns that name a contour are those of contours.csv; one without vertices has a row too; what has no value
    is empty.
    """
    path, held = tmp_path / "certificates.csv", ["theta_dark", "luminosity"]
    results.write_contours(tmp_path / "contours.csv", PLANE, held, traces())
    good = results.Certificate(
        "converged", "box;invalid", 8, 0, 1 / 3, 2e-6, 40, "sampled", 900, 300, 1e-12, 3e-6, 16, 0
    )
    jump = results.Certificate("jump", "box", 0, 7, None, None, 60, "unresolved", 900, 300)
    first, second, third = traces()
    none = [np.zeros(0)] * 5
    rows = [
        first._replace(certificate=good),
        results.Trace(*second[:5], *none, certificate=jump),
        third._replace(certificate=good),
    ]
    results.write_certificates(path, held, rows)
    lines = [line.split(",") for line in path.read_text().splitlines() if not line.startswith("#")]
    of_contours = [
        line.split(",") for line in (tmp_path / "contours.csv").read_text().splitlines() if not line.startswith("#")
    ]
    assert (
        lines[0][:6] == of_contours[0][:6]
        and lines[1][:6] == of_contours[1][:6]
        and lines[3][:6] == of_contours[-1][:6]
    )
    assert dict(zip(lines[0][6:], lines[1][6:], strict=True))["residual"] == "0.3333333333333333"
    assert lines[2][6:] == ["jump", "box", "0", "7", "", "", "60", "unresolved", "900", "300", "", "", "", ""]


def test_every_column_of_certificates_is_explained(tmp_path):
    results.write_certificates(tmp_path / "certificates.csv", ["theta_dark"], [])
    lines = (tmp_path / "certificates.csv").read_text().splitlines()
    header = [line.removeprefix("#") for line in lines if line.startswith("#")]
    assert all(any(re.search(rf"\b{name}\b[^:]*:", line) for line in header) for name in lines[-1].split(","))


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe", b"# x: m [GeV]\n# y: e [1]\nconstraint,level\n"])
def test_what_is_no_contour_table_is_bad_input(tmp_path, content):
    (tmp_path / "contours.csv").write_bytes(content)
    with pytest.raises(faults.BadInput, match=r"contours\.csv"):
        results.read_contours(tmp_path / "contours.csv")


# provenance and exit codes


def test_identity_names_config_code_data_versions_device_pdf_and_tiles():
    found = results.identity({"scan": {}}, "cpu", {"tile": [1, 7]})
    assert set(found) == {"config_hash", "config", "code", "data", "versions", "device", "pdf", "tables", "tiles"}
    assert {"parameters.py", "results/chunks.py"} <= set(found["code"])
    assert found["versions"]["jax"].startswith("0.1")
    assert provenance.differences(found, json.loads(json.dumps(found))) == []


EXITS = [("BadInput", 2), ("NumericalFailures", 3), ("ExistingResult", 4), ("CannotWrite", 5)]


@pytest.mark.parametrize(("name", "code"), EXITS)
def test_faults_end_a_command_with_their_code(name, code, capsys):
    def work():
        raise getattr(faults, name)("why")

    assert guard.guarded(work, "jaxmix scan") == code
    assert capsys.readouterr().err == "jaxmix scan: why\n"


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_command_keeps_what_it_committed(tmp_path, sent, code):
    script = """
import signal, sys, time, pathlib, numpy as np
from jaxmix import faults, results
from jaxmix.command import guard
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell runs the tests in the background
def work():
    with results.open_folder(pathlib.Path(sys.argv[1]), {}) as scan:
        scan.commit(results.Record(0, (slice(0, 2),), {"q": np.ones(2)}, {}))
        print("committed", flush=True)
        time.sleep(30)
    return 0
sys.exit(guard.guarded(work, "scan"))
"""
    with subprocess.Popen(
        [sys.executable, "-c", script, tmp_path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout.readline() == b"committed\n"
        time.sleep(0.1)
        process.send_signal(sent)
        assert process.wait(20) == code
    with results.open_folder(tmp_path, {}) as scan:
        assert scan.missing(range(2)) == [1]
