"""The command `scan` from its config to its files: what is written, resumed, refused and joined."""

import contextlib
import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import types
import warnings

import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from jaxmix import config, engine, faults, merge, results
from jaxmix.constraints import shelf
from jaxmix.data import tables
from jaxmix.scan import __main__ as scan
from jaxmix.scan import contours, outputs, report
from jaxmix.scan.job import prepare

CONFIG = """
[scan]
name = "tiny"
tiling = { chunk_points = 60, tile_points = 24, nodes = 4 }

[parameters]
m_zprime_over_m_mcp = 3

[axes.theta_dark]
values = [0.3, "theta_w"]

[axes.m_mcp]
min = 5
max = 40
count = 6
spacing = "log"

[axes.epsilon_gamma]
min = 1e-3
max = 2e-2
count = 10
spacing = "log"

[constraints.mcp_lhc]
levels = [{ sigma = 2 }]

[contours]
x = "m_mcp"
y = "epsilon_gamma"
at = { theta_dark = ["theta_w"] }
cells = 5
depth = 1
"""


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "tiny.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def whole(study, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "scan"
    assert scan.main([str(study), "--out", str(out)]) == 0
    return out


def digests(folder, *names):
    files = [
        path
        for name in names
        for path in ([folder / name] if (folder / name).is_file() else sorted((folder / name).rglob("*")))
    ]
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.is_file()
    }


def certificates_of(folder):
    lines = (folder / "certificates.csv").read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


PRODUCTS = ("scan.zarr", "contours.csv", "certificates.csv", "figure.png", "figure.pdf", "figure.csv", "references.bib")


def test_a_scan_writes_its_files_and_lists_them(whole):
    manifest = json.loads((whole / "manifest.json").read_text(encoding="utf-8"))
    exported = [name for name in manifest["files"] if name not in PRODUCTS]
    assert manifest["state"] == "finished" and [name for name in manifest["files"] if name in PRODUCTS] == list(
        PRODUCTS
    )
    assert (
        set(exported) - {"contours.yaml"} == {f"limits/{path.name}" for path in (whole / "limits").iterdir()} != set()
    )
    assert all((whole / name).exists() for name in manifest["files"])
    cited = (whole / "references.bib").read_text(encoding="ascii")
    assert re.findall(r"^@\w+\{([^,]+),", cited, flags=re.MULTILINE)[:4] == [
        "Izaguirre:2015",
        "Haas:2015",
        "NNPDF:2017",
        "Navas:2024",
    ]
    assert manifest["points"] == 120 and sum(manifest["points_by_status"].values()) == 120
    assert {"config", "versions", "device", "tiles", "data", "seconds", "contours"} <= set(manifest)


def test_each_contour_has_its_certificate(whole):
    """One row a contour, which agrees with its vertices in contours.csv; nothing is verified unasked."""
    certificates, traces = certificates_of(whole), results.read_contours(whole / "contours.csv")[1]
    assert [(row["constraint"], row["level"], row["component"], row["closed"]) for row in certificates] == [
        (trace.constraint, trace.level, str(trace.component), str(int(trace.closed))) for trace in traces
    ]
    for row, trace in zip(certificates, traces, strict=True):
        assert (int(row["vertices"]), float(row["residual"]), float(row["theta_dark"])) == (
            trace.x.size,
            trace.residual.max(),
            trace.held["theta_dark"],
        )
        assert trace.x.size <= int(row["evaluations"]) < int(row["trace_evaluations"]) and 0 < int(
            row["trace_coarse"]
        ) < int(row["trace_evaluations"])
        assert 0 < float(row["deviation"]) < (1e-5 if row["status"] == "converged" else 1) and row["trace_status"] in (
            "sampled",
            "unresolved",
        )
        assert {row["ends"]} <= ({""} if trace.closed else {"box", "invalid", "box;invalid", "invalid;box"})
        assert {row[f"verified_{name}"] for name in ("vertices", "curve", "places", "lost")} == {""}


