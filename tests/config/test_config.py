"""Configs: what is accepted means what it says, and nothing else is accepted, with every problem told at once."""

import dataclasses
import functools
import json
import math
import os
import re
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxmix import config, constants, engine, parameters
from jaxmix.config import constraint_tables, listing
from jaxmix.constraints import shelf

CONFIGS = Path(__file__).parents[2] / "configs"
SCANS = [path for path in sorted(CONFIGS.glob("*.toml")) if not path.stem.startswith("design_")]
QUICK = (CONFIGS / "quick.toml").read_text(encoding="utf-8")


def quick(**tables):
    """The raw tables of a small valid config, some replaced."""
    raw = {
        "scan": {"name": "small"},
        "parameters": {"m_zprime_over_m_mcp": 3},
        "axes": {
            "m_mcp": {"min": 1, "max": 100, "count": 5, "spacing": "log"},
            "epsilon_gamma": {"min": 1e-3, "max": 0.1, "count": 3, "spacing": "linear"},
        },
        "constraints": {"mcp_lhc": {}},
    }
    return raw | tables


def problems_of(raw):
    with pytest.raises(config.ConfigError) as caught:
        config.validate(raw)
    return [str(problem) for problem in caught.value.problems]


def problem_at(raw, key):
    found = [text for text in problems_of(raw) if text.startswith(f"{key}: ")]
    assert len(found) == 1, (key, found, problems_of(raw))
    return found[0]


@pytest.mark.parametrize("path", SCANS, ids=lambda path: path.stem)
def test_configs_of_the_repository_are_valid(path):
    loaded = config.load(path)
    assert loaded.scan.name == path.stem
    assert loaded.points == math.prod(loaded.shape)


@pytest.mark.parametrize("path", SCANS, ids=lambda path: path.stem)
def test_a_config_comes_back_from_its_manifest(path):
    loaded = config.load(path)
    back = config.restored(json.loads(json.dumps(loaded.canonical())))
    assert (back.hash, list(back.axes)) == (loaded.hash, list(loaded.axes))
    assert back.planes() == loaded.planes()


def test_the_dense_scan_has_four_million_points_in_the_space_asked_for():
    dense = config.load(CONFIGS / "dense.toml")
    assert dense.points >= 4_000_000
    assert list(dense.axes) == ["m_zprime_over_m_mcp", "theta_dark", "m_mcp", "epsilon_gamma"]
    assert dense.axes["m_zprime_over_m_mcp"].values == (3.0, 9.0)
    assert constants.THETA_W in dense.axes["theta_dark"].values


def test_figure_2_has_eight_curves():
    figure = config.load(CONFIGS / "fig2.toml")
    assert len(figure.planes()) * len(figure.constraints["mcp_lhc"].levels) == 8
    assert figure.planes()[1] == {"m_zprime_over_m_mcp": 3.0, "luminosity": 3000.0}


def test_axes_have_exact_ends_and_equal_steps():
    axes = config.validate(quick()).coordinates()
    np.testing.assert_allclose(axes["m_mcp"], [1, 10**0.5, 10, 10**1.5, 100], rtol=1e-14)
    assert axes["m_mcp"][[0, -1]].tolist() == [1.0, 100.0]
    np.testing.assert_allclose(axes["epsilon_gamma"], [1e-3, 0.0505, 0.1], rtol=1e-14)


def test_the_order_of_axes_is_that_of_the_file():
    raw = quick()
    raw["axes"] = dict(reversed(raw["axes"].items()))
    assert list(config.validate(raw).axes) == ["epsilon_gamma", "m_mcp"]
    assert config.validate(raw).hash != config.validate(quick()).hash


def test_defaults_are_those_of_the_interface():
    held = config.validate(quick()).held
    expected = {"m1": 91.1876, "sin2_theta_w": 0.2312, "alpha": 1 / 127.9, "sqrt_s": 14000.0, "luminosity": 300.0}
    assert {name: held[name] for name in expected} == expected
    # the interface's rounded numbers
    assert held["e_dark"] == pytest.approx(0.3134, abs=1e-4)
    assert math.sin(held["theta_dark"]) ** 2 == pytest.approx(0.2312, rel=1e-14)


