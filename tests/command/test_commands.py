"""The commands as a user meets them: what they print, what they refuse, with which exit code."""

import functools
import json
import math
import subprocess
import sys

import numpy as np
import pytest
import reference

from jaxmix import __main__, constants, faults, parameters
from jaxmix.constraints import shelf
from jaxmix.point import document

POINT = ("point", "--kappa", "3e-3", "--m-zprime", "30")
PUBLISHED = ("limit", "babar_invisible", "--on", "kappa", "--at", "m_zprime=3")
LIMIT = ("limit", "mcp_lhc", "--on", "kappa", "--at", "m_mcp=8")


class Answer:
    """What a command left: exit code, stdout and stderr."""

    def __init__(self, code: int, out: str, err: str):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> dict | list:
        """stdout as one strict JSON document."""
        assert self.code == 0, self.err
        return json.loads(self.out, parse_constant=lambda word: pytest.fail(f"{word} in JSON"))


@pytest.fixture(scope="module")
def ask():
    """Runs a command in this process; usage errors too come back as exit codes."""

    def run(*arguments: str) -> Answer:
        with pytest.MonkeyPatch.context() as patch:
            out, err = _Text(), _Text()
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            try:
                code = __main__.main(list(arguments))
            except SystemExit as stop:
                code = stop.code
        return Answer(code, out.text, err.text)

    return run


class _Text:
    """A stream that remembers."""

    def __init__(self):
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        """Nothing is buffered."""


# ---- point ----


@pytest.fixture(scope="module")
def points(ask) -> list[dict]:
    """Six points of one call: kappa of both signs and zero, in two phases; m_mcp given."""
    lists = ("--theta-dark", "0,0.5", "--kappa", "-3e-3,0,3e-3")
    return ask("point", "--json", "--m-zprime", "30", "--m-mcp", "10", "--e-dark", "0.3", *lists).json


@pytest.fixture(scope="module")
def bare(ask) -> dict:
    """One point without an mCP."""
    return ask(*POINT, "--json").json


def test_point_has_every_key(points: list[dict]) -> None:
    """The blocks of the interface, numbers where there is a number; the two-mCP channel is not built: null."""
    for found in points:
        assert set(found) == {
            *("inputs", "model", "status", "phase", "epsilon_gamma", "epsilon_z", "masses", "couplings", "widths"),
            *("branching_fractions", "lhc", "detector", "constraints", "excluded_by", "within_reach_of"),
        }
        assert set(found["masses"]) == {"m1", "m2", "z", "zprime"}
        assert {boson: set(row) for boson, row in found["couplings"].items()} == {
            "photon": {"em", "em_dark"},
            "z": {"em", "z", "em_dark", "z_dark"},
            "zprime": {"em", "z", "em_dark", "z_dark"},
        }
        assert set(found["widths"]) == {"zprime", "zprime_dark", "zprime_sm", "z_exotic"}
        assert set(found["lhc"]) == {"sigma_pb", "channels"}
        assert {"drell_yan", "jpsi", "psi2s", "upsilon1s", "upsilon2s", "upsilon3s"} <= set(found["lhc"]["channels"])
        pairs = {f"{what}_{number}" for what in ("acceptance", "expected_events") for number in ("one", "two")}
        assert set(found["detector"]) == {"n_pe", "p_layer", "p_detect"} | pairs
        assert 0 < found["detector"]["acceptance_two"] < 1e-3 * found["detector"]["acceptance_one"]
        assert list(found["constraints"]) == list(shelf.SHELF)
        for name, verdict in found["constraints"].items():
            assert set(verdict) == {"test_statistic", "critical_value", "excluded", "cl", "kind", "status"}
            kind = shelf.SHELF[name]
            assert verdict["kind"] == kind.kind
            if verdict["status"] == "ok":
                assert verdict["cl"] == (None if kind.kind == "theory" else kind.only_cl or 0.95) and isinstance(
                    verdict["excluded"], bool
                )
            else:
                assert verdict["status"] in kind.reasons and verdict["status"] != "no_statement"
                assert all(verdict[key] is None for key in ("test_statistic", "critical_value", "excluded", "cl"))
        silent = {name for name, verdict in found["constraints"].items() if verdict["status"] != "ok"}
        assert silent < {name for name, kind in shelf.SHELF.items() if kind.only_cl}
        named = [
            name
            for name, verdict in found["constraints"].items()
            if verdict["excluded"] and shelf.SHELF[name].kind != "theory"
        ]
        assert sorted(found["excluded_by"] + found["within_reach_of"]) == sorted(named)
        assert all(shelf.SHELF[name].kind == "projected" for name in found["within_reach_of"])
        assert not any(shelf.SHELF[name].kind == "projected" for name in found["excluded_by"])
        numbers = [found["epsilon_gamma"], found["epsilon_z"], found["lhc"]["sigma_pb"]]
        assert all(
            isinstance(number, float) for number in [*numbers, *found["masses"].values(), *found["widths"].values()]
        )


