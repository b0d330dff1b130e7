"""Measurements of the electroweak fits: the tables hold what was published, and a bad table stops with its file and
line.
"""

import collections
import math
import re

import numpy as np
import pytest

from jaxmix.data import tables
from jaxmix.electroweak import measurements

SETS = {data: measurements.load(data, data) for data in measurements.TABLES}
ALL_TABLES = sorted(
    {*measurements.W_MASS.values(), *(name for names in measurements.TABLES.values() for name in names)}
)
HEADER = {"title", "source", "standard model", "units", "errors", "correlation", "chi2_sm", "note"}
POLE = 91.1876


def chi2_by_rows(found):
    """chi^2 of the Standard Model column, r^T V^-1 r with the residuals r and their covariance V."""
    pulls = found.residual / found.relative_error
    return float(pulls @ np.linalg.solve(found.correlation, pulls))


def chi2_of(*names):
    return sum(chi2_by_rows(measurements.read(name)) for name in names)


# what the sets hold


@pytest.mark.parametrize(
    ("data", "counts"),
    [
        (
            "2010",
            {
                "ew_zpole": 5 + 7 + 1 + 1,
                "ew_w_mass": 1,
                "ew_bhabha": 105,
                "ew_hadrons_low": 104,
                "lep2": 60,
                "ew_alpha": 1,
            },
        ),
        (
            "current",
            {
                "ew_zpole": 9 + 7 + 2 + 1,
                "ew_w_mass": 1,
                "ew_bhabha": 105,
                "ew_hadrons_low": 104,
                "lep2": 24 + 15 + 12 + 8 + 30,
            }
            | {"ew_low": 3, "ew_alpha": 1},
        ),
    ],
)
def test_numbers_of_measurements(data, counts):
    found = collections.Counter(next((kind for kind in counts if kind in table), table) for table in SETS[data].tables)
    assert found == counts
    if data == "2010":
        assert len(SETS[data].names) - counts["ew_alpha"] == 284


@pytest.mark.parametrize(
    ("names", "chi2"),
    [
        (("ew_zpole_line_shape_2005.csv",), 4.3),
        (("ew_zpole_heavy_flavour.csv",), 10.9),
        (("ew_zpole_tau_polarisation_universal.csv", "ew_zpole_charge_asymmetry.csv"), 0.6),
        (("ew_zpole_tau_polarisation.csv",), 0.9),
        (("ew_hadrons_lep2.csv", "ew_leptons_lep2_preliminary.csv", "ew_leptons_lep2_afb_low.csv"), 50.2),
        (("ew_hadrons_lep2.csv",), 7.6),
        (("ew_heavy_flavour_lep2.csv",), 20.3),
        (("ew_leptons_lep2_sigma.csv",), 22.4),
        (("ew_leptons_lep2_afb.csv",), 12.9),
        (("ew_bhabha_lep2.csv",), 101.4),
        (("ew_hadrons_low_energy.csv",), 79.7),
    ],
)
def test_chi2_of_the_standard_model_is_that_of_the_compilation(names, chi2):
    assert chi2_of(*names) == pytest.approx(chi2, abs=0.05)


def test_chi2_of_the_line_shape_of_2019_without_m_z():
    line_shape = measurements.read("ew_zpole_line_shape_2019.csv")
    pulls, block = (line_shape.residual / line_shape.relative_error)[1:], line_shape.correlation[1:, 1:]
    assert line_shape.residual[0] == 0
    assert pulls @ np.linalg.solve(block, pulls) == pytest.approx(7.5, abs=0.05)


@pytest.mark.parametrize("name", ALL_TABLES)
def test_headers_say_everything(name):
    rows = tables.read_rows(name)
    assert set(rows.header) == HEADER
    assert all(rows.header.values())
    assert re.match(r"[\d.]+ for \d+ rows?\b", rows.header["chi2_sm"])
    chi2, _, number, *_ = rows.header["chi2_sm"].split()
    assert len(rows.entries) == int(number)
    assert chi2_of(name) == pytest.approx(float(chi2), abs=0.05)
    assert not re.search(r"github|gitlab|commit|\.ya?ml|\.cpp|\.conf|flavio|smefit", str(rows).lower())


def test_every_table_of_measurements_is_in_a_set():
    tabulated = {
        name for name in tables.checksums() if name.startswith("ew_") and not name.endswith("_correlation.csv")
    }
    assert tabulated == set(ALL_TABLES)


