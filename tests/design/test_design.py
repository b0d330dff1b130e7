"""Designs by gradient: the reach and its derivatives against limits found another way, optima against a grid, and the
command.
"""

import csv
import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

from jaxmix import __main__, config, engine, faults, study
from jaxmix.config import design as design_schema
from jaxmix.constraints import shelf
from jaxmix.design import search as designing
from jaxmix.engine import optimise

CONFIG = Path(__file__).parents[2] / "configs" / "design_milliqan.toml"
MASSES = [1.0, 9.0, 40.0]  # as many everywhere, so that the reach compiles once
DOMAIN, SAMPLES = (1e-4, 1.0), 20
TEN = tuple(design_schema.target().movable)


def raw(**tables):
    """The tables of a small valid search with two parameters that move."""
    base = {
        "design": {
            "name": "small",
            "layers": {"min": 2.0, "max": 6.0},
            "thickness": {"min": 0.5, "max": 3.0, "start": 1.4},
        },
        "budget": {"volume": 4.2},
        "parameters": {"m_zprime_over_m_mcp": 3},
        "axes": {"m_mcp": {"values": MASSES}},
        "constraints": {"mcp_lhc": {"layers": 3, "eta": 0.1, "background": {"rate": 500.0, "bars": 400}}},
    }
    return {**base, **tables}