def test_words_follow_the_held_standard_model_inputs():
    values = {"sin2_theta_w": 0.25, "alpha": 1 / (4 * math.pi), "theta_dark": "theta_w", "e_dark": "e", "m_zprime": 30}
    held = config.validate(quick(parameters=values)).held
    assert held["theta_dark"] == pytest.approx(math.pi / 6, rel=1e-15)
    assert held["e_dark"] == pytest.approx(1.0, rel=1e-15)


def test_detector_settings_default_to_the_pointing_detector():
    settings = config.validate(quick()).constraints["mcp_lhc"]
    assert (settings.distance, settings.layers, settings.eta, settings.background) == (20.0, 3, 0.0, None)
    assert [level.label for level in settings.levels] == ["sigma=2", "sigma=3"]


def test_the_vocabulary_has_every_parameter():
    assert set(config.schema.Parameters.model_fields) == set(parameters.PARAMETERS)


def test_every_declared_setting_is_in_configs_listings_and_overrides():
    """Each with its default; what is given reaches the experiment under its own name."""
    for name, kind in shelf.SHELF.items():
        table = constraint_tables.model(kind)()
        shown = listing.details(name)["settings"]
        assert len(shown) == len(kind.settings)
        for word, declared in kind.settings.items():
            path = f"{declared.table}.{word}" if declared.table else word
            assert shown[path]["default"] == declared.default
            other = declared.choices[-1] if declared.is_word else declared.most or declared.default
            sets = [f"{name}.{path}={other}"]
            if declared.table:
                needed = [each for each, one in kind.settings.items() if one.required and each != word]
                sets += [f"{name}.{declared.table}.{each}=1.0" for each in needed]
            else:
                assert getattr(table, word) == declared.default
            found = config.instances(config.apply_overrides({}, sets))[name].settings
            assert found[word] == other


def test_a_study_without_an_mcp_needs_no_mcp_mass():
    axes = {name: {"min": 1e-3, "max": 0.5, "count": 4, "spacing": "log"} for name in ("m_zprime", "kappa")}
    loaded = config.validate(
        quick(parameters={}, axes=axes, constraints={"precision": {}, "g_minus_2_e": {"vintage": 2008}})
    )
    assert "m_mcp" not in loaded.held and list(loaded.constraints) == ["precision", "g_minus_2_e"]
    assert loaded.constraints["g_minus_2_e"].vintage == "2008"
    assert [level.label for table in loaded.constraints.values() for level in table.levels] == ["cl=0.95"] * 2
    raw = quick(parameters={}, axes=axes, constraints={"precision": {}, "mcp_lhc": {}})
    assert "nothing; allowed: a value or an axis, for constraints.mcp_lhc" in problem_at(raw, "parameters.m_mcp")


def test_words_and_numbers_of_a_constraint_are_flat():
    flat = config.flat(constraint_tables.model(shelf.SHELF["precision"])(dark_width="narrow", e_min=1.0))
    assert (flat["dark_width"], flat["e_min"], flat["data"]) == ("narrow", 1.0, "current") and "levels" not in flat


def test_the_tiling_has_the_fields_of_the_engine():
    assert set(config.Tiling.model_fields) == {field.name for field in dataclasses.fields(engine.Tiling)}