def test_several_lists_multiply_last_fastest(points: list[dict]) -> None:
    """theta_dark was given before kappa."""
    order = [(p["inputs"]["theta_dark"], p["inputs"]["kappa"]) for p in points]
    assert order == [(theta, kappa) for theta in (0.0, 0.5) for kappa in (-3e-3, 0.0, 3e-3)]


def test_point_is_the_exact_diagonalisation(points: list[dict]) -> None:
    """Masses and contents at 60 digits, with the signs of paper A's (31), (32), (38)."""
    for found in points[3:]:
        start = reference.point(found["inputs"]["kappa"], 1.0, 0.5)
        photon, z, zprime = reference.states(start._replace(m2=reference.lagrangian_mass(start, 30.0)))
        assert found["masses"]["z"] == pytest.approx(float(z.mass), rel=1e-13)
        assert found["masses"]["zprime"] == pytest.approx(30.0, rel=1e-13)
        for name, state in (("z", z), ("zprime", zprime)):
            row = [found["couplings"][name][key] for key in ("em", "z", "em_dark", "z_dark")]
            np.testing.assert_allclose(row, [float(x) for x in state.content], rtol=1e-9, atol=1e-18)
        assert found["couplings"]["photon"]["em"] == pytest.approx(abs(float(photon.content[0])), rel=1e-13)
        leading = -found["inputs"]["kappa"] * np.sqrt(0.7688) * np.cos(0.5)
        assert found["couplings"]["photon"]["em_dark"] == pytest.approx(leading, rel=1e-4, abs=0)


def test_point_follows_its_definitions(points: list[dict]) -> None:
    """epsilon_gamma = kappa cW cW' e'/e and epsilon_z = kappa cW sW'; rates are even in kappa; N = L sigma A P."""
    for found in points:
        kappa, theta = found["inputs"]["kappa"], found["inputs"]["theta_dark"]
        assert found["phase"] == ("holdom" if theta == 0 else "mixed") and found["status"] == "ok"
        charge = kappa * np.sqrt(0.7688) * np.cos(theta) * 0.3 / np.sqrt(4 * np.pi / 127.9)
        assert found["epsilon_gamma"] == pytest.approx(charge, rel=1e-13)
        assert found["epsilon_z"] == pytest.approx(kappa * np.sqrt(0.7688) * np.sin(theta), rel=1e-13)
        assert found["detector"]["n_pe"] == pytest.approx((found["epsilon_gamma"] / 2e-3) ** 2, rel=1e-13)
        assert found["detector"]["p_detect"] == pytest.approx(found["detector"]["p_layer"] ** 3, rel=1e-12)
        assert found["lhc"]["sigma_pb"] == pytest.approx(sum(found["lhc"]["channels"].values()), rel=1e-13)
        events = 300e3 * found["lhc"]["sigma_pb"] * found["detector"]["acceptance_one"] * found["detector"]["p_detect"]
        assert found["detector"]["expected_events_one"] == pytest.approx(events, rel=1e-12)
        verdict = found["constraints"]["mcp_lhc"]
        assert verdict["critical_value"] == pytest.approx(-2 * math.log(0.05), rel=1e-13)
        assert verdict["test_statistic"] == pytest.approx(2 * events, rel=1e-12)
        assert verdict["excluded"] == (events > -math.log(0.05))
    for minus, plus in ((points[0], points[2]), (points[3], points[5])):
        assert minus["lhc"]["sigma_pb"] == pytest.approx(plus["lhc"]["sigma_pb"], rel=1e-13)