def written(path, tables):
    """A config file; JSON's lists, numbers and texts are TOML's."""
    lines = []

    def put(name, table):
        lines.append(f"[{name}]" if name else "")
        lines.extend(f"{key} = {json.dumps(value)}" for key, value in table.items() if not isinstance(value, dict))
        for key, value in table.items():
            if isinstance(value, dict):
                put(f"{name}.{key}" if name else key, value)

    put("", tables)
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One run of the command: (job, outcome, document, folder)."""
    folder = tmp_path_factory.mktemp("design")
    path, search, texts, seen = written(folder / "small.toml", raw()), designing.search, [], []

    def watched(job, tell):
        seen.append((job, search(job, tell)))
        return seen[0][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("builtins.print", lambda *words, **_: texts.append(" ".join(map(str, words))))
        patch.setattr(designing, "search", watched)
        code = __main__.main(["design", path, "--out", str(folder / "out"), "--json"])
    assert code == 0
    return *seen[0], json.loads(texts[0], parse_constant=lambda word: pytest.fail(word)), folder


@pytest.fixture(scope="module")
def job(run):
    return run[0]


@pytest.fixture(scope="module")
def outcome(run):
    return run[1]


@pytest.fixture(scope="module")
def answer(run):
    return run[2:]


def at_start(job, **moved):
    """The reach with its slopes, some parameters moved."""
    return optimise.sample(job.reach, job.excess, job.start | moved, job.ranges, job.log_limits)


def found_anew(job, problem):
    """The limits by engine.limit with their derivatives by all ten settings: its own root, its own tables at every
    point.
    """
    around = {f"mcp_lhc.{name}": job.start[name] for name in TEN}
    at = [{"m_mcp": mass} for mass in MASSES]
    return engine.find_limit(problem, "mcp_lhc", "epsilon_gamma", at, DOMAIN, around=around, samples=SAMPLES)


def limits_of(job, **moved):
    """ln(limit) at the masses of a study whose detector is built and tabulated with these settings."""
    values = job.settings.settings | moved
    problem = study.Study(job.settings.held, {"mcp_lhc": shelf.build("mcp_lhc", values, ("cl", 0.95))})
    return np.log([each.limit for each in found_anew(job, problem)])


@pytest.fixture(scope="module")
def independent(job):
    """Limits and derivatives of the start."""
    return found_anew(job, job.reach.problem)


# ---- the reach ----


@pytest.mark.slow
def test_the_reach_is_the_mean_of_the_limits(job, independent):
    """The trapezoidal rule over ln m of -ln(limit), each as engine.limit finds it."""
    logs = np.log([each.limit for each in independent])
    area = -np.trapezoid(logs, np.log(MASSES)) / np.log(MASSES[-1] / MASSES[0])
    found = at_start(job)
    assert found.value == pytest.approx(area, rel=1e-12)
    np.testing.assert_allclose(np.asarray(found.memory), logs, rtol=1e-12)
    plain = designing.design_schema.validate(raw(design=raw()["design"] | {"objective": "limit"}))
    np.testing.assert_allclose(plain.weights(), 1 / 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", TEN)
def test_gradient_of_the_reach_is_that_of_its_limits(job, independent, name):
    scale = 1.0 if name == "eta" else job.start[name]
    moves = scale * np.array([each.d_log_limit[f"mcp_lhc.{name}"] for each in independent])
    assert at_start(job).slope[name] == pytest.approx(-job.settings.weights() @ moves, rel=1e-9, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name if name == "layers" else pytest.param(name, marks=pytest.mark.slow) for name in TEN]
)
def test_gradient_of_the_reach_is_a_difference_of_limits(job, name):
    """Of detectors that are built anew at either side, to the square of the step."""
    value, step = job.start[name], 2e-3
    ends = [value + sign * step if name == "eta" else value * np.exp(sign * step) for sign in (-1, 1)]
    low, high = (limits_of(job, **{name: float(end)}) for end in ends)
    assert at_start(job).slope[name] == pytest.approx(
        -job.settings.weights() @ (high - low) / (2 * step), rel=2e-4, abs=1e-6
    )


@pytest.mark.slow
def test_derivatives_of_each_limit(job):
    """One mass at a time they add up, by weight, to the slope of the reach; parameters of the same factor move
    alike.
    """
    found = at_start(job)
    each = designing.derivatives(job, found)
    for name in TEN:
        total = job.settings.weights() @ [moves[name] for moves in each]
        assert total == pytest.approx(-found.slope[name], rel=1e-9, abs=1e-12)
    for moves in each:
        # side over distance is all that a small face has; light is a product; dark counts go as bars rate^n
        # window^(n-1), n = 3
        assert moves["side"] == pytest.approx(-moves["distance"], rel=1e-9)
        assert (
            moves["light_yield"]
            == pytest.approx(moves["efficiency"], rel=1e-9)
            == pytest.approx(moves["thickness"], rel=1e-9)
        )
        assert moves["rate"] == pytest.approx(3 * moves["bars"], rel=1e-9)
        assert moves["window"] == pytest.approx(2 * moves["bars"], rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("layers", [2.6, 3.0, 5.5])
def test_more_light_and_fewer_dark_counts_never_worsen(job, layers):
    found = at_start(job, layers=layers)
    assert all(found.slope[name] > 0 for name in ("light_yield", "efficiency", "thickness", "side"))
    assert all(found.slope[name] < 0 for name in ("distance", "rate", "window", "bars"))
    for moves in designing.derivatives(job, found):
        # where every layer sees dozens of photoelectrons, light does nothing but to rounding
        assert all(moves[name] <= 1e-14 for name in ("light_yield", "efficiency", "thickness", "side"))
        assert all(moves[name] >= -1e-14 for name in ("distance", "rate", "window", "bars"))


@pytest.mark.slow
def test_starts_far_off_lead_to_the_same_limits(job):
    """To either side by a factor of ten; where there is no limit within the bracket there is none at all."""
    exact = at_start(job)
    for shift in (-2.3, 2.3):
        moved = optimise.sample(job.reach, job.excess, job.start, job.ranges, job.log_limits + shift)
        assert moved.value == pytest.approx(exact.value, rel=1e-12)
    lost = optimise.sample(job.reach, job.excess, job.start, job.ranges, job.log_limits - 9.0)
    assert np.isnan(lost.value)


# ---- optima ----


@pytest.mark.slow
def test_the_optimum_is_that_of_a_grid(job, outcome):
    """Layers from 2.6 to 5.4, the thickness that the volume then leaves, at every point the reach: the top of a
    parabola through the best three; and no design of less volume is better.
    """
    found = outcome.optimum
    assert found.status == "converged" and not any(found.at[name] for name in ("layers", "thickness"))
    assert abs(found.best.excess) < 1e-7

    def values(layers, volume):
        return np.array([at_start(job, layers=float(n), thickness=float(volume / n)).value for n in layers])

    grid = np.linspace(2.6, 5.4, 15)
    coarse = values(grid, 4.2)
    best = int(np.argmax(coarse))
    fine = grid[best] + 0.05 * np.array([-1.0, 0.0, 1.0])
    a, b, _ = np.polyfit(np.log(fine), top := values(fine, 4.2), 2)
    assert found.best.x["layers"] == pytest.approx(np.exp(-b / (2 * a)), rel=2e-3)
    assert found.best.value + 1e-9 >= max(coarse.max(), top.max())
    assert values(grid[4:8], 4.0).max() < found.best.value
    moved = (values([found.best.x["layers"]], 4.2 * 1.002)[0] - values([found.best.x["layers"]], 4.2 / 1.002)[0]) / (
        2 * np.log(1.002)
    )
    assert found.multiplier == pytest.approx(moved, rel=1e-3)  # what more volume is worth
    assert max(map(abs, found.gradient.values())) <= 1e-6


@pytest.mark.slow
def test_whole_layers_are_the_better_neighbour(job, outcome):
    real, whole = outcome.optimum.best, outcome.whole.best
    below = np.floor(real.x["layers"])
    each = [at_start(job, layers=n, thickness=4.2 / n).value for n in (below, below + 1)]
    assert whole.x["layers"] == below + np.argmax(each)
    assert whole.x["thickness"] == pytest.approx(4.2 / whole.x["layers"], rel=1e-6)
    assert whole.value == pytest.approx(max(each), rel=1e-9)
    assert real.value > whole.value > at_start(job).value


def test_cost_is_what_it_says():
    prices = {"scintillator": 5e4, "channel": 300.0, "light": 200.0}
    values = {"side": 2.0, "thickness": 0.5, "layers": 4.0, "bars": 100.0, "efficiency": 0.25}
    assert design_schema.target().costs.cost(prices, values) == pytest.approx(5e4 * 8.0 + 400 * (300.0 + 200.0 * 2.5))


# ---- the command ----


@pytest.mark.slow
def test_the_command_says_all(answer, outcome):
    document, folder = answer
    keys = {
        "status",
        "iterations",
        "evaluations",
        "reach",
        "design",
        "budget",
        "gradient",
        "limits",
        "d_log_limit",
        "config",
        "files",
    }
    assert keys <= set(document)
    assert document["status"] == "converged" and document["cl"] == 0.95
    assert document["reach"]["after"] == pytest.approx(outcome.optimum.best.value, rel=1e-9)
    assert set(document["reach"]) == {"before", "after", "whole"} == set(document["budget"]["used"])
    assert (
        document["budget"]["used"]["before"]
        == pytest.approx(4.2)
        == pytest.approx(document["budget"]["used"]["after"], rel=1e-6)
    )
    assert set(document["design"]) == set(TEN) == set(document["d_log_limit"]["after"])
    assert (
        [name for name in TEN if document["design"][name]["free"]]
        == ["layers", "thickness"]
        == list(document["gradient"])
    )
    assert document["design"]["eta"]["scale"] == "linear" and document["design"]["side"]["scale"] == "log"
    assert [row["m_mcp"] for row in document["limits"]] == MASSES
    logs = np.log([[row[f"limit_{when}"] for when in ("before", "after")] for row in document["limits"]])
    areas = -np.trapezoid(logs, np.log(MASSES), axis=0) / np.log(40.0)
    assert areas == pytest.approx([document["reach"][when] for when in ("before", "after")])
    # along the budget the optimum does not move: layers and thickness trade one for one
    assert document["d_log_limit"]["after"]["layers"] == pytest.approx(
        document["d_log_limit"]["after"]["thickness"], abs=2e-6
    )
    assert json.loads((folder / "out" / "design.json").read_text(encoding="utf-8"))["reach"] == document["reach"]


@pytest.mark.slow
def test_the_folder_holds_what_is_listed(answer):
    document, folder = answer
    present = {path.name for path in (folder / "out").iterdir() if not path.name.startswith(".")}
    pictures = {f"{stem}.{kind}" for stem in ("limits", "derivatives") for kind in ("png", "pdf", "csv")}
    assert present == set(document["files"]) >= {"design.json", "references.bib", *pictures}
    lines = (folder / "out" / "limits.csv").read_text(encoding="utf-8").splitlines()
    header, body = (
        [line for line in lines if line.startswith("#")],
        [line for line in lines if not line.startswith("#")],
    )
    assert "m_mcp [GeV]" in " ".join(header)
    rows = list(csv.DictReader(body))
    assert [float(row["limit_after"]) for row in rows] == pytest.approx(
        [row["limit_after"] for row in document["limits"]], rel=1e-7
    )
    assert float(rows[0]["d_log_limit_before_layers"]) == pytest.approx(
        document["limits"][0]["d_log_limit"]["before"]["layers"], rel=1e-7
    )


@pytest.mark.slow
def test_the_text_names_everything(answer):
    text = designing.as_text(answer[0])
    assert all(name in text for name in (*TEN, "converged", "reach", "volume", "whole numbers"))


@pytest.mark.slow
def test_an_existing_result_is_not_touched(answer, capsys):
    _, folder = answer
    before = sorted((path.name, path.read_bytes()) for path in (folder / "out").iterdir())
    assert __main__.main(["design", str(folder / "small.toml"), "--out", str(folder / "out")]) == 4
    assert "choose another --out" in capsys.readouterr().err
    assert sorted((path.name, path.read_bytes()) for path in (folder / "out").iterdir()) == before
    assert __main__.main(["design", str(folder / "small.toml"), "--out", str(folder / "small.toml")]) == 4


def changed(**design):
    return raw(design=raw()["design"] | design)


BAD = {
    "unknown parameter": (changed(depth={"min": 1.0, "max": 2.0}), "design.depth: found an unknown key"),
    "near miss": (changed(layer={"min": 1.0, "max": 2.0}), "did you mean 'layers'?"),
    "min above max": (
        changed(side={"min": 3.0, "max": 1.0}),
        "design.side: found an empty range, min = 3.0 and max = 1.0; allowed: min < max",
    ),
    "start outside": (
        changed(thickness={"min": 0.5, "max": 1.0, "start": 1.4}),
        "design.thickness.start: found 1.4; allowed: a number in [0.5, 1]",
    ),
    "setting outside": (
        changed(layers={"min": 4.0, "max": 6.0}),
        "design.layers.start: found 3.0; allowed: a number in [4, 6]",
    ),
    "outside domain": (
        changed(efficiency={"min": 0.1, "max": 1.2}),
        "design.efficiency.max: found 1.2; allowed: a number in [1e-06, 1]",
    ),
    "said twice": (
        changed(layers={"min": 2.0, "max": 6.0, "start": 4.0}),
        "design.layers.start: found 4.0; allowed: one of it and constraints.mcp_lhc.layers",
    ),
    "small budget": (
        raw(budget={"volume": 0.1}),
        "budget.volume: found 0.1; allowed: a number > 1, which the smallest design in the ranges takes",
    ),
    "two budgets": (
        raw(budget={"volume": 1.0, "cost": 1.0, "prices": {"channel": 1.0}}),
        "budget: found volume and cost",
    ),
    "no prices": (raw(budget={"cost": 1.0}), "budget.prices: found no price"),
    "nothing moves": (raw(design={"name": "still"}), "design: found no parameter that may move"),
    "limited parameter": (
        raw(parameters={"m_zprime_over_m_mcp": 3, "kappa": 1e-3}),
        "parameters.kappa: found the parameter that is limited",
    ),
    "one mass": (raw(axes={"m_mcp": {"values": [3.0]}}), "axes.m_mcp: found one mass"),
    "level": (raw(constraints={"mcp_lhc": {"levels": []}}), "constraints.mcp_lhc.levels: found levels"),
    "another constraint": (raw(constraints={"precision": {}}), "constraints.precision: found another constraint"),
    "beam": (changed(distance={"min": 0.4, "max": 30.0}), "which could hold the beam"),
    "no dark counts": (
        raw(design={"name": "dark", "window": {"min": 1e-9, "max": 1e-7}}, constraints={}),
        "design.window: found a setting without effect at rate = 0",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_configs_are_refused_and_nothing_is_written(case, tmp_path, capsys):
    tables, message = BAD[case]
    path = written(tmp_path / "bad.toml", tables)
    assert __main__.main(["design", path, "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_all_problems_are_told_at_once():
    tables = changed(side={"min": 3.0, "max": 1.0}, sidee={"min": 1.0}, eta={"min": -0.5, "max": 0.5, "start": 2.0}) | {
        "budgets": {}
    }
    tables["parameters"] = {}
    with pytest.raises(config.ConfigError) as caught:
        design_schema.validate(tables)
    keys = {problem.key for problem in caught.value.problems}
    assert {"design.side", "design.sidee", "design.eta.start", "budgets", "parameters"} <= keys


def test_a_missing_file_and_a_mass_beyond_reach(tmp_path, capsys):
    assert __main__.main(["design", str(tmp_path / "absent.toml"), "--out", str(tmp_path / "out")]) == 2
    assert "no such file" in capsys.readouterr().err
    with pytest.raises(faults.BadInput, match="axes.m_mcp: found 3000 GeV, where the starting design has no limit"):
        designing.prepare(design_schema.validate(raw(axes={"m_mcp": {"values": [1.0, 9.0, 3000.0]}})))


def test_the_example_is_the_proposal_with_dark_counts():
    found = design_schema.load(CONFIG)
    assert found.design.name == CONFIG.stem and len(found.ranges) >= 5
    start = {
        name: found.settings[name] for name in ("side", "distance", "layers", "thickness", "rate", "window", "bars")
    }
    assert start == {
        "side": 1.0,
        "distance": 20.0,
        "layers": 3.0,
        "thickness": 1.4,
        "rate": 500.0,
        "window": 15e-9,
        "bars": 400.0,
    }
    assert found.target.costs.cost(found.prices, found.settings) == pytest.approx(found.allowed) == pytest.approx(4.2)
    assert found.ranges["distance"].min == 20.0
    assert tomllib.loads(CONFIG.read_text(encoding="utf-8"))["design"]["objective"] == "reach"
    assert design_schema.load(CONFIG, ["budget.volume=5", "mcp_lhc.background.rate=100"]).settings["rate"] == 100.0