AXES = quick()["axes"]
PLANES = {"x": "m_mcp", "y": "epsilon_gamma", "at": {name: list(range(1, 201)) for name in ("m1", "luminosity")}}
WRONG_VALUES = [
    ("parameters", {"m_zprime": "30"}, "parameters.m_zprime", '"30"; allowed: a finite number > 0, in GeV'),
    ("parameters", {"m_zprime": True}, "parameters.m_zprime", "true; allowed"),
    ("parameters", {"m_zprime": math.nan}, "parameters.m_zprime", "nan; allowed"),
    ("parameters", {"m_zprime": math.inf}, "parameters.m_zprime", "inf; allowed"),
    ("parameters", {"m_zprime": -3.0}, "parameters.m_zprime", "-3.0; allowed"),
    ("parameters", {"m_zprime": 0}, "parameters.m_zprime", "0; allowed"),
    (
        "parameters",
        {"m_zprime": 3, "theta_dark": 1.6},
        "parameters.theta_dark",
        "1.6; allowed: a finite number in [0, 1.5708]",
    ),
    ("parameters", {"m_zprime": 3, "theta_dark": "theta"}, "parameters.theta_dark", 'or "theta_w"'),
    ("parameters", {"m_zprime": 3, "sin2_theta_w": 1}, "parameters.sin2_theta_w", "(0, 1)"),
    ("parameters", {"m_zprime": 3, "m2": 3}, "parameters", "m_zprime and m2 for the Z' mass; allowed: exactly one of"),
    ("parameters", {}, "parameters", "nothing for the Z' mass"),
    ("parameters", {"m_zprime": 3, "kappa": 1e-3}, "parameters", "kappa and epsilon_gamma for the mixing"),
    ("parameters", {"m_zprime": 3, "m_mcp": 1}, "axes.m_mcp", "one of the two"),
    ("parameters", {"m_zprime": 3, "theta_dark": math.pi / 2}, "theta_dark", "give kappa"),
    ("parameters", {"m_zprime": 3, "epsilon_gama": 1}, "parameters.epsilon_gama", "did you mean 'epsilon_gamma'"),
    ("figure", [1], "figure", "[1]; allowed: a table"),
    ("scan", {"name": "x", "outputs": "all"}, "scan.outputs", "'full' or 'summary'"),
    ("scan", {"name": "../x"}, "scan.name", "letters, digits"),
    ("scan", {}, "scan.name", "nothing; allowed: a value, which is required"),
    ("scan", {"name": "x", "tiling": {"node": 3}}, "scan.tiling.node", "did you mean 'nodes'"),
    ("constraints", {}, "constraints", "no constraint"),
    ("constraints", {"mcp_lch": {}}, "constraints.mcp_lch", "did you mean 'mcp_lhc'"),
    (
        "constraints",
        {"mcp_lhc": {"distance": "20 m"}},
        "constraints.mcp_lhc.distance",
        "a number (from the interaction point",
    ),
    ("constraints", {"mcp_lhc": {"layers": 3.0}}, "constraints.mcp_lhc.layers", "3.0; allowed: a whole number"),
    ("constraints", {"mcp_lhc": {"levels": []}}, "constraints.mcp_lhc.levels", "at least 1"),
    (
        "constraints",
        {"mcp_lhc": {"levels": [{"cl": 0.9, "sigma": 2}]}},
        "constraints.mcp_lhc.levels[0]",
        "exactly one of sigma and cl",
    ),
    ("constraints", {"mcp_lhc": {"levels": [{"cl": 95}]}}, "constraints.mcp_lhc.levels[0].cl", "a number < 1"),
    (
        "constraints",
        {"mcp_lhc": {"background": {"rat": 1}}},
        "constraints.mcp_lhc.background.rat",
        "did you mean 'rate'",
    ),
    (
        "constraints",
        {"mcp_lhc": {"background": {"rate": 1, "bars": 0}}},
        "constraints.mcp_lhc.background.bars",
        "0; allowed: a number >= 1",
    ),
    (
        "constraints",
        {"precision": {"dark_width": "thin"}},
        "constraints.precision.dark_width",
        "'wide', 'narrow' or 'model' (of the Z2",
    ),
    ("constraints", {"precision": {"cut": 1}}, "constraints.precision.cut", "1; allowed: 'smooth', 'hard' or 'none'"),
    (
        "constraints",
        {"precision": {"data": 2011}},
        "constraints.precision.data",
        "\"2011\"; allowed: 'current' or '2010'",
    ),
    ("constraints", {"precision": {"data": True}}, "constraints.precision.data", "true; allowed: 'current' or '2010'"),
    ("constraints", {"precision": {"e_min": 0}}, "constraints.precision.e_min", "0; allowed: a number > 0"),
    ("constraints", {"precision": {"spread_low": 0.06}}, "constraints.precision.spread_low", "a number <= 0.05"),
    ("constraints", {"precision": {"luminosity": 3}}, "constraints.precision.luminosity", "an unknown key"),
    ("constraints", {"g_minus_2_e": {"vintage": "sr"}}, "constraints.g_minus_2_e.vintage", "'rb', 'cs' or '2008'"),
    ("figur", {}, "figur", "did you mean 'figure'"),
    ("axes", {}, "axes", "no axis"),
    ("contours", {"x": "m_mcp", "y": "m_mcp"}, "contours.y", "another axis than x"),
    ("contours", {"x": "m_mcp", "y": "kappa"}, "contours.y", "an axis with a range: m_mcp, epsilon_gamma"),
    ("contours", {"x": "m_mcp", "y": "epsilon_gamma", "at": {"m_mcp": [1]}}, "contours.at.m_mcp", "other than x and y"),
    ("contours", {"x": "m_mcp", "y": "epsilon_gamma", "at": {"kappa": [0.1]}}, "contours.at.kappa", "epsilon_gamma"),
    (
        "contours",
        {"x": "m_mcp", "y": "epsilon_gamma", "at": {"theta_dark": [2]}},
        "contours.at.theta_dark[0]",
        "in rad",
    ),
    (
        "contours",
        {"x": "m_mcp", "y": "epsilon_gamma", "at": {"luminosity": []}},
        "contours.at.luminosity",
        "at least 1",
    ),
    ("contours", PLANES, "contours", "40000 planes; allowed: at most 10000"),
    (
        "constraints",
        {"mcp_lhc": {"levels": [{"cl": k / 100} for k in range(1, 40)]}},
        "constraints.mcp_lhc.levels",
        "at most 32 of them",
    ),
    ("axes", {"[\x1b": {}, **AXES}, 'axes."[\\u001b"', "an unknown key"),
    ("scan", {"name": "x", "description": [[10**400]]}, "scan.description[0][0]", "an integer of more than 18 digits"),
    (
        "scan",
        {"name": "x", "description": functools.reduce(lambda inner, _: [inner], range(2000), 1)},
        "scan.description" + "[0]" * 15,
        "nesting",
    ),
]