@pytest.mark.parametrize("data", SETS)
def test_nothing_is_counted_twice(data):
    found = SETS[data]
    assert len(set(found.names)) == len(found.names)
    flavours = [flavour and flavour.group(1) for flavour in (re.search(r"_(e|mu|tau)_", name) for name in found.names)]
    numbers = np.nan_to_num(np.stack([found.sqrt_s, found.cos_min, found.cos_max], axis=1), nan=-1).tolist()
    keys = zip(found.observables, flavours, map(tuple, numbers), found.references, strict=True)
    assert [key for key, number in collections.Counter(keys).items() if number > 1] == []
    # a lepton pair is either final or preliminary at one energy
    nominal = zip(found.observables, flavours, found.sqrt_s, strict=True)
    pairs = collections.Counter(
        (o, flavour, round(energy)) for o, flavour, energy in nominal if o in ("sigma_l", "afb_l")
    )
    assert set(pairs.values()) == {1}
    assert all(
        found.observables.count(observable) == 1 for observable in ("m_z", "gamma_z", "m_w", "alpha", "sin2_lept")
    )


@pytest.mark.parametrize("data", SETS)
def test_energies_and_bins_stand_where_they_must(data):
    found = SETS[data]
    assert all(np.all(np.isfinite(getattr(found, key))) for key in ("value", "error", "sm", "correlation"))
    assert {o for o, energy in zip(found.observables, found.sqrt_s, strict=True) if math.isnan(energy)} == {
        "m_w",
        "alpha",
    }
    binned = np.array([observable == "bhabha" for observable in found.observables])
    np.testing.assert_array_equal(np.isfinite(found.cos_min), binned)
    np.testing.assert_array_equal(np.isfinite(found.cos_max), binned)
    pole = np.array([table.startswith("ew_zpole") for table in found.tables])
    assert set(found.sqrt_s[pole]) == {POLE}
    # each energy's fifteen bins cover -0.9 to 0.9 without gaps
    bhabha = measurements.read("ew_bhabha_lep2.csv")
    edges = np.stack([bhabha.cos_min, bhabha.cos_max], axis=1).reshape(7, 15, 2)
    np.testing.assert_array_equal(edges[:, 1:, 0], edges[:, :-1, 1])
    np.testing.assert_array_equal(edges[:, [0, -1], [0, 1]], np.tile([-0.9, 0.9], (7, 1)))


@pytest.mark.parametrize(("m_w", "value", "error"), [("2010", 80.398, 0.025), ("current", 80.3692, 0.0133)])
@pytest.mark.parametrize("data", SETS)
def test_the_w_mass_is_chosen_apart_from_the_set(data, m_w, value, error):
    found = measurements.load(data, m_w)
    place = found.observables.index("m_w")
    assert (found.value[place], found.error[place]) == (value, error)


def test_alpha_is_that_of_its_publication():
    alpha = measurements.read("ew_alpha.csv")
    assert 1 / alpha.value[0] == pytest.approx(128.937, abs=0.005)  # K. Hagiwara et al., hep-ph/0611102
    assert alpha.relative_error[0] == pytest.approx(0.030 / 128.937, rel=0.02)
    assert alpha.residual[0] == 0


def test_final_asymmetries_are_the_published_differences():
    found = measurements.read("ew_leptons_lep2_afb.csv")
    difference = dict(zip(found.names, found.residual * found.sm, strict=True))
    assert len(difference) == 15 and "afb_tau_201.6" not in difference
    # arXiv:1302.3415, table 3.4
    assert difference["afb_mu_182.7"] == pytest.approx(-0.012, abs=1e-9)
    assert difference["afb_tau_206.6"] == pytest.approx(0.038, abs=1e-9)


def test_low_energy_residuals_keep_their_sign():
    found = measurements.read("ew_low_energy_parity.csv")
    # |Q_W| of caesium and of the electron are measured below, that of the proton above the prediction
    np.testing.assert_array_equal(np.sign(found.residual), [-1, 1, -1])
    np.testing.assert_allclose(found.relative_error, [0.42 / 73.23, 0.0045 / 0.0708, 0.0053 / 0.0473], rtol=1e-12)
    assert (
        pytest.approx(-found.value[2], abs=4 * 0.0013) == 1 - 4 * 0.2397
    )  # sin^2 theta_eff: P.L. Anthony et al., hep-ex/0504049


