"""Package data: every file is verified, every failure says which file, what was found and what to do."""

import hashlib
import io

import numpy as np
import pytest

from jaxmix import faults
from jaxmix.data import tables


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A stand-in for the package's data folder, empty but for a list of checksums that tests write with `publish`."""
    monkeypatch.setattr(tables.importlib.resources, "files", lambda package: tmp_path)
    tables._listed.cache_clear()
    yield tmp_path
    tables._listed.cache_clear()


def publish(folder, name, content):
    (folder / name).write_bytes(content)
    (folder / "SHA256SUMS").write_text(f"{hashlib.sha256(content).hexdigest()}  {name}\n", encoding="ascii")


def test_every_data_file_is_listed_and_verified():
    sums = tables.checksums()
    assert {"parton_luminosity.npz", "mesons.csv"} <= set(sums)
    assert all(len(digest) == 64 for digest in sums.values())


@pytest.mark.parametrize(
    "read", [lambda: tables.read_npz("parton_luminosity.npz"), lambda: tables.read_csv("mesons.csv")]
)
def test_headers_state_source_units_level_and_maker(read):
    header = read().header
    assert {"content", "source", "units", "axes", "CL", "made by"} <= set(header)
    assert "arXiv" in header["source"]


def test_grid_of_the_luminosity_is_named_with_its_checksum():
    header = tables.read_npz("parton_luminosity.npz").header
    assert "arXiv:1706.00428" in header["source"]
    assert "SHA256 " in header["grid"] and len(header["grid"].rsplit(" ", 1)[1]) == 64


def test_altered_file_is_refused(folder):
    publish(folder, "rates.csv", b"a\n1\n")
    (folder / "rates.csv").write_bytes(b"a\n2\n")
    with pytest.raises(faults.DamagedData, match=r"rates.csv has SHA256 \w{64}, expected \w{64}; reinstall"):
        tables.read_bytes("rates.csv")


def test_missing_and_unlisted_files_are_refused(folder):
    with pytest.raises(faults.DamagedData, match="data/SHA256SUMS is missing; reinstall"):
        tables.checksums()
    publish(folder, "rates.csv", b"a\n1\n")
    (folder / "rates.csv").unlink()
    with pytest.raises(faults.DamagedData, match="rates.csv is missing, expected a file with SHA256"):
        tables.read_bytes("rates.csv")
    with pytest.raises(faults.DamagedData, match=r"other.csv is not listed in data/SHA256SUMS; known files: rates.csv"):
        tables.read_bytes("other.csv")


def test_csv_columns_and_header(folder):
    publish(folder, "rates.csv", b'# source: somebody, 2020: table 1\n# units: pb\nname,rate\n"a, b",1e3\nc,2\n')
    table = tables.read_csv("rates.csv")
    assert table.header == {"source": "somebody, 2020: table 1", "units": "pb"}
    assert table.columns["name"].tolist() == ["a, b", "c"]
    np.testing.assert_array_equal(table.columns["rate"], [1000.0, 2.0])


def test_rows_know_their_lines():
    text = b'# note: first\n# units: pb\n# note: second\n\nname,rate\na,1\n# remark\n\n"b\nb",2\n'
    rows = tables.parse_rows(text, "rates.csv")
    assert (rows.name, rows.names, rows.lines) == ("rates.csv", ("name", "rate"), (5, 6, 10))
    assert rows.entries == (("a", "1"), ("bb", "2"))
    assert rows.header == {"note": "first second", "units": "pb", "remark": ""}


def test_an_empty_table_is_refused():
    with pytest.raises(faults.DamagedData, match="rates.csv is empty, expected a line of column names and rows"):
        tables.parse_rows(b"# units: pb\n\n", "rates.csv")


def test_uneven_row_is_refused(folder):
    publish(folder, "rates.csv", b"name,rate\na,1,2\n")
    with pytest.raises(
        faults.DamagedData,
        match=r"rates.csv has a row of 3 entries, expected 2 \(name, rate\), line 2: \['a', '1', '2'\]",
    ):
        tables.read_csv("rates.csv")


def test_pickles_are_refused(folder):
    stream = io.BytesIO()
    np.savez(stream, header=np.array("{}"), rate=np.array([{}], dtype=object))
    publish(folder, "rates.npz", stream.getvalue())
    with pytest.raises(faults.DamagedData, match="rates.npz is not an .npz file without pickles"):
        tables.read_npz("rates.npz")