@pytest.mark.parametrize(
    ("table", "content", "key", "text"), WRONG_VALUES, ids=[f"{row[2]}-{i}" for i, row in enumerate(WRONG_VALUES)]
)
def test_a_wrong_value_is_told_with_its_key_path(table, content, key, text):
    assert text in problem_at(quick(**{table: content}), key)


WRONG_AXES = [
    (
        {"min": 5, "max": 5, "count": 3, "spacing": "log"},
        "axes.m_mcp",
        "an empty range, min = 5 and max = 5; allowed: min < max",
    ),
    ({"min": 5, "max": 2, "count": 3, "spacing": "log"}, "axes.m_mcp", "an empty range"),
    ({"min": 1, "max": 2, "count": 1, "spacing": "log"}, "axes.m_mcp.count", "1; allowed: a number >= 2"),
    ({"min": 1, "max": 2, "count": 3.0, "spacing": "log"}, "axes.m_mcp.count", "a whole number"),
    ({"min": 1, "max": 2, "count": 3}, "axes.m_mcp.spacing", "'log' or 'linear'"),
    ({"min": 1, "count": 3, "spacing": "log"}, "axes.m_mcp", "no max"),
    ({"min": -1, "max": 2, "count": 3, "spacing": "linear"}, "axes.m_mcp.min", "a finite number > 0, in GeV"),
    ({"values": [1, 3, 2]}, "axes.m_mcp.values", "values out of order, 3 before 2"),
    ({"values": [1, 1]}, "axes.m_mcp.values", "a value twice"),
    ({"values": []}, "axes.m_mcp.values", "at least 1"),
    ({"values": [1, math.nan]}, "axes.m_mcp.values[1]", "nan"),
    ({"values": [1, "2"]}, "axes.m_mcp.values[1]", '"2"'),
    ({"values": 1}, "axes.m_mcp.values", "a list"),
    ({"values": [1], "count": 3}, "axes.m_mcp", "values beside count"),
    ({"values": [1], "step": 3}, "axes.m_mcp.step", "an unknown key"),
    (3, "axes.m_mcp", "a table"),
    ({"min": 5e-324, "max": 1e308, "count": 3, "spacing": "log"}, "axes.m_mcp", "over a width that it holds"),
    (
        {"min": 1, "max": 1.000000001, "count": 10**7, "spacing": "linear"},
        "axes.m_mcp",
        "10000000 values from 1 to 1.000000001",
    ),
]