def test_nothing_open_has_no_branching_fractions(points: list[dict]) -> None:
    """In the Holdom phase the Z' couples to nothing; elsewhere fractions add to one."""
    assert set(points[0]["branching_fractions"].values()) == {None}
    assert sum(points[5]["branching_fractions"].values()) == pytest.approx(1.0, rel=1e-12)
    assert points[5]["widths"]["zprime"] == pytest.approx(
        points[5]["widths"]["zprime_dark"] + points[5]["widths"]["zprime_sm"], rel=1e-12
    )


def test_point_without_mcp(bare: dict) -> None:
    """Its blocks are null and so is the verdict that needs it, which says why; others answer. One answer is an
    object.
    """
    assert bare["lhc"] is None and bare["detector"] is None and "m_mcp" not in bare["inputs"]
    assert bare["constraints"]["mcp_lhc"]["status"] == "needs_m_mcp"
    assert bare["constraints"]["mcp_lhc"]["excluded"] is None and bare["widths"]["zprime_dark"] == 0.0
    others = [verdict for name, verdict in bare["constraints"].items() if not shelf.SHELF[name].needs]
    assert others and {verdict["status"] for verdict in others} == {"ok", "outside_published_range"}
    assert all((verdict["status"] == "ok") == isinstance(verdict["test_statistic"], float) for verdict in others)
    assert {bare["constraints"][name]["status"] for name, kind in shelf.SHELF.items() if kind.needs} == {"needs_m_mcp"}
    assert bare["inputs"]["theta_dark"] == pytest.approx(math.asin(math.sqrt(0.2312)), rel=1e-15)
    assert bare["inputs"]["e_dark"] == pytest.approx(0.3134, abs=1e-4)


@pytest.mark.slow
def test_forms_of_one_point(ask, bare: dict) -> None:
    """The millicharge in place of kappa, the Lagrangian mass in place of the physical one, --set in place of a flag,
    words.
    """
    charge = ask("point", "--epsilon-gamma", repr(bare["epsilon_gamma"]), "--m-zprime", "30", "--json").json
    lagrangian = ask("point", "--kappa", "3e-3", "--m2", repr(bare["masses"]["m2"]), "--json").json
    settings = ask(
        "point", "--m-zprime", "30", "--set", "kappa=3e-3", "--theta-dark", "theta_w", "--e-dark", "e", "--json"
    ).json
    for found in (charge, lagrangian, settings):
        assert found["inputs"]["kappa"] == pytest.approx(3e-3, rel=1e-14)
        for block in ("masses", "widths", "epsilon_z"):
            assert found[block] == pytest.approx(bare[block], rel=1e-9), block


def test_the_okun_phase_is_named(ask) -> None:
    """theta_W' = pi/2, as a number, a word and a phase: no millicharge, and without an mCP nothing rests on e'."""
    for flags in (("--theta-dark", repr(math.pi / 2)), ("--theta-dark", "pi/2"), ("--phase", "okun")):
        found = ask(*POINT, *flags, "--json").json
        assert found["phase"] == "okun" and abs(found["epsilon_gamma"]) < 1e-18 and found["status"] == "ok"
        verdict = found["constraints"]["g_minus_2_mu"]
        assert verdict["status"] == "ok" and isinstance(verdict["test_statistic"], float)


@pytest.mark.slow
def test_collider_settings_have_one_meaning(ask) -> None:
    """--luminosity and --set mcp_lhc.luminosity are the same; ten times the data give ten times the events."""
    words = ("point", "--kappa", "3e-3", "--m-zprime", "30", "--m-mcp", "10", "--json")
    flag, setting = (
        ask(*words, "--luminosity", "300,3000").json,
        ask(*words, "--set", "mcp_lhc.luminosity=300,3000").json,
    )
    assert flag == setting and [found["inputs"]["luminosity"] for found in flag] == [300.0, 3000.0]
    assert flag[1]["detector"]["expected_events_one"] == pytest.approx(
        10 * flag[0]["detector"]["expected_events_one"], rel=1e-13
    )


