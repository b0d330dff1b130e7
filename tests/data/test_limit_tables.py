"""The tables of published and projected limits: one format, complete headers, and numbers that the
publications state.
"""

import re

import numpy as np
import pytest

from jaxmix.data import tables

WORDS = {
    "title", "source", "figure", "quantity", "units", "confidence", "kind", "channel", "assumption", "read_off",
    "reference_status", "bibtex", "name", "label", "group",
}  # fmt: skip
CHANNELS = {
    "mcp", "invisible", "visible mu mu", "visible e e", "visible e e and mu mu", "visible mu mu and pi pi",
}  # fmt: skip
NAMES = sorted(name for name in tables.checksums() if name.startswith("limits/"))
EACH_TABLE = pytest.mark.parametrize("name", NAMES)


def column(table, word):
    """A column as numbers, NaN where there is none."""
    return np.array([float(entry) if str(entry).strip() else np.nan for entry in table.columns[word]])


def mass_word(table):
    return next(iter(table.columns))


def segments(name):
    """(mass, lower) of each segment."""
    table = tables.read_csv(name)
    mass, lower = table.columns[mass_word(table)], table.columns["lower"]
    which = table.columns.get("segment", np.zeros(len(mass)))
    return [(mass[which == k], lower[which == k]) for k in np.unique(which)]


def lower_at(name, *masses):
    """Smallest excluded value at masses, a power law between rows, NaN where no segment reaches."""
    best = np.full(len(masses), np.nan)
    for mass, lower in segments(f"limits/{name}.csv"):
        here = np.interp(np.log(masses), np.log(mass), np.log(lower), left=np.nan, right=np.nan)
        best = np.fmin(best, np.exp(here))
    return best if len(masses) > 1 else best[0]


def extent(name):
    """Smallest and largest mass, smallest and largest value of `lower`."""
    mass, lower = (np.concatenate(parts) for parts in zip(*segments(f"limits/{name}.csv"), strict=True))
    return mass.min(), mass.max(), lower.min(), lower.max()


def bibliography():
    text = tables.read_bytes("references.bib").decode("ascii")
    return {
        match[2]: (match[1], match[3])
        for match in re.finditer(r"^@(\w+)\{([^,]+),(.*?)\}$(?=\n\n|\Z|\n\Z)", text, flags=re.M | re.S)
    }


def test_every_search_is_there():
    assert len(NAMES) == 29
    kinds = [(tables.read_csv(name).header["kind"], tables.read_csv(name).header["channel"]) for name in NAMES]
    assert kinds.count(("projected", "mcp")) == 5 and kinds.count(("published", "mcp")) == 11
    assert kinds.count(("published", "invisible")) == 6


@EACH_TABLE
def test_headers_are_complete(name):
    header = tables.read_csv(name).header
    own = "reach" if header["channel"] == "mcp" else "produced_by"
    assert set(header) == WORDS | {own} and all(header.values())
    assert header["kind"] in ("published", "projected") and header["channel"] in CHANNELS
    assert 0.5 < float(header["confidence"]) < 1
    assert re.search(r"arXiv:(\d{4}\.\d{4,5}|hep-(ph|ex)/\d{7})", header["source"])
    assert re.search(r"verified|memory", header["reference_status"])


@EACH_TABLE
def test_lines_are_short_and_plain(name):
    lines = tables.read_bytes(name).decode("ascii").splitlines()
    assert max(map(len, lines)) <= 140


@EACH_TABLE
def test_rows_are_an_excluded_region(name):
    table = tables.read_csv(name)
    mass, lower, upper = table.columns[mass_word(table)], table.columns["lower"], column(table, "upper")
    assert mass_word(table) == ("m_mcp" if table.header["channel"] == "mcp" else "m_zprime")
    assert list(table.columns)[1:] in (["lower", "upper"], ["lower", "upper", "segment"])
    assert np.all(mass > 0) and np.all((lower > 0) & (lower < 1))
    assert not np.any(upper <= lower)
    found = segments(name)
    assert all(len(masses) > 1 and np.all(np.diff(masses) > 0) for masses, _ in found)
    assert all(earlier[0][-1] <= later[0][0] for earlier, later in zip(found, found[1:], strict=False))
    if "segment" in table.columns:
        assert np.unique(table.columns["segment"]).tolist() == list(range(len(found)))