@pytest.mark.parametrize(
    ("axis", "key", "text"), WRONG_AXES, ids=[row[2][:20] + f"-{i}" for i, row in enumerate(WRONG_AXES)]
)
def test_a_wrong_axis_is_told_with_its_key_path(axis, key, text):
    raw = quick()
    raw["axes"]["m_mcp"] = axis
    assert text in problem_at(raw, key)


def test_a_range_is_no_wider_than_double_precision():
    raw = quick()
    raw["axes"]["epsilon_gamma"] = {"min": -1e308, "max": 1e308, "count": 3, "spacing": "linear"}
    assert "over a width that it holds" in problem_at(raw, "axes.epsilon_gamma")


def test_chunks_are_no_more_than_files_that_a_folder_holds():
    raw = quick(scan={"name": "small", "tiling": {"chunk_points": 16}})
    raw["axes"] = {name: axis | {"count": 10**5} for name, axis in raw["axes"].items()}
    assert "a number > 2000, for at most 5000000 chunks" in problem_at(raw, "scan.tiling.chunk_points")


def test_a_message_is_no_longer_than_a_reader_can_take():
    """All problems are kept, and as many told as fit."""
    with pytest.raises(config.ConfigError) as caught:
        config.validate(quick(parameters={"m_zprime": 3} | {f"k{number}": 1 for number in range(9_000)}))
    assert len(caught.value.problems) == 9_000 and len(str(caught.value)) < 17_000
    assert re.search(r"\n  and \d{4} more$", str(caught.value))


@pytest.mark.parametrize("axes", [None, 3, "kappa", {}, [["m_mcp"]], [[3, {}]], [["m_mcp", {}, {}]]], ids=repr)
def test_a_manifest_whose_axes_are_no_pairs_is_refused(axes):
    for canonical in (config.load(CONFIGS / "quick.toml").canonical() | {"axes": axes}, axes):
        with pytest.raises(
            config.ConfigError, match="axes: found .*; allowed: a list of pairs, the name of an axis and its table"
        ):
            config.restored(canonical)


def test_a_log_axis_needs_positive_ends():
    raw = quick()
    raw["axes"]["epsilon_gamma"] = {"min": -1e-3, "max": 0.1, "count": 3, "spacing": "log"}
    assert "for spacing = 'log'" in problem_at(raw, "axes.epsilon_gamma.min")


def test_all_problems_are_told_at_once():
    raw = quick(parameters={"m_zprime": -1, "alhpa": 3, "sqrt_s": "x"}, figure={"kind": 3})
    raw["axes"]["m_mcp"] = {"min": 3, "max": 1, "count": 0, "spacing": "log"}
    raw["constraints"]["mcp_lhc"] = {"side": math.nan, "levels": [{"sigma": 2}, {"sigma": 2}]}
    keys = {text.split(": ")[0] for text in problems_of(raw)}
    assert keys == {
        "parameters.m_zprime",
        "parameters.alhpa",
        "parameters.sqrt_s",
        "figure.kind",
        "axes.m_mcp",
        "axes.m_mcp.count",
        "constraints.mcp_lhc.side",
        "constraints.mcp_lhc.levels[1]",
    }