def test_the_gap_is_an_error_that_names_its_ends(ask) -> None:
    """At kappa = 0.3, theta_W' = 1 nothing between M1/sqrt(K11) and M1 sqrt(K22/det K) exists."""
    answer = ask("point", "--kappa", "0.3", "--theta-dark", "1.0", "--m-zprime", "92", "--json")
    low, high = gap(0.3, 1.0)
    assert (answer.code, answer.out) == (2, "")
    assert "m_zprime: found 92 GeV, inside the forbidden gap" in answer.err
    assert f"{low:.10g}" in answer.err and f"{high:.10g}" in answer.err and "--m2" in answer.err


@pytest.mark.parametrize(
    ("mass", "message"),
    [
        ({"m_zprime_over_m_mcp": 9.2, "m_mcp": 10.0}, "m_zprime: found 92 GeV, inside the forbidden gap"),
        ({"m_zprime": 1e300}, r"m_zprime: found 1e\+300 GeV, for which no Lagrangian mass can be computed"),
    ],
)
def test_the_gap_in_other_words(mass: dict[str, float], message: str) -> None:
    """A ratio is told as the mass that it means; what overflows is not called a gap."""
    with pytest.raises(faults.BadInput, match=message):
        document.document(mass, {"status": 2.0, "gap.low": 91.4, "gap.high": 92.2}, 0.95, {})


@pytest.mark.parametrize(
    ("numbers", "status"),
    [
        ({"q": 5.0}, "ok"),
        ({"q": 5.0, "g1_dark": 12.6}, "g1_dark_above_4pi"),
        ({"q": 5.0, "g1_dark": 13.0, "status": 3.0}, "labels_swapped,g1_dark_above_4pi"),
        ({"q": math.nan}, "no_statement"),
        ({"q": math.nan, "computed": 0.0}, "numerical_failure"),
    ],
)
def test_the_words_of_a_verdict(numbers: dict[str, float], status: str) -> None:
    """A number with the point's status beside it; null where the constraint says nothing, or could not be computed."""
    found = {"status": 0.0, "g1_dark": 1.0} | numbers
    parts = {
        "test_statistic": found.pop("q"),
        "critical_value": 3.84,
        "computed": found.pop("computed", 1.0),
        "reason": 0.0,
    }
    said = document.verdict(
        "g_minus_2_mu",
        "g_minus_2_mu",
        found | {f"constraints.g_minus_2_mu.{key}": value for key, value in parts.items()},
        0.95,
    )
    answer = {"test_statistic": 5.0, "critical_value": 3.84, "excluded": True, "cl": 0.95}
    assert said == (answer if math.isfinite(numbers["q"]) else dict.fromkeys(answer)) | {
        "kind": "measured",
        "status": status,
    }


def gap(kappa: float, theta: float) -> tuple[float, float]:
    """Ends of the gap from the kinetic matrix of physics: D = 1 - kappa_cc^2, K11 = 1 - kappa_sc^2/D, K22 = 1 -
    kappa_cs^2/D.
    """
    weak, dark = (np.sqrt(0.7688), np.sqrt(0.2312)), (np.cos(theta), np.sin(theta))
    cc, sc, cs = ((kappa * weak[i] * dark[j]) ** 2 for i, j in ((0, 0), (1, 0), (0, 1)))
    first, second, determinant = 1 - sc / (1 - cc), 1 - cs / (1 - cc), (1 - kappa**2) / (1 - cc)
    return constants.M1 / np.sqrt(first), constants.M1 * np.sqrt(second / determinant)