def test_the_manifest_sums_the_certificates_up(whole):
    certificates, manifest = certificates_of(whole), json.loads((whole / "manifest.json").read_text(encoding="utf-8"))
    status = [row["status"] for row in certificates]
    assert manifest["contours"] == {
        "number": len(certificates),
        "by_status": {name: status.count(name) for name in set(status)},
        "traces_by_status": {certificates[0]["trace_status"]: 1},
        "largest_residual": max(float(row["residual"]) for row in certificates),
        "largest_deviation": max(float(row["deviation"]) for row in certificates),
        "evaluations": int(certificates[0]["trace_evaluations"]),
    }


def test_the_cube_opens_in_xarray_without_a_warning_and_has_units(whole):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cube = xr.open_zarr(whole / "scan.zarr", chunks=None)
    assert cube.sizes == {"theta_dark": 2, "m_mcp": 6, "epsilon_gamma": 10}
    assert [cube[name].attrs["units"] for name in cube.sizes] == ["rad", "GeV", "1"]
    assert set(cube.data_vars) == {"mcp_lhc_test_statistic", "mcp_lhc_excluded", "status"}
    assert cube.mcp_lhc_test_statistic.attrs["critical_values"] == [4.0]
    np.testing.assert_array_equal(cube.mcp_lhc_excluded == 1, cube.mcp_lhc_test_statistic > 4.0)


def test_the_cube_holds_the_exact_test_statistic(whole, study):
    """Interpolated along the charge, to 1e-4 of the point-by-point evaluation."""
    job = prepare(config.load(study))
    cube = xr.open_zarr(whole / "scan.zarr", chunks=None)
    axes = np.meshgrid(*(cube[name].values for name in cube.sizes), indexing="ij")
    points = {name: axis.ravel() for name, axis in zip(cube.sizes, axes)}
    exact = engine.evaluate_points(job.problem, points, batch=120)
    np.testing.assert_allclose(cube.mcp_lhc_test_statistic.values.ravel(), 4.0 * exact["mcp_lhc"], rtol=1e-4)
    np.testing.assert_array_equal(cube.status.values.ravel(), exact["status"])


def test_every_vertex_of_the_contours_lies_on_the_level(whole, study):
    job = prepare(config.load(study))
    plane, traces = results.read_contours(whole / "contours.csv")
    assert [side if isinstance(side, str) else side.name for side in plane] == ["m_mcp", "epsilon_gamma"] and traces
    for trace in traces:
        points = {
            "m_mcp": trace.x,
            "epsilon_gamma": trace.y,
            "theta_dark": np.full(trace.x.size, trace.held["theta_dark"]),
        }
        found = engine.evaluate_points(job.problem, points, batch=120)["mcp_lhc"]
        np.testing.assert_allclose(found, 1.0, atol=1.1e-9)
        np.testing.assert_allclose(np.hypot(trace.tangent_x, trace.tangent_y), 1.0, rtol=1e-12)


