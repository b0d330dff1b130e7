"""An experiment is one class, a limit is one table: both run through every command, the package unchanged."""

import contextlib
import importlib.metadata
import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar, NamedTuple, Self

import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Scalar

import jaxmix
from jaxmix import __main__, config, engine, faults, results, study
from jaxmix.constraints import shelf
from jaxmix.constraints.base import closed_form, setting
from jaxmix.constraints.base.setting import Setting

PACKAGE = Path(jaxmix.__file__).parent
POINT = ("point", "--kappa", "3e-3", "--m-zprime", "30", "--theta-dark", "0.5", "--json")


class Ruler(closed_form.ClosedForm):
    """A made-up experiment that excludes kappa > bound (or weak x bound): q = (kappa/bound)^2."""

    values: dict[str, Scalar]

    name: ClassVar[str] = "ruler"
    title: ClassVar[str] = "A ruler of the mixing"
    label: ClassVar[str] = "ruler"
    reference: ClassVar[str] = "nobody, not published"
    data_reference: ClassVar[str] = ""
    kind: ClassVar[str] = "projected"
    domain: ClassVar[str] = "everywhere"
    settings: ClassVar[Mapping[str, Setting]] = {
        "bound": Setting(0.02, "largest mixing", above=0, most=1),
        "marks": Setting(2, "power of the ratio", least=1, most=9),
        "wood": Setting("hard", "of the ruler", choices=("hard", "soft")),
        "error": Setting(0.0, "of reading", "mm", least=0, table="reading", required=True),
    }
    needs: ClassVar[tuple[str, ...]] = ()
    levels: ClassVar[tuple[tuple[str, float], ...]] = (("cl", 0.9),)
    only_cl: ClassVar[float | None] = None

    @classmethod
    def build(cls, settings: Mapping[str, float | str], level: tuple[str, float], pdf: str | None = None) -> Self:
        numbers = setting.values(cls.settings, settings)
        numbers["bound"] *= 2.0 if setting.words(cls.name, cls.settings, settings)["wood"] == "soft" else 1.0
        return cls({name: jnp.asarray(value) for name, value in numbers.items()})

    def at_level(self, mode: str, value: float) -> Self:
        return self

    def asimov(self) -> Self:
        return self

    def sources(self) -> tuple[str, ...]:
        return (self.reference,)

    def features(self, axis: str, held: Mapping[str, float]) -> tuple[float, ...]:
        return ()

    def reason(self, currents):
        return closed_form.first_reason()

    def test_statistic(self, currents, slow):
        return jnp.abs(currents.strength / self.values["bound"]) ** self.values["marks"]

    def critical_value(self):
        return jnp.ones_like(self.values["bound"])


TABLE = """# name: attic
# label: attic
# title: A dark photon in the attic
# source: a made-up publication
# confidence: 0.9
# kind: published
# channel: invisible
# group: attic
# produced_by: electrons
# assumption: none
# read_off: nowhere
m_zprime,lower
1.0,1e-3
10.0,2e-3
100.0,4e-3
"""

STUDY = """
[scan]
name = "new"
[parameters]
theta_dark = 0.5
m_mcp = 5.0
[axes.m_zprime]
min = 2.0
max = 80.0
count = 6
spacing = "log"
[axes.kappa]
min = 1e-3
max = 0.5
count = 8
spacing = "log"
[constraints.ruler]
[constraints.attic]
[constraints.soft]
kind = "ruler"
wood = "soft"
[contours]
x = "m_zprime"
y = "kappa"
cells = 8
depth = 6
"""