@pytest.mark.slow
def test_swapped_labels_are_told(ask) -> None:
    """Between the gap and the crossing the state asked for is the Z: a constraint that holds the pole asked for answers
    all the same.
    """
    found = ask("point", "--kappa", "0.3", "--theta-dark", "1.0", "--m-zprime", "91,95,100", "--json").json
    assert [p["status"] for p in found] == ["labels_swapped", "labels_swapped", "ok"]
    assert [p["masses"]["z"] for p in found[:2]] == pytest.approx([91.0, 95.0], rel=1e-12)
    assert found[2]["masses"]["zprime"] == pytest.approx(100.0, rel=1e-12)
    for p in found:
        assert (
            p["constraints"]["g_minus_2_mu"]["status"] == p["status"]
            and p["constraints"]["g_minus_2_mu"]["excluded"] is not None
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*POINT, "--bogus", "3"), "unrecognized arguments: --bogus"),
        (("point", "--m-zprime", "30", "--kappa", "nan"), "kappa: found nan; allowed: a finite number in (-1, 1)"),
        (("point", "--m-zprime", "30", "--kappa", "inf"), "kappa: found inf"),
        (("point", "--m-zprime", "30", "--kappa", "-1"), "kappa: found -1.0"),
        (("point", "--m-zprime", "30", "--kappa", "x"), "--kappa: found 'x'"),
        (
            ("point", "--kappa", "1e-3", "--m-zprime", "-30"),
            "m_zprime: found -30.0; allowed: a finite number > 0, in GeV",
        ),
        ((*POINT, "--m-mcp", "0"), "m_mcp: found 0.0"),
        ((*POINT, "--theta-dark", "1.6"), "theta_dark: found 1.6; allowed: a finite number in [0, 1.5708]"),
        ((*POINT, "--set", "sin2_theta_w=1"), "sin2_theta_w: found 1.0"),
        ((*POINT, "--epsilon-gamma", "1e-3"), "exactly one of --kappa, --epsilon-gamma"),
        (("point", "--kappa", "1e-3"), "the Z' mass: found nothing; allowed: exactly one of --m-zprime, --m2"),
        (("point", "--kappa", "1e-3", "--m-zprime-over-m-mcp", "3"), "m_mcp: found nothing"),
        (
            ("point", "--epsilon-gamma", "1e-3", "--m-zprime", "3", "--theta-dark", repr(math.pi / 2)),
            "theta_dark: found pi/2",
        ),
        ((*POINT, "--cl", "95"), "--cl: found '95'; allowed: a fraction in (0, 1)"),
        ((*POINT, "--set", "mcp_lhc.lumi=5"), "mcp_lhc.lumi: found an unknown key"),
        ((*POINT, "--set", "mcp_lhc.distance=-1"), "mcp_lhc.distance: found -1"),
        ((*POINT, "--set", "mcp_lhc=5"), "constraints.mcp_lhc: found 5; allowed: a table"),
        ((*POINT, "--set", "parameters=5"), "--set parameters: found a value"),
        ((*POINT, "--set", "constraints=5"), "--set constraints: found a value"),
        ((*POINT, "--set", "parameters.m_zprme=5"), "did you mean 'm_zprime'?"),
        ((*POINT, "--set", "scan.name=x"), "scan: found a table"),
        ((*POINT, "--set", "precision.dark_width=thin"), "allowed: 'wide', 'narrow' or 'model'"),
        ((*POINT, "--set", "precision.luminosity=5"), "constraints.precision.luminosity: found an unknown key"),
        (("limit", "g_minus_2_e", "--on", "kappa", "--set", "g_minus_2_e.vintage=sr"), "allowed: 'rb', 'cs' or '2008'"),
        (("limit", "mcp_lch", "--on", "kappa"), "did you mean 'mcp_lhc'?"),
        (("limit", "mcp_lhc", "--on", "kapa"), "did you mean 'kappa'?"),
        ((*LIMIT, "--at", "m_zprme=3"), "did you mean 'm_zprime'?"),
        ((*LIMIT, "--at", "m_zprime"), "allowed: NAME=VALUE"),
        ((*LIMIT, "--at", "m_zprime=3", "--at", "m_zprime=4"), "m_zprime is given twice"),
        ((*LIMIT, "--at", "kappa=3"), "--at: kappa: found 3.0"),
        ((*LIMIT, "--at", "kappa=1e-3"), "kappa is the parameter to be limited"),
        ((*LIMIT, "--at", "epsilon_gamma=1e-3", "--at", "m_zprime=3"), "the mixing: found kappa and epsilon_gamma"),
        (
            ("limit", "mcp_lhc", "--on", "kappa", "--at", "m_zprime=3"),
            "m_mcp: found nothing; mcp_lhc makes no statement without it",
        ),
        ((*LIMIT, "--at", "m_zprime=3", "--sigma", "0"), "--sigma: found '0'"),
        ((*PUBLISHED, "--cl", "0.95"), "allowed: cl = 0.9, at which the limit was published"),
        ((*PUBLISHED, "--sigma", "2"), "found sigma = 2"),
        ((*PUBLISHED, "--expected"), "the published observed curve alone"),
        ((*POINT, "--set", "babar_invisible.levels=[{cl=0.95}]"), "allowed: [{ cl = 0.9 }], at which it was published"),
        ((*LIMIT, "--at", "m_zprime=3", "--sigma", "2", "--cl", "0.9"), "not allowed with"),
        (("limit", "mcp_lhc", "--at", "m_zprime=3"), "--on"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_input_is_named_and_prints_nothing(ask, arguments: tuple[str, ...], message: str) -> None:
    """Exit 2, nothing on stdout, the message says what was found and what is allowed."""
    answer = ask(*arguments, "--json")
    assert (answer.code, answer.out) == (2, ""), answer.err
    assert message in answer.err


# ---- limit ----

HALVES = {"m_zprime": 24.0, "theta_dark": 0.6, "e_dark": 0.25, "luminosity": 300.0}
STEP = 1e-4
SETTINGS = {"k_factor": 1.0, "charge_one_photoelectron": 2e-3, "distance": 20.0, "background.rate": 500.0}


@pytest.fixture(scope="module")
def limits(ask):
    """Limits on kappa at all corners of a small box about one point (so that lists multiply), with further
    arguments.
    """

    def run(*further: str, luminosity: float = 300.0) -> list[dict]:
        values = HALVES | {"luminosity": luminosity}
        lists = [f"--at={name}={value!r},{value * (1 + STEP)!r}" for name, value in values.items()]
        return ask(*LIMIT, *lists, "--set", "mcp_lhc.background.rate=500", *further, "--json").json

    return run


@pytest.fixture(scope="module")
def box(limits) -> list[dict]:
    """The corners, with 1.27 dark counts expected."""
    return limits()


def test_limit_has_every_key_and_meets_the_level(box: list[dict]) -> None:
    """The keys of the interface; the crossing to 1e-9."""
    for found in box:
        assert set(found) == {
            *(
                "constraint",
                "parameter",
                "limit",
                "cl",
                "sigma",
                "expected",
                "at",
                "status",
                "residual",
                "d_log_limit",
                "branches",
            )
        }
        assert found["expected"] is True  # all that a projection has
        assert (found["constraint"], found["parameter"], found["cl"], found["status"]) == (
            "mcp_lhc",
            "kappa",
            0.95,
            "found",
        )
        assert abs(found["residual"]) <= 1e-9
        assert found["branches"][0] == {
            "value": found["limit"],
            "excluded": "above",
            "residual": found["residual"],
            "status": "crossing",
            "d_log_limit": found["d_log_limit"],
        }
        assert set(found["at"]) == {
            "m1",
            "theta_dark",
            "e_dark",
            "sin2_theta_w",
            "alpha",
            "sqrt_s",
            "luminosity",
            "m_zprime",
            "charge_dark",
            "isospin_dark",
            "m_mcp",
        }
        assert set(found["at"]) | {f"mcp_lhc.{name.split('.')[-1]}" for name in SETTINGS} <= set(found["d_log_limit"])
        assert all(isinstance(value, float) for value in found["d_log_limit"].values())
    order = [tuple(found["at"][name] for name in HALVES) for found in box]
    assert len(set(order)) == 16 and order == sorted(order)


@pytest.mark.slow
def test_a_limit_is_where_a_point_turns_excluded(ask, box: list[dict]) -> None:
    """`point` at the limit has q = critical value, and more events than the -ln(0.05) = 2.996 that no background asks
    for.
    """
    at = [f"--{name.replace('_', '-')}={value!r}" for name, value in box[0]["at"].items()]
    kappas = ",".join(repr(box[0]["limit"] * factor) for factor in (1, 1 + 1e-6, 1.1, 1 - 1e-6, 0.9, 0.5))
    found, *others = ask("point", f"--kappa={kappas}", *at, "--set", "mcp_lhc.background.rate=500", "--json").json
    assert [other["constraints"]["mcp_lhc"]["excluded"] for other in others] == [True, True, False, False, False]
    verdict = found["constraints"]["mcp_lhc"]
    assert verdict["test_statistic"] == pytest.approx(verdict["critical_value"], rel=1e-9)
    assert 3.5 < found["detector"]["expected_events_one"] < 6.0  # dark counts raise the limit


@pytest.mark.parametrize("name", list(HALVES))
def test_a_limit_moves_as_its_derivative_says(box: list[dict], name: str) -> None:
    """d ln(limit)/dp by the implicit function theorem against two limits found apart (mean of both ends:
    second order).
    """
    stride = 2 ** (len(HALVES) - 1 - list(HALVES).index(name))
    low, high = box[0], box[stride]
    step = high["at"][name] - low["at"][name]
    difference = math.log(high["limit"] / low["limit"]) / step
    assert step != 0 and difference != 0
    assert (low["d_log_limit"][name] + high["d_log_limit"][name]) / 2 == pytest.approx(difference, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(SETTINGS))
def test_a_limit_moves_with_the_settings(limits, box: list[dict], name: str) -> None:
    """The same for settings of the constraint, also for one that its tables rest on."""
    value = SETTINGS[name]
    moved = limits("--set", f"mcp_lhc.{name}={value * (1 + STEP)!r}")[0]
    key = f"mcp_lhc.{name.split('.')[-1]}"
    mean = (moved["d_log_limit"][key] + box[0]["d_log_limit"][key]) / 2
    assert mean == pytest.approx(math.log(moved["limit"] / box[0]["limit"]) / (value * STEP), rel=1e-5)


def test_exact_relations_among_the_derivatives(box: list[dict]) -> None:
    """N depends on L and K through their product (no meson decays to 8 GeV), and on the distance as 1/distance^2."""
    moves = box[0]["d_log_limit"]
    to_luminosity = 300.0 * moves["luminosity"]
    assert moves["mcp_lhc.k_factor"] == pytest.approx(to_luminosity, rel=1e-9)
    assert 20.0 * moves["mcp_lhc.distance"] == pytest.approx(-2 * to_luminosity, rel=2e-3)
    assert -1 / 2 < to_luminosity < -1 / 8  # N between kappa^2 and kappa^8


def test_no_limit_is_null_with_a_status(limits) -> None:
    """A billionth of the data excludes nothing."""
    for found in limits(luminosity=1e-9):
        assert found["limit"] is None and found["residual"] is None and found["d_log_limit"] is None
        assert found["status"] == "no_crossing_below" and found["branches"] == []


@pytest.fixture(scope="module")
def moments(ask):
    """Limits of the muon's magnetic moment on kappa at two Z' masses, with further arguments."""

    @functools.cache
    def run(*further: str) -> list[dict]:
        return ask(
            "limit",
            "g_minus_2_mu",
            "--on",
            "kappa",
            "--at",
            "theta_dark=1.2",
            "--at",
            "m_zprime=0.05,0.5",
            *further,
            "--json",
        ).json

    return run


def test_a_measurement_has_an_observed_and_an_expected_limit(moments) -> None:
    """q = delta (delta - 2 pull) = 3.84 gives delta = pull + sqrt(pull^2 + 3.84), and sqrt(3.84) without the data's
    pull; delta goes as kappa^2, nearly. With the values of 2025, 116592071.5(14.5)e-11 against 116592033(62)e-11, the
    pull is 0.60.
    """
    observed, expected = moments(), moments("--expected")
    pull, one_sided = 38.5 / math.hypot(14.5, 62), 1.959964
    for seen, forecast in zip(observed, expected):
        assert (seen["expected"], forecast["expected"]) == (False, True) and seen["at"] == forecast["at"]
        ratio = math.sqrt((pull + math.hypot(pull, one_sided)) / one_sided)
        assert seen["limit"] / forecast["limit"] == pytest.approx(ratio, rel=1e-3)
        assert abs(seen["residual"]) <= 1e-9 and abs(forecast["residual"]) <= 1e-9


def test_words_are_set_without_quotes(moments) -> None:
    """Expected limits of two vintages go as sqrt(error), 620 and 145 against 430 and 410 (1e-12)."""
    later, earlier = moments("--expected"), moments("--expected", "--set", "g_minus_2_mu.vintage=2021")
    ratio = math.sqrt(math.hypot(620, 145) / math.hypot(430, 410))
    assert later[0]["limit"] / earlier[0]["limit"] == pytest.approx(ratio, rel=1e-3)


def test_a_limit_does_not_move_with_what_the_constraint_does_not_read(moments) -> None:
    """Every parameter held has its derivative; it is zero for those of the collider."""
    for found in moments():
        assert set(found["d_log_limit"]) == set(found["at"])
        assert (
            found["d_log_limit"]["sqrt_s"]
            == found["d_log_limit"]["luminosity"]
            == 0.0
            != found["d_log_limit"]["m_zprime"]
        )


# ---- constraints, and the commands as processes ----


def test_constraints_are_listed(ask) -> None:
    """One object a constraint, with the settings that --set takes, and of a word those allowed."""
    found = ask("constraints", "--json").json
    assert [entry["name"] for entry in found] == list(shelf.SHELF)
    for entry in found:
        assert set(entry) == {"name", "title", "reference", "cl", "levels", "kind", "domain", "settings"}
        assert all(set(setting) - {"allowed"} == {"default", "meaning"} for setting in entry["settings"].values())
    by_name = {entry["name"]: entry for entry in found}
    assert by_name["mcp_lhc"]["levels"] == ["sigma=2", "sigma=3"] and by_name["g_minus_2_mu"]["levels"] == ["cl=0.95"]
    assert by_name["g_minus_2_e"]["settings"]["vintage"]["allowed"] == ["rb", "cs", "2008"]
    assert found[0]["settings"]["distance"] == {"default": 20.0, "meaning": "from the interaction point to the face, m"}
    one = ask("constraints", "mcp_lhc", "--json").json
    assert list(one["settings"]) == list(by_name["mcp_lhc"]["settings"]) and one["needs"] == ["m_mcp"]
    assert one["settings"]["eta"] | {"meaning": ""} == {
        "default": 0.0,
        "unit": "1",
        "domain": "a number >= -10 and <= 10",
        "meaning": "",
        "design": {"min": -10.0, "max": 10.0},
    }
    assert "did you mean 'mcp_lhc'" in ask("constraints", "mcp_lch").err
    text = ask("constraints").out
    assert "mcp_lhc" in text and "1410.6816" in text


@pytest.mark.parametrize("name", list(__main__.COMMANDS))
def test_help_needs_no_jax(name: str) -> None:
    """Every command answers --help in a process of its own, as jaxmix NAME and as a module, and imports no jax."""
    module = __main__.COMMANDS[name][0].removesuffix(".__main__")
    script = "import sys, runpy, atexit; atexit.register(lambda: sys.stderr.write(str('jax' in sys.modules))); "
    script += f"sys.argv = [{name!r}, '--help']; runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "False") and done.stdout.startswith(f"usage: jaxmix {name}")


def test_point_as_a_process() -> None:
    """`python -m jaxmix point`: text for a reader, with a dash for what has no value; x64 is on without being asked
    for.
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "jaxmix", *POINT], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = dict(line.split(None, 1) for line in done.stdout.splitlines() if len(line.split()) > 1)
    assert lines["phase"] == "mixed" and lines["lhc"] == "-"
    assert float(lines["m1"]) == parameters.PARAMETERS["m1"].default