def test_a_finished_scan_is_left_alone(whole, study, capsys):
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*") if path.is_file() and path.name != ".lock"}
    assert scan.main([str(study), "--out", str(whole)]) == 0
    assert "this scan is finished; nothing was written" in capsys.readouterr().out
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_json_prints_the_manifest_alone(whole, study, capsys):
    assert scan.main([str(study), "--out", str(whole), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((whole / "manifest.json").read_text(encoding="utf-8"))


def test_a_changed_config_is_refused_and_says_what_changed(whole, study, capsys):
    assert scan.main([str(study), "--out", str(whole), "--set", "e_dark=0.5"]) == 4
    message = capsys.readouterr().err
    assert "holds another scan" in message and "config.parameters.e_dark: was 0.31345" in message


def test_a_foreign_folder_is_refused(study, tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("mine", encoding="utf-8")
    assert scan.main([str(study), "--out", str(tmp_path)]) == 4
    assert "thesis.tex" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_output_that_cannot_be_written_is_said(study, tmp_path, capsys):
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert scan.main([str(study), "--out", str(tmp_path / "file" / "scan")]) == 5
    assert "cannot write" in capsys.readouterr().err


def test_a_bad_config_writes_nothing(tmp_path, capsys):
    path = tmp_path / "bad.toml"
    path.write_text(CONFIG.replace("min = 5", "min = -5").replace('name = "tiny"', 'nmae = "tiny"'), encoding="utf-8")
    assert scan.main([str(path), "--out", str(tmp_path / "out")]) == 2
    message = capsys.readouterr().err
    assert "axes.m_mcp.min" in message and "scan.nmae" in message and "did you mean 'name'" in message
    assert not (tmp_path / "out").exists()


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(study, tmp_path, capsys):
    """Points as the axes tell; time, memory and disk as measured, within a wide margin of what the run itself takes."""
    assert scan.main([str(study), "--out", str(tmp_path / "out"), "--dry-run", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["points"], plan["chunks"], plan["contours"]) == (120, 2, 1) and not (tmp_path / "out").exists()
    assert 0 < plan["seconds"]["grid"] < 60 and plan["seconds"]["grid"] == pytest.approx(
        120 / plan["points_per_second"]
    )
    assert 0.002 < plan["disk_megabytes"] < 1 and 100 < plan["memory_megabytes"] < 20_000


@pytest.mark.parametrize("shard", ["2/2", "a/b", "-1/2", "1"])
def test_a_wrong_shard_is_bad_input(study, tmp_path, capsys, shard):
    assert scan.main([str(study), "--out", str(tmp_path / "out"), f"--shard={shard}"]) == 2
    assert "--shard" in capsys.readouterr().err


def test_shards_join_to_the_same_bytes(whole, study, tmp_path, capsys):
    for part in ("1/2", "0/2"):
        assert scan.main([str(study), "--out", str(tmp_path / "parts"), "--shard", part]) == 0
    assert not (tmp_path / "parts" / "scan.zarr").exists()
    assert merge.main([str(tmp_path / "parts")]) == 0
    assert digests(tmp_path / "parts", *PRODUCTS) == digests(whole, *PRODUCTS)


def test_a_missing_shard_is_said(study, tmp_path, capsys):
    assert scan.main([str(study), "--out", str(tmp_path / "parts"), "--shard", "0/2"]) == 0
    assert merge.main([str(tmp_path / "parts")]) == 2
    assert "chunk 1 of 2 is missing or damaged" in capsys.readouterr().err


def test_damaged_chunks_are_computed_again(whole, study, tmp_path):
    """One with a flipped bit, one cut short."""
    out = tmp_path / "scan"
    assert scan.main([str(study), "--out", str(out), "--shard", "0/1"]) == 0
    flipped, short = sorted((out / "chunks").iterdir())
    content = bytearray(flipped.read_bytes())
    content[len(content) // 2] ^= 1
    flipped.write_bytes(content)
    short.write_bytes(short.read_bytes()[:-9])
    assert scan.main([str(study), "--out", str(out)]) == 0
    assert digests(out, *PRODUCTS) == digests(whole, *PRODUCTS)


def test_chunks_that_lie_elsewhere_or_lack_an_output_are_computed_again(whole, study, tmp_path):
    """Sealed with the right checksum and of the right run, and yet not this scan's."""
    out = tmp_path / "scan"
    assert scan.main([str(study), "--out", str(out), "--shard", "0/1"]) == 0
    run = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["run"]
    first, second = (results.read_chunk(out, run, index) for index in (0, 1))
    results.write_chunk(out, run, first._replace(slices=second.slices))
    results.write_chunk(out, run, second._replace(outputs={"status": second.outputs["status"]}))
    assert scan.main([str(study), "--out", str(out)]) == 0
    assert digests(out, *PRODUCTS) == digests(whole, *PRODUCTS)


def test_altered_package_data_stop_a_scan(study, tmp_path, capsys, monkeypatch):
    listed = dict.fromkeys(tables._listed(), "0" * 64)
    monkeypatch.setattr(tables, "_listed", lambda: listed)
    assert scan.main([str(study), "--out", str(tmp_path / "scan")]) == 2
    said = capsys.readouterr().err
    assert "has SHA256" in said and "reinstall the package" in said and not (tmp_path / "scan").exists()


def test_too_many_numerical_failures_end_with_3(study, tmp_path, capsys, monkeypatch):
    """The files are written, and not to be trusted; here none of the points failed, and none may."""
    monkeypatch.setattr(outputs, "_MOST_FAILURES", -1.0)
    assert scan.main([str(study), "--out", str(tmp_path / "scan")]) == 3
    assert (
        "0 of 120 points failed numerically" in capsys.readouterr().err and (tmp_path / "scan" / "scan.zarr").exists()
    )


def test_a_summary_keeps_no_points(study, tmp_path):
    out = tmp_path / "scan"
    assert scan.main([str(study), "--out", str(out), "--set", "scan.outputs=summary"]) == 0
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert "scan.zarr" not in manifest["files"] and manifest["points"] == 120


def test_an_interrupted_scan_resumes_to_the_same_bytes(whole, study, tmp_path, capsys, monkeypatch):
    """Ctrl-C after the first chunk, then SIGTERM before the second."""
    out, commit = tmp_path / "scan", results.ScanFolder.commit
    times = set()
    for stop, code in ((KeyboardInterrupt, 130), (faults.Terminated, 143)):

        def commit_the_first(folder, record, stop=stop):
            if record.index:
                raise stop
            commit(folder, record)

        monkeypatch.setattr(results.ScanFolder, "commit", commit_the_first)
        assert scan.main([str(study), "--out", str(out)]) == code
        assert "what was committed stays" in capsys.readouterr().err
        assert [path.name for path in (out / "chunks").iterdir()] == ["00000000.chunk"] and not (
            out / "scan.zarr"
        ).exists()
        times.add((out / "chunks" / "00000000.chunk").stat().st_mtime_ns)
    monkeypatch.undo()
    assert scan.main([str(study), "--out", str(out)]) == 0
    times.add((out / "chunks" / "00000000.chunk").stat().st_mtime_ns)
    assert len(times) == 1 and digests(out, *PRODUCTS) == digests(whole, *PRODUCTS)


def test_a_restart_computes_anew_what_another_config_left(study, tmp_path, capsys):
    """And a shard with --json prints its own manifest alone."""
    words = [str(study), "--out", str(tmp_path / "scan"), "--shard", "0/2", "--json"]
    assert scan.main([*words, "--set", "luminosity=100"]) == 0
    assert json.loads(capsys.readouterr().out)["shard"] == [0, 2]
    assert scan.main(words) == 4
    assert scan.main([*words, "--restart"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["config"]["parameters"]["luminosity"] == 300.0 and document["state"] == "finished"


def test_a_second_level_is_traced_where_it_lies(study, tmp_path, capsys):
    """Three standard deviations beside two: q = 9 on its vertices, to 1e-9. Each level has a part on either side of the
    Z.
    """
    assert (
        scan.main(
            [str(study), "--out", str(tmp_path / "scan"), "--set", "mcp_lhc.levels=[{ sigma = 2 }, { sigma = 3 }]"]
        )
        == 0
    )
    assert "4 contours" in capsys.readouterr().out
    traces = results.read_contours(tmp_path / "scan" / "contours.csv")[1]
    assert [trace.level for trace in traces] == ["sigma=2", "sigma=2", "sigma=3", "sigma=3"]
    x, y = (np.concatenate([getattr(trace, name) for trace in traces[2:]]) for name in "xy")
    points = {"m_mcp": x, "epsilon_gamma": y, "theta_dark": np.full(x.size, traces[2].held["theta_dark"])}
    found = engine.evaluate_points(prepare(config.load(study)).problem, points, batch=120)["mcp_lhc"]
    np.testing.assert_allclose(found * 4 / 9, 1.0, atol=1.1e-9)


def test_scan_and_merge_as_processes(tmp_path):
    """From a shell, warnings as errors: the manifest alone on stdout, on the device asked for; an unreadable config or
    folder, exit 2.
    """
    command = [sys.executable, "-W", "error", "-m"]
    path = tmp_path / "small.toml"
    path.write_text(
        CONFIG.split("[contours]")[0].replace('values = [0.3, "theta_w"]', "values = [0.3]"), encoding="utf-8"
    )
    words = [*command, "jaxmix.scan", str(path), "--out", str(tmp_path / "scan"), "--device", "cpu", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["points"] == 60 and json.loads(done.stdout)["device"] == "cpu"
    for refused in (
        [*command, "jaxmix.scan", str(tmp_path / "absent.toml")],
        [*command, "jaxmix", "merge", str(tmp_path)],
    ):
        done = subprocess.run(refused, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "") and str(tmp_path) in done.stderr
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["scan", "small.toml"]


def test_levels_of_two_kinds_are_refused(study, tmp_path, capsys):
    """With a background they judge by different statistics: 5.99 of a likelihood ratio is not CLs = 0.05."""
    path = tmp_path / "mixed.toml"
    path.write_text(
        CONFIG.replace("levels = [{ sigma = 2 }]", "levels = [{ sigma = 2 }, { cl = 0.95 }]"), encoding="utf-8"
    )
    assert scan.main([str(path), "--out", str(tmp_path / "out")]) == 2
    assert "levels in sigma and in cl" in capsys.readouterr().err


WITHOUT_MCP = """
[scan]
name = "moments"
tiling = { chunk_points = 200, tile_points = 50, nodes = 8 }

[axes.theta_dark]
values = [0.4, "theta_w"]

[axes.m_zprime]
min = 0.01
max = 30
count = 8
spacing = "log"

[axes.kappa]
min = 1e-4
max = 0.5
count = 20
spacing = "log"

[constraints.g_minus_2_mu]
vintage = 2021

[constraints.g_minus_2_e]
levels = [{ sigma = 2 }, { sigma = 3 }]

[contours]
x = "m_zprime"
y = "kappa"
cells = 6
depth = 1
"""


REDUCED = (
    WITHOUT_MCP
    + """
[summary]
axes = ["kappa", "m_zprime"]
histogram = true

[refinement]
depth = 2
"""
)


def test_maps_histograms_and_refined_points(tmp_path):
    """Against every point of the same scan: parts excluded and profiles over theta_dark, counts by bin; added points
    against exact values.
    """
    path = tmp_path / "reduced.toml"
    path.write_text(REDUCED, encoding="utf-8")
    assert scan.main([str(path), "--out", str(tmp_path / "scan")]) == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cube, reduced, refined = (
            xr.open_zarr(tmp_path / "scan" / f"{name}.zarr", chunks=None) for name in ("scan", "summary", "refined")
        )
    either = (cube.g_minus_2_mu_excluded == 1) | (cube.g_minus_2_e_excluded == 1)
    np.testing.assert_array_equal(reduced.excluded_fraction, either.mean("theta_dark"))
    for name in ("g_minus_2_mu", "g_minus_2_e"):
        q = cube[f"{name}_test_statistic"]
        np.testing.assert_array_equal(
            reduced[f"{name}_excluded_fraction"], (cube[f"{name}_excluded"] == 1).mean("theta_dark")
        )
        np.testing.assert_array_equal(reduced[f"{name}_profile"], q.min("theta_dark"))
        np.testing.assert_array_equal(reduced[f"{name}_profile_theta_dark"], q.idxmin("theta_dark"))
        assert int(reduced[f"{name}_histogram"].sum()) == q.size and reduced[f"{name}_profile"].attrs["units"] == "1"
    job = prepare(config.load(path))
    points = {name: refined[name].values for name in ("theta_dark", "m_zprime", "kappa")}
    exact = engine.evaluate_points(job.problem, points, batch=320)
    np.testing.assert_allclose(
        refined.g_minus_2_mu_test_statistic, job.critical["g_minus_2_mu"]["cl=0.95"] * exact["g_minus_2_mu"], rtol=1e-12
    )
    # a level that the coarse cells hold is met four times more closely
    near = {
        name: float(np.abs(values.g_minus_2_mu_test_statistic / 3.841458820694 - 1).min())
        for name, values in (("grid", cube), ("refined", refined))
    }
    assert near["refined"] < near["grid"] / 2 and set(np.unique(refined.halving)) == {1, 2}


def test_a_sample_of_the_box(tmp_path):
    """Points with their parameters, exact at each; the same from two shards."""
    path = tmp_path / "sample.toml"
    text = re.sub(r"^count = \d+\n", "", WITHOUT_MCP.split("[contours]")[0], flags=re.MULTILINE)
    path.write_text(text + '[sampling]\npoints = 500\nkind = "random"\nseed = 4\n', encoding="utf-8")
    assert scan.main([str(path), "--out", str(tmp_path / "scan")]) == 0
    cube = xr.open_zarr(tmp_path / "scan" / "scan.zarr", chunks=None)
    assert cube.sizes == {"point": 500} and cube.m_zprime.attrs["units"] == "GeV"
    assert np.all((cube.m_zprime >= 0.01) & (cube.m_zprime <= 30))
    np.testing.assert_allclose(np.unique(cube.theta_dark), [0.4, 0.5016], atol=1e-4)
    job = prepare(config.load(path))
    exact = engine.evaluate_points(
        job.problem, {name: cube[name].values for name in ("theta_dark", "m_zprime", "kappa")}, batch=500
    )
    np.testing.assert_allclose(
        cube.g_minus_2_mu_test_statistic, job.critical["g_minus_2_mu"]["cl=0.95"] * exact["g_minus_2_mu"], rtol=1e-12
    )
    for part in ("0/2", "1/2"):
        assert scan.main([str(path), "--out", str(tmp_path / "parts"), "--shard", part]) == 0
    assert merge.main([str(tmp_path / "parts")]) == 0
    assert digests(tmp_path / "parts", "scan.zarr") == digests(tmp_path / "scan", "scan.zarr")


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """The folder of a scan of two constraints, of which neither needs an mCP, its config, and the last line said."""
    folder = tmp_path_factory.mktemp("several")
    (folder / "moments.toml").write_text(WITHOUT_MCP, encoding="utf-8")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert scan.main([str(folder / "moments.toml"), "--out", str(folder / "scan")]) == 0
    return folder / "scan", folder / "moments.toml", said.getvalue()


def test_several_constraints_share_a_scan(several):
    """Each has its test statistic in its own units and its flag at its own first level; none has an mCP's mass
    to hold.
    """
    out, path, said = several
    cube = xr.open_zarr(out / "scan.zarr", chunks=None)
    critical = {"g_minus_2_mu": [pytest.approx(3.841458820694)], "g_minus_2_e": [4.0, 9.0]}
    assert set(cube.data_vars) == {f"{name}_{what}" for name in critical for what in ("test_statistic", "excluded")} | {
        "status"
    }
    job = prepare(config.load(path))
    axes = np.meshgrid(*(cube[name].values for name in cube.sizes), indexing="ij")
    exact = engine.evaluate_points(job.problem, {name: axis.ravel() for name, axis in zip(cube.sizes, axes)}, batch=320)
    for name, values in critical.items():
        q = cube[f"{name}_test_statistic"]
        assert q.attrs["critical_values"] == values
        np.testing.assert_array_equal(
            cube[f"{name}_excluded"] == 1, q > float(job.critical[name][q.attrs["levels"][0]])
        )
        np.testing.assert_allclose(q.values.ravel(), q.attrs["critical_values"][0] * exact[name], rtol=1e-4, atol=1e-9)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert "m_mcp" not in manifest["config"]["parameters"]
    assert set(manifest["excluded"]) == set(critical)
    assert all(f"{name} excludes {count / 320:.1%}" in said for name, count in manifest["excluded"].items())


def test_each_constraint_has_its_contours(several):
    """A curve for each level in each plane, with its vertices on that level."""
    out, path, _ = several
    job = prepare(config.load(path))
    _, traces = results.read_contours(out / "contours.csv")
    order = [(trace.constraint, trace.level) for trace in traces]
    assert order == [("g_minus_2_mu", "cl=0.95"), ("g_minus_2_e", "sigma=2"), ("g_minus_2_e", "sigma=3")] * 2
    for trace in traces:
        points = {"m_zprime": trace.x, "kappa": trace.y, "theta_dark": np.full(trace.x.size, trace.held["theta_dark"])}
        found = engine.evaluate_points(job.problem, points, batch=320)[trace.constraint]
        np.testing.assert_allclose(found, 2.25 if trace.level == "sigma=3" else 1.0, rtol=1.1e-9)


def test_a_finished_scan_is_verified_when_asked(several, tmp_path, capsys):
    """Contours are traced again and checked, all else is as it was; then there is nothing to do, with --verify or
    without.
    """
    out, path = shutil.copytree(several[0], tmp_path / "scan"), str(several[1])
    others = [
        name
        for name in json.loads((out / "manifest.json").read_text(encoding="utf-8"))["files"]
        if name != "certificates.csv"
    ]
    before = digests(out, *others)
    assert scan.main([path, "--out", str(out), "--verify"]) == 0
    said = capsys.readouterr()
    assert "finished, but not verified" in said.err and "contours checked by bisection" in said.out
    assert digests(out, *others) == before
    plain = [
        {name: value for name, value in row.items() if not name.startswith("verified")}
        for row in certificates_of(several[0])
    ]
    certificates = certificates_of(out)
    assert [{**row, **each} for row, each in zip(certificates, plain, strict=True)] == certificates
    for row in certificates:
        assert float(row["verified_vertices"]) < 1e-8 and float(row["verified_curve"]) < 1e-5
        assert int(row["verified_places"]) >= 2 * int(row["vertices"]) - 1 and row["verified_lost"] == "0"
    found = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["contours"]["verified"]
    assert found == {
        name: max(float(row[f"verified_{name}"]) for row in certificates) for name in ("vertices", "curve")
    } | {"places": sum(int(row["verified_places"]) for row in certificates), "lost": 0}
    for words in ([], ["--verify"]):
        assert scan.main([path, "--out", str(out), *words]) == 0
        assert "nothing was written" in capsys.readouterr().out
    assert merge.main([str(out), "--verify"]) == 0
    assert "nothing was written" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "words", "message"),
    [("", ["--shard", "0/2"], "jaxmix merge"), ("[contours]", [], "no table [contours]")],
)
def test_nothing_to_verify_is_bad_input(tmp_path, capsys, change, words, message):
    """A shard, and a study without contours."""
    path = tmp_path / "study.toml"
    path.write_text(CONFIG.split(change)[0] if change else CONFIG, encoding="utf-8")
    assert scan.main([str(path), "--out", str(tmp_path / "out"), "--verify", *words]) == 2
    assert message in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_contours_in_doubt_are_told_and_counted(monkeypatch):
    """One that leaps over its level has a certificate without distances, and a word in what is told and in the
    report.
    """

    def steps(x, y):
        return jnp.where(x + y > 50.0, 1.0, -1.0) + 0.0 * y

    axes = [engine.Axis.linear(name, 1.0, 40.0, 5) for name in ("m_mcp", "m_zprime")]
    family = contours.engine.trace_contours(steps, *axes, depth=3, verify=True)
    monkeypatch.setattr(contours.engine, "trace_family", lambda *arguments, **options: family)
    sides = {name: {"min": 1, "max": 40, "count": 5, "spacing": "linear"} for name in ("m_mcp", "m_zprime")}
    raw = {"scan": {"name": "x"}, "parameters": {"kappa": 1e-3}, "axes": sides, "constraints": {"g_minus_2_mu": {}}}
    settings, told = config.validate(raw | {"contours": {"x": "m_mcp", "y": "m_zprime"}}), []
    moment = types.SimpleNamespace(features=lambda axis, held: ())
    traced = contours.trace_all(
        types.SimpleNamespace(constraints={"g_minus_2_mu": moment}),
        settings,
        {"g_minus_2_mu": {"cl=0.95": 3.84}},
        told.append,
        verify=True,
    )
    (certificate,), found = [trace.certificate for trace in traced.traces], contours.summary(traced)
    assert (certificate.status, certificate.vertices, certificate.residual, certificate.deviation) == (
        "jump",
        0,
        None,
        None,
    )
    assert certificate.brackets > 0 and (certificate.verified_vertices, certificate.verified_places) == (None, 0)
    assert told == [
        f"contours: 1 jump of g_minus_2_mu, {len(family.unresolved)} cells through which one may run or not"
    ]
    assert report._counted(found) == "1 contours (1 jump: see certificates.csv)"
    assert found["largest_residual"] is None and found["verified"] == {
        "vertices": None,
        "curve": None,
        "places": 0,
        "lost": 0,
    }


def test_features_are_nodes_along_both_sides_of_a_plane(monkeypatch):
    """Thresholds of mesons along the mCP's mass, resonances along the Z' mass."""
    sides = {name: {"min": 1, "max": 100, "count": 5, "spacing": "log"} for name in ("m_mcp", "m_zprime")}
    raw = {
        "scan": {"name": "x"},
        "parameters": {"kappa": 1e-3},
        "axes": sides,
        "constraints": {"mcp_lhc": {"levels": [{"cl": 0.95}]}},
    }
    settings = config.validate(raw | {"contours": {"x": "m_mcp", "y": "m_zprime"}})
    asked = {}
    none = contours.engine.Contours((), "sampled", np.zeros((0, 2, 2)), 0, 0)
    monkeypatch.setattr(contours.engine, "trace_family", lambda *arguments, **options: asked.update(options) or none)
    detector = shelf.build("mcp_lhc", {}, ("cl", 0.95))
    contours.trace_all(
        types.SimpleNamespace(constraints={"mcp_lhc": detector}), settings, {"mcp_lhc": {"cl=0.95": 6.0}}, print
    )
    jpsi = 3.0969  # GeV, PDG 2024
    assert min(abs(node - jpsi / 2) for node in asked["x_nodes"]) < 1e-4
    assert {side: any(jpsi < node < 1.01 * jpsi for node in asked[f"{side}_nodes"]) for side in "xy"} == {
        "x": False,
        "y": True,
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--pdf", "no/such/folder"], "no/such/folder"),
        (["--set", "mcp_lhc.eta=5"], "would hold the beam"),
        (["--set", "mcp_lhc.distance=0.4"], "would hold the beam"),
        (["--set", "sqrt_s=500"], "parameters.sqrt_s"),
    ],
)
def test_what_no_experiment_can_have_is_bad_input(study, tmp_path, capsys, arguments, message):
    assert scan.main([str(study), "--out", str(tmp_path / "out"), *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_other_parton_distributions_are_another_scan(whole, study, tmp_path, monkeypatch, capsys):
    """The set's name and checksum are part of a scan's identity, for `scan` and for `merge` alike."""
    monkeypatch.setattr(tables, "pdf_identity", lambda folder: {"set": "other", "sha256": "0" * 64})
    assert scan.main([str(study), "--out", str(whole)]) == 4
    assert "pdf: was absent" in capsys.readouterr().err
    assert merge.main([str(whole)]) == 4
