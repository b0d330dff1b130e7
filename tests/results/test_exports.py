"""Contours as HEPData tables and as text: read back with other readers, closed, with units and qualifiers; no number
that is none.
"""

from pathlib import Path

import numpy as np
import pytest

from jaxmix.results import exports
from jaxmix.results.contours import Side, Trace

PLANE = (Side("m_zprime", 1.0, 100.0, True), Side("kappa", 1e-3, 1.0, True))
KINDS = {"precision": "measured", "mcp_lhc": "projected"}
ANGLE = np.linspace(0, 2 * np.pi, 7)[:-1]


def trace(constraint: str = "precision", component: int = 0, closed: bool = True, **held: float) -> Trace:
    x, y = 10.0 + np.cos(ANGLE), 0.1 + 0.01 * np.sin(ANGLE) + component
    return Trace(constraint, "cl=0.95", component, closed, held or {"theta_dark": 0.5}, x, y, *np.zeros((3, 6)))


TRACES = [trace(), trace(component=1, closed=False), trace(theta_dark=1.2), trace("mcp_lhc")]


def test_text_of_a_limit_is_two_columns_with_units(tmp_path: Path) -> None:
    names = exports.write_texts(tmp_path, PLANE, KINDS, TRACES)
    assert names == [f"limits/{name}_cl0p95_{k}.txt" for k, name in enumerate(["precision", "precision", "mcp_lhc"])]
    text = (tmp_path / names[0]).read_text()
    assert "# columns: m_zprime [GeV], kappa [1]" in text
    assert "theta_dark = 0.5 [rad]" in text
    found = np.loadtxt(tmp_path / names[0])
    np.testing.assert_allclose(found[:6], np.column_stack([TRACES[0].x, TRACES[0].y]), rtol=1e-7)
    np.testing.assert_array_equal(found[6], found[0])  # closed
    assert len(found) == 7 + 6
    assert len([block for block in text.split("\n\n") if block.strip()]) == 2
    assert "(expected)" in (tmp_path / names[2]).read_text()


def test_hepdata_tables_are_closed_and_qualified(tmp_path: Path) -> None:
    pytest.importorskip("hepdata_lib")
    yaml = pytest.importorskip("yaml")
    assert exports.write_hepdata(tmp_path, PLANE, KINDS, TRACES) == ["contours.yaml"]
    tables = list(yaml.safe_load_all((tmp_path / "contours.yaml").read_text()))
    assert len(tables) == 3
    mass, (mixing, component) = tables[0]["independent_variables"][0], tables[0]["dependent_variables"]
    assert mass["header"] == {"name": "m_zprime", "units": "GeV"}
    assert [entry["value"] for entry in component["values"]] == [0] * 7 + [1] * 6
    assert mixing["values"][0] == mixing["values"][6]
    np.testing.assert_allclose([entry["value"] for entry in mixing["values"][:6]], TRACES[0].y, rtol=1e-7)
    seen = [{each["name"]: each["value"] for each in table["dependent_variables"][0]["qualifiers"]} for table in tables]
    assert [each["Limit"] for each in seen] == ["observed", "observed", "expected"]
    assert [each["theta_dark"] for each in seen] == [0.5, 1.2, 0.5]


@pytest.mark.parametrize("write", [exports.write_texts, exports.write_hepdata])
def test_a_vertex_that_is_no_number_is_refused(tmp_path: Path, write) -> None:
    if write is exports.write_hepdata:
        pytest.importorskip("hepdata_lib")
    broken = TRACES[0]._replace(x=np.where(ANGLE > 5, np.nan, TRACES[0].x))
    with pytest.raises(ValueError, match="not finite"):
        write(tmp_path, PLANE, KINDS, [broken])
    assert not list(tmp_path.rglob("*.txt")) and not (tmp_path / "contours.yaml").exists()