def test_every_key_has_its_entry():
    entries = bibliography()
    for name in NAMES:
        header = tables.read_csv(name).header
        kind, text = entries[header["bibtex"]]
        (eprint,) = re.findall(r"eprint = \{([^}]+)\}", text)
        assert f"arXiv:{eprint}" in header["source"], name
        fields = ("author", "title", "year", "eprint") + (("journal", "volume", "pages") if kind == "article" else ())
        assert all(re.search(rf"\b{field} = \{{[^}}]", text) for field in fields), name
        if kind == "article":
            volume, pages = (re.search(rf"{field} = \{{(\w+)", text)[1] for field in ("volume", "pages"))
            assert re.search(rf"\b{volume}\b.*\b{pages}\b", header["source"]), name


# what the publications state, in their abstracts unless said otherwise


def test_slac_millicharge():
    """hep-ex/9804008: 4.1e-5 at 1 MeV, 5.8e-4 at 100 MeV; the curve turns steep just below 100 MeV."""
    assert lower_at("mcp_slac_mq", 0.001) == pytest.approx(4.1e-5, rel=0.01)
    assert lower_at("mcp_slac_mq", 0.098) == pytest.approx(5.8e-4, rel=0.05)


def test_the_invisible_width_of_the_z():
    """Davidson, Campbell and Bailey, Phys. Rev. D 43 (1991) 2314: charges above 0.24 below half of m_Z."""
    assert lower_at("mcp_colliders", 5.0, 10.0, 40.0) == pytest.approx([0.24, 0.24, 0.24], rel=0.03)


@pytest.mark.parametrize(("name", "third", "two_thirds"), [("7tev", 140, 310), ("8tev", 200, 480), ("13tev", 60, 640)])
def test_fractional_charges(name, third, two_thirds):
    """1210.2311; 1305.0491 in the listing of the Particle Data Group; 2402.09932 (640 GeV)."""
    inside = lower_at(f"mcp_cms_{name}", 0.99 * third, 1.01 * third, 0.99 * two_thirds, 1.01 * two_thirds)
    np.testing.assert_allclose(inside, [1 / 3, 2 / 3, 2 / 3, np.nan], rtol=1e-4)


def test_ranges_of_millicharges():
    """1911.07996: 1e-3 to 1e-1 for 0.1 to 3 GeV; 2005.06518: 0.006 to 0.3 from 20 MeV; 2002.11732: up to 1.5 GeV."""
    assert 1e-3 < lower_at("mcp_argoneut", 0.1) < 1e-2 and lower_at("mcp_argoneut", 3.0) == pytest.approx(0.1, rel=0.3)
    first, last, smallest, largest = extent("mcp_milliqan_demonstrator")
    assert first == pytest.approx(0.02, rel=0.05) and last < 4.7
    assert smallest == pytest.approx(0.006, rel=0.1) and largest < 0.3
    assert extent("mcp_superk")[1] == pytest.approx(1.5, rel=0.01)
    # 2506.02251: new ground up to a charge of 0.24
    assert lower_at("mcp_milliqan_run3", 25.0) == pytest.approx(0.24, rel=0.05)


def test_projected_millicharges():
    """2007.06329: 1.5e-3 below 1.6 GeV and about 3e-4 where pi0 decays; 2010.07941: 10 MeV to 100 GeV; 1812.03998: down
    to 1e-4.
    """
    assert lower_at("mcp_submet_projected", 1.0) == pytest.approx(1.5e-3, rel=0.05)
    assert lower_at("mcp_submet_projected", 0.03) == pytest.approx(3e-4, rel=0.1)
    assert extent("mcp_submet_projected")[1] == pytest.approx(1.6, rel=0.03)
    assert extent("mcp_formosa_projected")[:2] == pytest.approx((0.01, 100), rel=0.01)
    assert 1e-4 < extent("mcp_fermini_projected")[2] < 3e-4