def test_a_range_outside_the_plane_must_be_held():
    raw = quick(contours={"x": "m_mcp", "y": "epsilon_gamma"})
    raw["axes"]["theta_dark"] = {"min": 0.1, "max": 1.0, "count": 4, "spacing": "linear"}
    assert "the axis is a range" in problem_at(raw, "contours.at.theta_dark")
    raw["contours"]["at"] = {"theta_dark": [0.2, "theta_w"]}
    assert config.validate(raw).planes() == [{"theta_dark": 0.2}, {"theta_dark": constants.THETA_W}]


# overrides


@pytest.mark.parametrize("key", ["mcp_lhc.luminosity", "parameters.luminosity", "luminosity"])
def test_a_parameter_is_overridden_by_any_of_its_paths(key):
    assert config.load(CONFIGS / "quick.toml", [f"{key}=3000"]).held["luminosity"] == 3000.0


def test_overrides_reach_settings_axes_and_lists():
    sets = ["mcp_lhc.distance=33", "axes.m_mcp.count=7", "mcp_lhc.levels=[{cl=0.95}]", "scan.name=other"]
    sets += ["mcp_lhc.background.rate=5e2", "mcp_lhc.background.bars=100"]
    loaded = config.load(CONFIGS / "quick.toml", sets)
    settings = loaded.constraints["mcp_lhc"]
    assert (settings.distance, loaded.axes["m_mcp"].size, loaded.scan.name) == (33.0, 7, "other")
    assert settings.levels[0].label == "cl=0.95"
    assert (settings.background.rate, settings.background.bars) == (500.0, 100)


def test_overrides_give_words_without_quotes():
    sets = ["precision.dark_width=narrow", "precision.data=2010", "precision.m_w='2010'", "g_minus_2_e.vintage=cs"]
    found = config.load(CONFIGS / "quick.toml", sets).constraints
    assert [getattr(found["precision"], name) for name in ("dark_width", "data", "m_w")] == ["narrow", "2010", "2010"]
    assert found["g_minus_2_e"].vintage == "cs" and list(found)[0] == "mcp_lhc"


@pytest.mark.parametrize(
    ("override", "text"),
    [
        (
            "precision.dark_width=thin",
            "constraints.precision.dark_width: found \"thin\"; allowed: 'wide', 'narrow' or 'model'",
        ),
        ("precision.luminosity=300", "constraints.precision.luminosity: found an unknown key"),
        ("luminosity", "dotted.key=value"),
        (".luminosity=3", "dotted.key=value"),
        ("a.b.c.d.e.f.g.h.i=3", "dotted.key=value, at most 8 parts"),
        ("scan.name.first=3", "a table, for --set scan.name.first"),
        ("luminosity=-3", "found -3; allowed: a finite number > 0, in 1/fb"),
        ("luminosity=3\nscan = 4", 'found "3\\nscan = 4"'),
        ("luminosity=" + "9" * 19, "an integer of more than 18 digits"),
        ("luminosity=" + "[" * 17, "nesting of more than 16 levels"),
        ("luminosity=\udcff", "parameters.luminosity"),
        ("x\x1b" * 300 + "=" + "9" * 19, '--set "x\\u001bx'),
    ],
)
def test_a_wrong_override_is_told(override, text):
    with pytest.raises(config.ConfigError) as caught:
        config.load(CONFIGS / "quick.toml", [override])
    assert text in str(caught.value)


# the file itself


def read(tmp_path, content):
    path = tmp_path / "study.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return config.load(path)


LIMITS = [
    (b"# " + b"x" * 64_001, "more than 64000 bytes"),
    (b"\xff\xfe", "not UTF-8 at byte 0"),
    ("a." * 8 + "b = 1", "a key of more than 8 parts"),
    ("[" + ".".join(['"a"'] * 9) + "]", "a key of more than 8 parts"),
    ("a . 'b' . " * 8 + "c = 1", "a key of more than 8 parts"),
    ("a = " + "[" * 17 + "]" * 17, "nesting of more than 16 levels"),
    ("a = " + "{b=" * 17, "nesting of more than 16 levels"),
    ("a = 1234567890123456789", "an integer of more than 18 digits"),
    ("a = -0x" + "f" * 19, "an integer of more than 18 digits"),
    ("a = 1_000_000_000_000_000_000", "an integer of more than 18 digits"),
    ("a = \n", "line 1"),
    ("a = 1\na = 2", "Cannot overwrite"),
    ('a = """' + "x", "not TOML"),
]