def ratio_r(energy):
    """R of photon and Z exchange at Born level with quark masses and QCD to third order, PDG 2024, reviews 9 and 10."""
    sin2, z_mass, z_width, alpha_s, flavours = 0.2312, 91.1876, 2.4952, 0.1184, 5
    running = alpha_s / (1 + (33 - 2 * flavours) / (6 * math.pi) * alpha_s * math.log(energy / z_mass)) / math.pi
    chi = energy**2 / (energy**2 - z_mass**2 + 1j * z_mass * z_width) / (4 * sin2 * (1 - sin2))
    vector_e, axial_e, total = -0.5 + 2 * sin2, -0.5, 0.0
    for charge, isospin, mass in [
        (2 / 3, 0.5, 0),
        (2 / 3, 0.5, 1.5),
        (-1 / 3, -0.5, 0),
        (-1 / 3, -0.5, 0),
        (-1 / 3, -0.5, 4.8),
    ]:
        vector, beta = isospin - 2 * charge * sin2, math.sqrt(1 - 4 * mass**2 / energy**2)
        z_part = (vector_e**2 + axial_e**2) * abs(chi) ** 2
        total += (
            3 * (charge**2 - 2 * charge * vector_e * vector * chi.real + z_part * vector**2) * beta * (3 - beta**2) / 2
        )
        total += 3 * z_part * isospin**2 * beta**3
    return total * (1 + running + 1.409 * running**2 - 12.8 * running**3)


def test_predictions_of_r_are_those_of_photon_and_z():
    found = measurements.read("ew_hadrons_low_energy.csv")
    np.testing.assert_allclose(found.sm, [ratio_r(energy) for energy in found.sqrt_s], rtol=5e-3)


# correlations


@pytest.mark.parametrize("data", SETS)
def test_correlations_stand_in_blocks(data):
    found = SETS[data]
    outside = np.array(found.tables)[:, None] != np.array(found.tables)
    assert not found.correlation[outside].any()
    np.testing.assert_array_equal(np.diag(found.correlation), 1)
    np.testing.assert_array_equal(found.correlation, found.correlation.T)
    changes = sum(before != after for before, after in zip(found.tables, found.tables[1:], strict=False))
    assert changes + 1 == len(set(found.tables))
    sigma = found.error / found.sm
    np.testing.assert_allclose(np.diag(found.covariance), sigma**2, rtol=1e-14)
    np.testing.assert_allclose(
        found.residual @ np.linalg.solve(found.covariance, found.residual), chi2_by_rows(found), rtol=1e-9
    )
    np.testing.assert_allclose(chi2_of(*set(found.tables)), chi2_by_rows(found), rtol=1e-12)


def test_bhabha_correlation_is_whole_and_positive_definite():
    correlation = measurements.read("ew_bhabha_lep2.csv").correlation
    assert correlation.shape == (105, 105)
    assert np.linalg.eigvalsh(correlation)[0] == pytest.approx(0.807, abs=1e-3)


def test_published_correlations():
    line_shape, heavy = (
        measurements.read("ew_zpole_line_shape_2005.csv"),
        measurements.read("ew_zpole_heavy_flavour.csv"),
    )
    newer = measurements.read("ew_zpole_line_shape_2019.csv")

    def between(found, first, second):
        return found.correlation[found.names.index(first), found.names.index(second)]

    # ALEPH et al., Phys. Rept. 427 (2006) 257; P. Janot, S. Jadach, arXiv:1912.02067
    assert between(line_shape, "gamma_z", "sigma_had_0") == -0.297
    assert between(heavy, "r_b_0", "r_c_0") == -0.18
    assert between(newer, "gamma_z", "sigma_had_0") == -0.3238
    assert between(newer, "r_mu_0", "r_tau_0") == 0.0696
    assert between(newer, "m_z", "afb_mu_0") == 0.046


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (
            "r_21.99_adeva_86",
            "r_25.00_adeva_86",
            0.4034,
        ),  # 4% of R, the normalisation of Mark J, on the errors of the two values
        (
            "r_22.00_brandelik_79f",
            "r_27.55_brandelik_79f",
            0.1 * 3.2 * 0.1 * 3.9 / (math.hypot(0.8, 0.32) * math.hypot(0.4, 0.39)),
        ),
        ("r_21.99_adeva_86", "r_22.00_behrend_87d", 0.0),
        ("r_22.00_althoff_84f", "r_41.45_althoff_84h", 0.0),
        ("r_22.00_naroska_87", "r_25.01_naroska_87", 0.0),
    ],
)
def test_correlations_of_r_follow_from_the_norms(first, second, expected):
    found = measurements.read("ew_hadrons_low_energy.csv")
    assert found.correlation[found.names.index(first), found.names.index(second)] == pytest.approx(expected, abs=5e-5)


