"""`jaxmix.check` against the closed form of the Z's invisible width, and against what `jaxmix point` prints."""

import json

import numpy as np
import pytest

import jaxmix
from jaxmix import constants
from jaxmix.__main__ import main

POINT = {"kappa": 0.03, "m_zprime": 30.0, "m_mcp": 10.0, "theta_dark": 0.5}


@pytest.fixture(scope="module")
def checked() -> jaxmix.Checked:
    """The point at three strengths of the mixing."""
    return jaxmix.check(POINT, kappa=[0.003, 0.03, 0.2])


def invisible_width(kappa: np.ndarray) -> np.ndarray:
    """Gamma(Z -> psi psi) in GeV to order kappa^2 for T3' = 0, as the measurement's class writes it down."""
    weak2, m1 = constants.SIN2_THETA_W, constants.M1
    cos, sin = np.cos(0.5), np.sin(0.5)
    coupling = cos + sin**2 / cos * m1**2 / (m1**2 - 30.0**2)
    x = (10.0 / m1) ** 2
    phase_space = (1 + 2 * x) * np.sqrt(1 - 4 * x)
    return kappa**2 * weak2 * constants.E_CHARGE**2 * m1 / (12 * np.pi) * coupling**2 * phase_space


def test_a_verdict_is_that_of_the_closed_form(checked):
    """q = delta (delta - 2 pull) over 3.84, the pull (499.0 - 501.66)/1.5 and delta the width over 1.5 MeV."""
    delta, pull = invisible_width(np.array([0.003, 0.03])) / 1.5e-3, (499.0 - 501.66) / 1.5
    found = checked.verdicts["z_invisible_width"].ratio
    np.testing.assert_allclose(found[:2], delta * (delta - 2 * pull) / 3.8414588, rtol=0.02)


def test_it_says_what_the_command_says(checked, capsys):
    """Name by name: excluded, and the reason where there is no statement; null becomes -1."""
    words = [word for name, value in POINT.items() for word in (f"--{name.replace('_', '-')}", repr(value))]
    assert main(["point", *words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["constraints"]) == set(checked.verdicts)
    for name, verdict in told["constraints"].items():
        mine = checked.verdicts[name]
        assert mine.excluded[1] == {None: -1, False: 0, True: 1}[verdict["excluded"]], name
        assert mine.kind == verdict["kind"]
        if verdict["excluded"] is None:
            assert mine.status[1] == verdict["status"] and np.isnan(mine.ratio[1])
        else:
            assert mine.ratio[1] == pytest.approx(verdict["test_statistic"] / verdict["critical_value"], rel=1e-9)


def test_it_prints_five_lines_and_a_table(checked):
    lines = str(checked).splitlines()
    assert len(lines) == 5 and lines[0].startswith("3 points: ")
    assert [line.partition(":")[0] for line in lines[1:]] == [
        "excluded by",
        "nearest of the others",
        "within reach of",
        "no statement",
    ]
    table = checked._repr_html_()
    assert table.count("<tr>") == 1 + len(checked.verdicts) and "<b>" in table
    assert "lep_monophoton" in table


def test_counts_of_exclusion_leave_projections_out(checked):
    """At kappa = 0.2 precision excludes the point; the projected detector is within reach and in no count."""
    assert checked.excluded[2] == 1 and "precision" in checked.excluded_by
    assert "mcp_lhc" in checked.within_reach_of and "mcp_lhc" not in checked.excluded_by


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kapa": 1e-3, "m_zprime": 30.0}, r"found the name 'kapa'.*did you mean 'kappa'"),
        ({"kappa": 2.0, "m_zprime": 30.0}, r"kappa: found 2\.0; allowed: a finite number in \(-1, 1\)"),
        ({"kappa": np.nan, "m_zprime": 30.0}, r"kappa: found nan"),
        ({"kappa": 1e-3, "m_zprime": -1.0}, r"m_zprime: found -1\.0; allowed: a finite number > 0, in GeV"),
        ({"kappa": 1e-3, "m_zprime": 30.0, "m2": 30.0}, r"the Z' mass: found m_zprime and m2"),
        (
            {"kappa": 1e-3, "m_zprime": 30.0, "theta_dark": "pi"},
            r"theta_dark: found 'pi'; allowed: a number, or theta_w",
        ),
        ({"kappa": [1e-3, 1e-2], "m_zprime": [1.0, 2.0, 3.0]}, r"no numbers of one shape"),
        ({"kappa": np.ones((2, 2)) / 10, "m_zprime": 30.0}, r"arrays of shape \(2, 2\)"),
        ({"kappa": [], "m_zprime": 30.0}, r"arrays of shape \(0,\)"),
        ({"kappa": 1e-3}, r"the Z' mass: found nothing"),
    ],
)
def test_what_is_no_point_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        jaxmix.check(given)