@pytest.mark.parametrize(("content", "text"), LIMITS, ids=[f"{row[1][:24]}-{i}" for i, row in enumerate(LIMITS)])
def test_limits_are_checked_before_parsing(tmp_path, content, text):
    with pytest.raises(config.ConfigError) as caught:
        read(tmp_path, content)
    assert text in str(caught.value)


def test_strings_comments_and_long_fractions_are_no_excess(tmp_path):
    comment = "# a.b.c.d.e.f.g.h.i = [[[[[[[[[[[[[[[[[[ 12345678901234567890"
    harmless = f'{comment}\n[figure]\ntitle = "a.b.c.d.e.f.g.h.i [[[[[[[[[[[[[[[[[["\n'
    text = (
        QUICK.replace("[figure]\n", harmless, 1)
        .replace("max = 200", "max = 200.12345678901234567890123")
        .rsplit("title", 1)[0]
    )
    assert read(tmp_path, text).axes["m_mcp"].max == pytest.approx(200.12345678901235, rel=1e-15)


# each of these would take the parser or a careless scan of it quadratic time or a deep stack
HOSTILE = [
    b"a." * 31_000 + b"b=1",
    b"[" * 63_000,
    b'"""\\"' * 12_000,
    b"'''" * 20_000,
    b'"\\' * 30_000,
    b"{a=" * 20_000,
    b"1" * 63_000,
]


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_files_are_refused_at_once(tmp_path, content):
    start = time.monotonic()
    with pytest.raises(config.ConfigError):
        read(tmp_path, content)
    assert time.monotonic() - start < 10.0  # none hangs


def test_what_is_no_readable_file_is_told(tmp_path):
    with pytest.raises(config.ConfigError, match="no such file"):
        config.load(tmp_path / "absent.toml")
    with pytest.raises(config.ConfigError, match="a directory"):
        config.load(tmp_path)
    with pytest.raises(config.ConfigError, match="no regular file"):
        config.load("/dev/null")
    with pytest.raises(config.ConfigError, match="cannot be read|no such file"):
        config.load("a\0b")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(config.ConfigError, match="no regular file"):
        config.load(tmp_path / "pipe")


@given(st.data())
def test_a_mutated_config_is_read_or_refused_never_a_traceback(data):
    lines = QUICK.splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(lines) - 1))
        lines[place] = data.draw(
            st.sampled_from(
                [
                    "",
                    "[axes]",
                    "[[axes.m_mcp]]",
                    "x = 1979-05-27",
                    "count = -1",
                    "min = nan",
                    "values = [1, [2]]",
                    "m_mcp = {}",
                    "at = 3",
                    'at = {"" = [1]}',
                    "[parameters.kappa]",
                ]
            )
            | st.text(max_size=30)
            | st.just(lines[place] * 2)
        )
    try:
        config.validate(config.text.parse("\n".join(lines).encode("utf-8", "surrogatepass"), "study.toml"))
    except config.ConfigError as fault:
        assert fault.problems


_LEAVES = st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.floats() | st.text(max_size=5) | st.dates()
_KEYS = st.sampled_from(
    [
        "min",
        "max",
        "count",
        "spacing",
        "values",
        "levels",
        "sigma",
        "cl",
        "x",
        "y",
        "at",
        "theta_dark",
        "background",
        "rate",
        "",
    ]
)
_TREES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3), max_leaves=8
)
_PLACES = ["scan", "parameters", "axes", "constraints", "contours", "figure"]
_INNER = ["name", "m_mcp", "epsilon_gamma", "theta_dark", "kappa", "mcp_lhc", "x", "at", "tiling", "title"]