# bad tables

GOOD = """# title: two widths
# correlation: none
name,observable,sqrt_s,cos_min,cos_max,value,error,norm,group,unit,sm_prediction,reference
a,gamma_z,91.2,,,2.5,0.1,0,,GeV,2.4,"somebody, 2020"

b,bhabha,200,-0.9,0.9,3.0,0.2,0,,pb,2.9,somebody
c,m_w,,,,80.4,0.1,0,,GeV,80.3,somebody
"""
GOOD_MATRIX = """# title: correlation
name,a,b,c
a,1,0.5,0
b,0.5,1,-0.2
c,0,-0.2,1
"""


def parse(text, matrix=None):
    given = None if matrix is None else tables.parse_rows(matrix.encode(), "bad_correlation.csv")
    return measurements.parse(tables.parse_rows(text.encode(), "bad.csv"), given)


def test_the_good_table_is_read():
    found = parse(GOOD)
    np.testing.assert_array_equal(found.value, [2.5, 3.0, 80.4])
    np.testing.assert_array_equal(found.correlation, np.eye(3))
    assert found.references == ("somebody, 2020", "somebody", "somebody")
    assert found.tables == ("bad.csv",) * 3
    found = parse(GOOD.replace(": none", ": bad_correlation.csv"), GOOD_MATRIX)
    np.testing.assert_array_equal(found.correlation, [[1, 0.5, 0], [0.5, 1, -0.2], [0, -0.2, 1]])