def test_invisible_single_photons():
    """1702.03327: masses up to 8 GeV; as quoted since, epsilon above about 1e-3 is excluded over most of them."""
    assert extent("zprime_babar_invisible")[1] == pytest.approx(8, rel=0.01)
    typical = lower_at("zprime_babar_invisible", *np.linspace(0.1, 7.9, 300))
    assert np.median(typical) == pytest.approx(1e-3, rel=0.3) and np.all((typical > 3e-4) & (typical < 2e-3))


def test_missing_energy():
    """2307.02404 has 9.37e11 electrons where 1906.00176 has 2.84e11: off the resonance a limit as the root of
    electrons, at best.
    """
    masses = np.geomspace(0.0035, 0.12, 20)
    gain = lower_at("zprime_na64_2019_invisible", *masses) / lower_at("zprime_na64_2022_invisible", *masses)
    assert np.all((gain > 1.2) & (gain < 1.05 * np.sqrt(9.37 / 2.84)))


def test_muons_and_missing_energy():
    """1912.11276: g' of 5e-2 to 1; g' over e here."""
    e = np.sqrt(4 * np.pi / 137.036)
    assert e * extent("zprime_belle2_invisible")[2] == pytest.approx(5e-2, rel=0.05)


def test_visible_decays_at_electron_machines():
    """epsilon^2 of 2e-7 to 13e-7 and below 8e-7 above 0.6 GeV (1807.02691), 8e-7 at best from 40 to 300 MeV
    (1404.5502); epsilon of 1e-4 to 1e-3 from 0.02 to 10.2 GeV (1406.2980) and from 1.5 to 3.4 GeV (1705.04265), the
    last figures to a factor of two.
    """
    first, last, smallest, largest = extent("zprime_kloe_visible")
    assert (smallest**2, largest**2) == pytest.approx((2e-7, 13e-7), rel=0.1) and 0.5 < first < last < 1.0
    assert np.all(lower_at("zprime_kloe_visible", *np.linspace(0.61, 0.98, 100)) ** 2 < 8.2e-7)
    first, last, smallest, _ = extent("zprime_a1_visible")
    assert smallest**2 == pytest.approx(8e-7, rel=0.1) and (first, last) == pytest.approx((0.04, 0.3), rel=0.05)
    for name, ends in (("babar", (0.02, 10.2)), ("bes3", (1.5, 3.4))):
        first, last, smallest, largest = extent(f"zprime_{name}_visible")
        assert (first, last) == pytest.approx(ends, rel=0.02) and 1e-4 < smallest < 1e-3 and largest < 2e-3


def test_visible_decays_at_proton_machines():
    """1910.06926: 214 MeV to 70 GeV; 1912.04776: 11.5 to 75 and 110 to 200 GeV; 1504.00607: best limits from 9 to 70
    MeV.
    """
    assert extent("zprime_lhcb_visible")[:2] == pytest.approx((0.214, 70), rel=0.01)
    assert [
        float(ends) for mass, _ in segments("limits/zprime_cms_visible.csv") for ends in (mass[0], mass[-1])
    ] == pytest.approx([11.5, 75, 110, 200], rel=0.01)
    assert extent("zprime_na48_visible")[0] == pytest.approx(0.009, rel=0.01)


@pytest.mark.parametrize(
    ("name", "resonances"),
    [
        ("lhcb", (0.547862, 0.78266, 1.01946, 3.0969, 3.6861, 9.4604, 10.0234, 10.3551)),
        ("babar", (0.78266, 1.01946, 3.0969, 3.6861)),
        ("bes3", (3.0969,)),
    ],
)
def test_no_limit_at_the_resonances(name, resonances):
    assert np.all(np.isnan([lower_at(f"zprime_{name}_visible", mass) for mass in resonances]))