@given(
    st.lists(st.tuples(st.sampled_from(_PLACES), st.none() | st.sampled_from(_INNER), _TREES), min_size=1, max_size=3)
)
def test_any_value_anywhere_is_read_or_refused(mutations):
    raw = quick(contours={"x": "m_mcp", "y": "epsilon_gamma", "at": {}})
    for table, key, tree in mutations:
        if key is None or not isinstance(raw.get(table, {}), dict):
            raw[table] = tree
        else:
            raw.setdefault(table, {})[key] = tree
    try:
        loaded = config.validate(raw)
    except config.ConfigError as fault:
        assert all(problem.key and problem.found and problem.allowed for problem in fault.problems)
    else:
        assert all(np.isfinite(values).all() for values in loaded.coordinates().values())
        assert all(parameters.PARAMETERS[name].contains(value) for name, value in loaded.held.items())


def test_a_model_has_its_own_parameters():
    """[model] kind: defaults of that model alone; another model's parameter is told by its place."""
    raw = quick(
        model={"kind": "stueckelberg"},
        parameters={"m_zprime": 30, "m_mcp": 1.0, "mass_mixing": 0.01},
        axes={"kappa": {"min": 1e-3, "max": 0.1, "count": 3, "spacing": "log"}},
    )
    loaded = config.validate(raw)
    assert loaded.model == "stueckelberg" and loaded.held["mass_mixing"] == 0.01
    assert loaded.held["g_dark"] == pytest.approx(math.sqrt(4 * math.pi / 127.9)) and "theta_dark" not in loaded.held
    assert config.restored(json.loads(json.dumps(loaded.canonical()))).hash == loaded.hash
    wrong = raw | {"parameters": raw["parameters"] | {"theta_dark": 0.3}}
    assert "a parameter of another model" in problem_at(wrong, "parameters.theta_dark")
    assert "'mixed_phase' or 'stueckelberg'" in problem_at(quick(model={"kind": "other"}), "model.kind")
    assert "has no phases" in problem_at(raw | {"model": {"kind": "stueckelberg", "phase": "okun"}}, "model.phase")


def test_a_phase_sets_the_angle():
    """holdom and okun are the ends of theta_dark, mixed lies in between; another angle beside them is refused."""
    axes = {"kappa": {"min": 1e-3, "max": 0.1, "count": 3, "spacing": "log"}}
    raw = {"parameters": {"m_zprime": 30, "m_mcp": 1.0}, "axes": axes}
    angles = {
        phase: config.validate(quick(model={"phase": phase}, **raw)).held["theta_dark"]
        for phase in ("holdom", "okun", "mixed")
    }
    assert angles == {"holdom": 0.0, "okun": math.pi / 2, "mixed": parameters.PARAMETERS["theta_dark"].default}
    for phase, angle in (("okun", 0.3), ("holdom", "pi/2"), ("mixed", "pi/2")):
        given = raw | {"parameters": raw["parameters"] | {"theta_dark": angle}}
        assert phase in problem_at(quick(model={"phase": phase}, **given), "parameters.theta_dark")


def test_words_stand_for_numbers_wherever_a_number_may():
    """theta_w, pi/2 and e in [parameters], in lists and at the ends of ranges, of any parameter; not of what they rest
    on.
    """
    held = {"kappa": 1e-3, "m_mcp": 1.0, "e_dark": "e", "alpha": 1 / 100}
    axes = {
        "m_zprime": {"min": "pi/2", "max": 9.0, "count": 3, "spacing": "log"},
        "theta_dark": {"values": [0.0, "theta_w", "pi/2"]},
    }
    loaded = config.validate(quick(parameters=held, axes=axes))
    assert loaded.held["e_dark"] == pytest.approx(math.sqrt(4 * math.pi / 100))
    assert loaded.axes["m_zprime"].min == math.pi / 2
    assert loaded.axes["theta_dark"].values == pytest.approx((0.0, math.asin(math.sqrt(0.2312)), math.pi / 2))
    problem_at(quick(parameters=held | {"alpha": "e"}, axes=axes), "parameters.alpha")
    assert config.validate(quick(parameters=held | {"e_dark": 0.0}, axes=axes)).held["e_dark"] == 0.0