def test_a_negative_prediction_turns_the_correlation():
    text = GOOD.replace(": none", ": bad_correlation.csv").replace("3.0,0.2,0,,pb,2.9", "-3.0,0.2,0,,pb,-2.9")
    found = parse(text, GOOD_MATRIX)
    value, error, sm = np.array([2.5, -3.0, 80.4]), np.array([0.1, 0.2, 0.1]), np.array([2.4, -2.9, 80.3])
    covariance = np.array([[1, 0.5, 0], [0.5, 1, -0.2], [0, -0.2, 1]]) * np.outer(error, error)
    assert chi2_by_rows(found) == pytest.approx((value - sm) @ np.linalg.solve(covariance, value - sm), rel=1e-12)
    np.testing.assert_allclose(found.covariance, covariance / np.outer(sm, sm), rtol=1e-12)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "sm_prediction,reference",
            "standard,reference",
            r"line 3: the column sm_prediction is missing among name, .*; it needs name,",
        ),
        ("a,gamma_z", "a,gamma_w", r"line 4: observable 'gamma_w', allowed: m_z, gamma_z,"),
        ("pb,2.9", "nb,2.9", r"line 6: unit of bhabha 'nb', allowed: pb\."),
        ("2.5,0.1", "two,0.1", r"line 4: value 'two', allowed: a finite number"),
        ("2.5,0.1", "inf,0.1", r"line 4: value 'inf', allowed: a finite number"),
        ("2.5,0.1", "nan,0.1", r"line 4: value 'nan', allowed: a finite number"),
        ("2.5,0.1", ",0.1", r"line 4: value '', allowed: a finite number"),
        ("2.5,0.1", "2.5,0", r"line 4: error 0, allowed: above 0"),
        ("3.0,0.2", "3.0,-0.2", r"line 6: error -0.2, allowed: above 0"),
        ("3.0,0.2,0,", "3.0,0.2,0.3,x", r"line 6: norm 0.3, allowed: 0 to the error, 0.2"),
        ("3.0,0.2,0,", "3.0,0.2,-0.1,x", r"line 6: norm -0.1, allowed: 0 to the error, 0.2"),
        ("3.0,0.2,0,", "3.0,0.2,0.1,", r"line 6: norm 0.1 without a group, allowed: a group, or norm 0"),
        ("3.0,0.2,0,", "3.0,0.2,0.1,x", r"line 6: norm 0.1 where the header says correlation: none, allowed: 0"),
        ("pb,2.9", "pb,0", r"line 6: sm_prediction 0, allowed: any other number"),
        ("gamma_z,91.2", "gamma_z,", r"line 4: sqrt_s '', allowed: a finite number"),
        ("gamma_z,91.2", "gamma_z,-91.2", r"line 4: sqrt_s -91.2, allowed: above 0"),
        ("-0.9,0.9", "0.9,-0.9", r"line 6: a bin from 0.9 to -0.9, allowed: -1 <= cos_min < cos_max <= 1"),
        ("-0.9,0.9", ",0.9", r"line 6: cos_min '', allowed: a finite number"),
        ("91.2,,", "91.2,-1,1", r"line 4: a bin of gamma_z, allowed: empty cos_min and cos_max but for bhabha"),
        ("80.3,somebody", "80.3, ", r"line 7: an empty reference, allowed: a text"),
        ("\nb,", "\na,", r"line 6: the name a stands twice; every row needs a name of its own"),
        (
            ": none",
            ": other.csv",
            r"header above line 3: correlation 'other.csv', allowed: none, norms of groups, bad_correlation.csv",
        ),
        (": none", ": bad_correlation.csv", r"header above line 3: correlation 'bad_correlation.csv' was not given"),
        (GOOD[GOOD.index("a,gamma_z") :], "", r"line 3: no rows follow"),
    ],
)
def test_a_bad_row_stops_with_file_and_line(old, new, message):
    assert GOOD.count(old) == 1
    with pytest.raises(ValueError, match=rf"^package data: bad\.csv, {message}"):
        parse(GOOD.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name,a,b,c", "name,a,c,b", r", line 2: column 'c', allowed: 'b' \(the measurements in their order\)"),
        ("name,a,b,c", "id,a,b,c", r", line 2: column 'id', allowed: 'name'"),
        ("\nb,0.5", "\nd,0.5", r", line 4: row 'd', allowed: 'b' \(the measurements in their order\)"),
        ("c,0,-0.2,1\n", "", r", line 2: 2 rows, allowed: 3, the measurements in their order"),
        (
            "name,a,b,c\na,1,0.5,0\nb,0.5,1,-0.2\nc,0,-0.2,1",
            "name,a,b\na,1,0.5\nb,0.5,1",
            r", line 2: 3 columns, allowed: 4, name and",
        ),
        ("b,0.5,1", "b,0.4,1", r", line 3: correlation 0.5 of a and b, allowed: 0.4, as that of b and a"),
        ("b,0.5,1,", "b,0.5,1.1,", r", line 4: correlation 1.1 of b with itself, allowed: 1\."),
        ("1,-0.2", "1,nan", r", line 4: correlation 'nan', allowed: a finite number"),
        (
            "0.5,0\nb,0.5,1,-0.2\nc,0,-0.2",
            "0.9,0.9\nb,0.9,1,-0.9\nc,0.9,-0.9",
            r": a correlation with the eigenvalue -0.8, allowed: posit",
        ),
    ],
)
def test_a_bad_correlation_stops_with_file_and_line(old, new, message):
    assert GOOD_MATRIX.count(old) == 1
    with pytest.raises(ValueError, match=rf"^package data: bad_correlation\.csv{message}"):
        parse(GOOD.replace(": none", ": bad_correlation.csv"), GOOD_MATRIX.replace(old, new))


def test_norms_without_an_error_of_their_own_are_refused():
    text = (
        GOOD.replace(": none", ": norms of groups")
        .replace("2.5,0.1,0,", "2.5,0.1,0.1,x")
        .replace("3.0,0.2,0,", "3.0,0.2,0.2,x")
    )
    with pytest.raises(
        ValueError, match=r"^package data: bad\.csv: a correlation with the eigenvalue .*, allowed: positive definite"
    ):
        parse(text)


@pytest.mark.parametrize(
    ("data", "m_w", "message"),
    [("2011", "2010", "data is '2011', allowed: '2010', 'current'"), ("2010", "old", "m_w is 'old'")],
)
def test_unknown_sets_are_refused(data, m_w, message):
    with pytest.raises(ValueError, match=message):
        measurements.load(data, m_w)