class Answer(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        assert self.code == 0, self.err
        return json.loads(self.out)


def ask(*arguments: object) -> Answer:
    """A command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = __main__.main([str(word) for word in arguments])
    return Answer(code, out.getvalue(), err.getvalue())


@pytest.fixture(autouse=True)
def own_shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test adds is gone after it."""
    len(shelf.SHELF)
    monkeypatch.setattr(shelf.SHELF, "_kinds", dict(shelf.SHELF))


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A folder with one table."""
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "attic.csv").write_text(TABLE, encoding="utf-8")
    return folder


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The study."""
    path = tmp_path / "new.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def test_a_class_and_a_table_go_through_a_scan(written: Path, tables: Path, tmp_path: Path) -> None:
    """Test statistics, contours, figure and manifest of a registered class, of a second instance of it, and of a
    table; a resume with another table is refused.
    """
    assert jaxmix.register(Ruler) is Ruler
    out = tmp_path / "out"
    manifest = ask("scan", written, "--out", out, "--tables", tables, "--json").json
    assert manifest["excluded"].keys() == {"ruler", "attic", "soft"} and list(manifest["tables"]) == ["attic"]
    kappa = np.geomspace(1e-3, 0.5, 8)
    assert manifest["excluded"]["ruler"] == 6 * np.sum(kappa > 0.02)
    assert manifest["excluded"]["soft"] == 6 * np.sum(kappa > 0.04)
    _, traces = results.read_contours(out / "contours.csv")
    for name, bound in (("ruler", 0.02), ("soft", 0.04)):
        (trace,) = (each for each in traces if each.constraint == name)
        np.testing.assert_allclose(trace.y, bound, rtol=1e-8)
    assert any(each.constraint == "attic" for each in traces)
    assert {"contours.png", "contours.pdf"} <= set(manifest["files"]) or any(
        file.endswith(".png") for file in manifest["files"]
    )
    assert "finished" in ask("scan", written, "--out", out, "--tables", tables).out
    shelf.SHELF._kinds.pop("attic")
    (tables / "attic.csv").write_text(TABLE.replace("4e-3", "5e-3"), encoding="utf-8")
    refused = ask("scan", written, "--out", out, "--tables", tables)
    assert refused.code == 4 and "tables.attic" in refused.err


def test_a_class_and_a_table_go_through_point_and_limit(tables: Path) -> None:
    """Verdicts by name, instances that --set makes, limits that move with the settings; a short shelf, for speed."""
    shelf.SHELF._kinds.clear()
    jaxmix.register(Ruler)
    sets = ("--set", "ruler.bound=1e-3", "--set", "constraints.weak.kind=ruler", "--set", "weak.bound=0.5")
    found = ask(*POINT, "--tables", tables, *sets).json
    verdicts = found["constraints"]
    assert (verdicts["ruler"]["test_statistic"], verdicts["ruler"]["excluded"]) == (pytest.approx(9.0), True)
    assert (verdicts["weak"]["test_statistic"], verdicts["weak"]["excluded"]) == (pytest.approx(3.6e-5), False)
    assert verdicts["attic"]["cl"] == 0.9 and verdicts["attic"]["test_statistic"] > 0
    assert "ruler" in found["within_reach_of"] and "weak" not in found["within_reach_of"]
    at = ("--on", "kappa", "--at", "m_zprime=30", "--at", "theta_dark=0.5", "--json")
    for name, sets in (("ruler", ()), ("slab", ("--set", "constraints.slab.kind=ruler", "--set", "slab.marks=4"))):
        answer = ask("limit", name, *at, *sets).json
        assert answer["constraint"] == name and answer["limit"] == pytest.approx(0.02, rel=1e-9)
        assert answer["d_log_limit"][f"{name}.bound"] == pytest.approx(50.0, rel=1e-9)
    attic = ask("limit", "attic", *at, "--tables", tables).json
    assert attic["limit"] > 0 and attic["cl"] == 0.9


def test_a_new_limit_is_drawn_with_its_group(tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures of all limits group by a word of the table's header; nothing is left out."""
    monkeypatch.syspath_prepend(str(PACKAGE.parent / "figures"))
    import limits_plane

    before = limits_plane.groups()
    assert jaxmix.load_tables(tables) == ["attic"]
    after = limits_plane.groups()
    assert set(after) - set(before) == {"attic"} and after["attic"].members == ("attic",)
    shown = {name for group in after.values() for name in group.members}
    assert {name for name, kind in shelf.SHELF.items() if kind.kind == "published"} <= shown
    assert len({group.colour for group in after.values()}) == len(after)


def test_two_detectors_in_one_study() -> None:
    """Instances of one kind share what the collider is and differ in their settings."""
    raw = {
        "scan": {"name": "pair"},
        "parameters": {"kappa": 1e-2},
        "axes": {"m_zprime": {"values": [30.0]}},
        "constraints": {"near": {"kind": "ruler"}, "far": {"kind": "ruler", "bound": 0.5, "levels": [{"sigma": 3}]}},
    }
    jaxmix.register(Ruler)
    settings = config.validate(raw)
    assert [config.about(table) for table in settings.constraints.values()] == [Ruler, Ruler]
    assert config.restored(json.loads(json.dumps(settings.canonical()))).canonical() == settings.canonical()
    built = {
        name: shelf.build(each.kind, config.flat(each), ("cl", 0.9)) for name, each in settings.constraints.items()
    }
    values = {**settings.held, "m_zprime": 30.0}
    whole = study.Study({name: value for name, value in values.items() if name != "kappa"}, built)
    found = engine.evaluate_points(whole, {"kappa": np.array([1e-2])}, batch=1)
    assert (found["near"][0], found["far"][0]) == (pytest.approx(0.25), pytest.approx(4e-4))


WRONG = [
    ({"x": {"kind": "rular"}}, "constraints.x.kind: found an unknown kind \"rular\" (did you mean 'ruler'?)"),
    ({"x": {"kind": 3}}, "constraints.x.kind: found 3; allowed: the name of a kind"),
    ({"x y": {"kind": "ruler"}}, 'constraints."x y": found "x y"; allowed: letters, digits and underscores'),
    ({"precision": {"kind": "ruler"}}, 'constraints.precision.kind: found "ruler"; allowed: precision, or another'),
    ({"x": {"kind": "ruler", "bound": 2.0}}, "constraints.x.bound: found 2.0; allowed: a number <= 1.0 (largest"),
    ({"ruler": {"reading": {}}}, "constraints.ruler.reading.error: found nothing; allowed: a value, which"),
    ({"rular": {}}, "constraints.rular: found an unknown key (did you mean 'ruler'?)"),
    ("everything", 'constraints: found "everything"; allowed: a table, or one of measured, published, projected, all'),
]


@pytest.mark.parametrize(("constraints", "text"), WRONG, ids=[row[1][:30] for row in WRONG])
def test_a_wrong_instance_is_told(constraints: object, text: str) -> None:
    """With its path, what was found and what is allowed."""
    jaxmix.register(Ruler)
    raw = {"scan": {"name": "x"}, "axes": {"m_zprime": {"values": [1.0]}, "kappa": {"values": [0.1]}}}
    with pytest.raises(config.ConfigError) as caught:
        config.validate(raw | {"constraints": constraints})
    assert text in str(caught.value)


@pytest.mark.parametrize("word", ["measured", "published", "projected", "all"])
def test_a_word_adds_every_constraint_of_a_sort(word: str) -> None:
    """constraints = "published" stands for every published limit with its defaults."""
    raw = {"scan": {"name": "x"}, "axes": {"m_zprime": {"values": [1.0]}, "kappa": {"values": [0.1]}}}
    raw |= {"constraints": word, "parameters": {"m_mcp": 1.0}}
    wanted = [name for name, kind in shelf.SHELF.items() if word in ("all", kind.kind)]
    assert list(config.validate(raw).constraints) == wanted and wanted
    changed = config.apply_overrides(raw, [f"{wanted[0]}.kind={wanted[0]}"])
    assert list(changed["constraints"]) == wanted


def test_a_table_without_its_words_is_refused(tables: Path) -> None:
    """Exit 2; every missing and every wrong word is told at once, with the file and what is allowed."""
    text = TABLE.replace("# group: attic\n", "").replace("# title: A dark photon in the attic\n", "")
    text = text.replace("confidence: 0.9", "confidence: 90").replace("electrons", "elephants").replace("4e-3", "-4e-3")
    (tables / "attic.csv").write_text(text, encoding="utf-8")
    answer = ask("constraints", "--tables", tables)
    assert answer.code == 2 and "attic.csv" in answer.err
    for told in (
        "header word group: found nothing; allowed: the region",
        "header word title: found nothing",
        "header word confidence: found '90'; allowed: a number in (0, 1)",
        "header word produced_by: found 'elephants'; allowed: electrons, muons, pi0, or quarks of protons at "
        "NUMBER GeV",
        "column lower, line 13: found '-4e-3'; allowed: a number > 0",
    ):
        assert told in answer.err
    assert ask("constraints", "--tables", tables / "nothing").code == 2
    (tables / "attic.csv").write_text(TABLE.replace("name: attic", "name: precision"), encoding="utf-8")
    assert "precision: found a second experiment of this name" in ask("constraints", "--tables", tables).err


def test_a_class_that_does_not_describe_itself_is_refused() -> None:
    """The message names all that it lacks."""

    class Nameless(Ruler):
        pass

    Nameless.name, Nameless.kind, Nameless.needs = "two words", "guessed", ("m_cmp",)
    with pytest.raises(faults.BadInput) as caught:
        jaxmix.register(Nameless)
    assert all(word in str(caught.value) for word in ("two words", "guessed", "m_cmp", "measured, projected"))
    with pytest.raises(faults.BadInput, match="title: found nothing"):
        jaxmix.register(closed_form.ClosedForm)


def test_an_entry_point_adds_an_experiment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The group jaxmix.constraints is read when the shelf is first asked."""

    class Entry:
        def load(self) -> type[Ruler]:
            return Ruler

    def entry_points(group: str) -> Iterator[Entry]:
        return iter([Entry()] if group == "jaxmix.constraints" else [])

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    fresh = shelf.Shelf([shelf.SHELF["precision"]])
    assert list(fresh) == ["precision", "ruler"]


def test_the_package_names_no_experiment_outside_its_place() -> None:
    """The word for the millicharge detector stands in its own folder and on the shelf alone."""
    for path in PACKAGE.rglob("*.py"):
        inside = path.relative_to(PACKAGE)
        if inside.parts[:2] != ("constraints", "mcp_lhc") and inside != Path("constraints/shelf.py"):
            assert not re.search(r"mcp_lhc", path.read_text(encoding="utf-8")), inside
