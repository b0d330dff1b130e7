"""Figures: the files, what is in them, equal bytes for equal results; shades on the excluded side, words clear of
curves.
"""

import csv
import importlib.util
import itertools
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.path import Path as Outline

from jaxmix import config, plots, results
from jaxmix.constraints import shelf
from jaxmix.plots import labels, plane, regions, style

ROOT = Path(__file__).parents[2]
LOW, HIGH = (0.5, 3e-4), (200.0, 0.3)


def study(**figure):
    """Two mass ratios and two luminosities in the plane of mass and millicharge, both logarithmic."""
    raw = {
        "scan": {"name": "small"},
        "parameters": {"theta_dark": "theta_w"},
        "axes": {
            "m_zprime_over_m_mcp": {"values": [3, 9]},
            "luminosity": {"values": [300, 3000]},
            "m_mcp": {"min": LOW[0], "max": HIGH[0], "count": 30, "spacing": "log"},
            "epsilon_gamma": {"min": LOW[1], "max": HIGH[1], "count": 30, "spacing": "log"},
        },
        "constraints": {"mcp_lhc": {"levels": [{"sigma": 2}, {"sigma": 3}]}},
        "contours": {"x": "m_mcp", "y": "epsilon_gamma"},
        "figure": {"title": "A test", **figure},
    }
    return config.validate(raw)


def in_box(curve):
    """Box coordinates of points [n, 2]."""
    return np.log(curve / np.array(LOW)) / np.log(np.array(HIGH) / np.array(LOW))


def rising(settings, values, level, height):
    """A contour that rises from left to right, in box coordinates v = height + 0.2 u^2."""
    u = np.linspace(0, 1, 40)
    place, tangent = np.column_stack([u, height + 0.2 * u**2]), np.column_stack([np.ones_like(u), 0.4 * u])
    tangent /= np.linalg.norm(tangent, axis=1)[:, None]
    x, y = (np.array(LOW) * (np.array(HIGH) / np.array(LOW)) ** place).T
    return results.Trace("mcp_lhc", level, 0, False, settings.held | values, x, y, *tangent.T, np.zeros(40))


def traces_of(settings):
    wanted = itertools.product(settings.planes(), ("sigma=2", "sigma=3"))
    return [rising(settings, values, level, 0.05 + 0.09 * i) for i, (values, level) in enumerate(wanted)]


def rows_of(content):
    lines = [line for line in content.decode().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def drawn():
    settings = study()
    return plots.plane_figure(settings, traces_of(settings))


def test_a_scan_gets_a_picture_a_vector_drawing_and_a_table(tmp_path):
    settings = study()
    names = plots.draw(tmp_path, settings, traces_of(settings))
    assert (
        sorted(names) == sorted(path.name for path in tmp_path.iterdir()) == ["figure.csv", "figure.pdf", "figure.png"]
    )
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "figure.pdf").read_bytes().startswith(b"%PDF")


def test_equal_results_give_equal_bytes_whatever_the_date(tmp_path, monkeypatch):
    settings = study()
    contents = []
    for date in ("1000000000", "1700000000"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", date)  # what matplotlib takes for the time
        names = plots.draw(tmp_path, settings, traces_of(settings))
        contents.append([(tmp_path / name).read_bytes() for name in names])
    assert contents[0] == contents[1]
    for content in contents[0]:
        assert b"Matplotlib" not in content and b"CreationDate" not in content


def strokes(axes):
    """The curves of a panel, without its shades."""
    return [patch for patch in axes.patches if not patch.get_fill()]


def shades(axes):
    return [patch for patch in axes.patches if patch.get_fill()]


def looks_of(axes):
    """Colours and dashes of a panel's curves."""
    return {(to_hex(stroke.get_edgecolor()), stroke.get_linestyle()) for stroke in strokes(axes)}


def test_a_curve_is_drawn_as_cubic_pieces_between_its_vertices(drawn):
    paths = [patch.get_path() for axes in drawn[0].axes for patch in strokes(axes)]
    assert len(paths) == 8
    found = []
    for path in paths:
        assert list(path.codes) == [Outline.MOVETO] + 39 * [Outline.CURVE4] * 3 and path._interpolation_steps == 1
        found.append(path.vertices[::3])
    settings = study()
    vertices = [np.column_stack([trace.x, trace.y]) for trace in traces_of(settings)]
    for each in vertices:  # to the rounding of the way to box coordinates and back
        assert sum(np.allclose(each, other, rtol=1e-12, atol=0) for other in found) == 1


def test_a_closed_curve_is_drawn_closed():
    settings = study()
    tangent = np.column_stack([-np.sin(ANGLE), np.cos(ANGLE)])
    x, y = (np.array(LOW) * (np.array(HIGH) / np.array(LOW)) ** CIRCLE).T
    trace = traces_of(settings)[0]._replace(closed=True, x=x, y=y, tangent_x=tangent[:, 0], tangent_y=tangent[:, 1])
    (stroke,) = strokes(plots.plane_figure(settings, [trace])[0].axes[0])
    path = stroke.get_path()
    assert list(path.codes) == [Outline.MOVETO] + len(x) * [Outline.CURVE4] * 3 + [Outline.CLOSEPOLY]
    assert np.allclose(in_box(path.vertices[::3][:-1]), CIRCLE, atol=1e-12)


def test_a_logarithmic_panel_keeps_the_cubic_pieces(drawn):
    """What reaches the canvas is the cubic in the logarithm: v = height + 0.2 u^2 to far less than a dot."""
    axes = drawn[0].axes[0]
    drawn[0].draw_without_rendering()
    for stroke in strokes(axes):
        path = stroke.get_transform().transform_path(stroke.get_path())
        assert set(path.codes[1:]) == {Outline.CURVE4}
        u, v = (
            axes.transAxes.inverted()
            .transform(np.concatenate([piece(np.linspace(0, 1, 7)) for piece, _ in list(path.iter_bezier())[1:]]))
            .T
        )
        assert np.ptp(v - 0.2 * u**2) < 1e-7


def test_the_table_follows_what_is_drawn(drawn):
    figure, table = drawn
    found = {
        key: np.array([[float(row["m_mcp"]), float(row["epsilon_gamma"])] for row in group])
        for key, group in itertools.groupby(
            rows_of(table), key=lambda row: (row["m_zprime_over_m_mcp"], row["luminosity"], row["level"])
        )
    }
    paths = [patch.get_path() for axes in figure.axes for patch in strokes(axes)]
    lines = [Outline(in_box(path.vertices), path.codes) for path in paths]
    curves = [np.concatenate([piece(np.arange(7) / 6) for piece, _ in list(line.iter_bezier())[1:]]) for line in lines]
    assert len(curves) == len(found) == 8
    for points in map(in_box, found.values()):  # each a sixth of a piece on one curve, to the table's eight digits
        apart = [np.max(np.min(np.linalg.norm(points[:, None] - curve[None], axis=-1), axis=1)) for curve in curves]
        assert sum(distance < 1e-7 for distance in apart) == 1


def test_the_table_says_names_units_and_what_is_held(drawn):
    comments = "\n".join(line for line in drawn[1].decode().splitlines() if line.startswith("#"))
    for text in (
        "m_mcp: [GeV]",
        "luminosity: [1/fb]",
        "epsilon_gamma: [1]",
        "held: theta_dark = ",
        "held: sqrt_s = 14000.0 [GeV]",
    ):
        assert text in comments


def test_the_points_of_the_table_keep_to_the_curve_and_are_few():
    settings = study()
    _, table = plots.plane_figure(settings, traces_of(settings)[:1])
    u, v = in_box(np.array([[float(row["m_mcp"]), float(row["epsilon_gamma"])] for row in rows_of(table)])).T
    assert 10 < len(u) < 40 and (u[0], u[-1]) == pytest.approx((0, 1), abs=1e-6)
    at = np.linspace(0, 1, 500)
    assert np.max(np.abs(np.interp(at, u, v) - 0.05 - 0.2 * at**2)) < 1.2e-4  # of the box: less than a tenth of a dot


def test_a_spike_is_drawn_to_its_tip():
    settings = study()
    trace = traces_of(settings)[0]
    y = trace.y.copy()
    y[20] *= 0.3
    _, table = plots.plane_figure(settings, [trace._replace(y=y)])
    drawn = [float(row["epsilon_gamma"]) for row in rows_of(table)]
    assert min(drawn) <= y[20] * (1 + 1e-7)


def test_colours_tell_luminosities_dashes_tell_levels_and_panels_tell_mass_ratios(drawn):
    figure, _ = drawn
    assert len(figure.axes) == 2
    for axes, ratio in zip(figure.axes, ("3", "9")):
        assert axes.get_title().endswith(f"= {ratio}")
        looks = looks_of(axes)
        assert looks == {(colour, dash) for colour in ("#000000", "#0072b2") for dash in style.DASHES[:2]}
        assert len(shades(axes)) == 2  # the first level alone is shaded


def together(**levels):
    """Two constraints, with levels of their own, in the plane of mass and millicharge at two luminosities; and a curve
    of each level.
    """
    tables = {name: {"levels": rows} for name, rows in levels.items()}
    plain = study()
    axes = {
        name: axis.model_dump(exclude_none=True) for name, axis in plain.axes.items() if name != "m_zprime_over_m_mcp"
    }
    raw = {"scan": {"name": "both"}, "parameters": {"m_zprime": 30.0}, "axes": axes, "constraints": tables}
    settings = config.validate(raw | {"contours": {"x": "m_mcp", "y": "epsilon_gamma"}})
    labels_of = [(name, level.label) for name, table in settings.constraints.items() for level in table.levels]
    curves = enumerate(itertools.product(settings.planes(), labels_of))
    traces = [
        rising(settings, values, label, 0.05 + 0.09 * i)._replace(constraint=name)
        for i, (values, (name, label)) in curves
    ]
    return settings, traces


def legend_of(figure):
    (legend,) = figure.legends
    return {text.get_text(): handle for text, handle in zip(legend.get_texts(), legend.legend_handles)}


def test_colours_tell_constraints_and_panels_what_is_held():
    """With levels of their own: an entry for each, and the first of each is solid and shaded."""
    settings, traces = together(mcp_lhc=[{"sigma": 2}, {"sigma": 3}], g_minus_2_mu=[{"cl": 0.95}])
    figure, table = plots.plane_figure(settings, traces)
    assert [axes.get_title().split(" = ")[1][:4] for axes in figure.axes] == ["300 ", "3000"]
    for axes in figure.axes:
        looks = looks_of(axes)
        assert looks == {("#000000", "-"), ("#000000", style.DASHES[1]), ("#0072b2", "-")}
        assert [to_hex(patch.get_facecolor()) for patch in shades(axes)] == ["#000000", "#0072b2"]
    detector, moment = (shelf.SHELF[name].title for name in ("mcp_lhc", "g_minus_2_mu"))
    entries = legend_of(figure)
    assert (
        list(entries)[:3] == [rf"{detector}, $2\sigma$", rf"{detector}, $3\sigma$", f"{moment}, 95% CL"]
        and len(entries) == 4
    )
    assert [to_hex(handle.get_color()) for handle in list(entries.values())[:3]] == ["#000000", "#000000", "#0072b2"]
    assert {row["constraint"] for row in rows_of(table)} == {"mcp_lhc", "g_minus_2_mu"}


def test_the_legend_stays_inside_the_figure():
    settings, traces = together(
        mcp_lhc=[{"cl": 0.95}, {"cl": 0.99}], g_minus_2_mu=[{"cl": 0.95}], g_minus_2_e=[{"cl": 0.95}]
    )
    alone = settings._replace(
        axes=settings.axes | {"luminosity": settings.axes["luminosity"].model_copy(update={"values": (300.0,)})}
    )
    figure, _ = plots.plane_figure(alone, [trace for trace in traces if trace.held["luminosity"] == 300])
    figure.draw_without_rendering()
    (legend,) = figure.legends
    box, whole = legend.get_window_extent(), figure.bbox
    assert len(figure.axes) == 1 and whole.x0 <= box.x0 and box.x1 <= whole.x1 and whole.y0 <= box.y0
    assert figure.axes[0].get_window_extent().height > 0.45 * whole.height


def test_constraints_of_equal_levels_share_the_words_for_dashes():
    settings, traces = together(mcp_lhc=[{"cl": 0.95}], g_minus_2_mu=[{"cl": 0.95}])
    figure, _ = plots.plane_figure(settings, traces)
    words = [text.get_text() for axes in figure.axes for text in axes.texts] + list(legend_of(figure))
    titles = {shelf.SHELF[name].title for name in settings.constraints}
    assert set(words) == titles | {"95% CL (shaded: excluded)"}


def test_no_collider_is_stated_where_nothing_depends_on_one():
    settings, traces = together(g_minus_2_mu=[{"cl": 0.95}])
    heading = plots.plane_figure(settings, traces)[0].get_suptitle()
    assert r"\sqrt{s}" not in heading and r"$m_{Z'}$ = 30 GeV" in heading


@pytest.mark.parametrize("total", [1, 4, 7, 8, 26])
def test_every_curve_of_a_panel_has_its_own_colour(total):
    assert len({style.colour(number, total) for number in range(total)}) == total


def test_axes_carry_symbol_unit_scale_and_the_box(drawn):
    left = drawn[0].axes[0]
    assert left.get_xlabel() == r"$m_\psi$ [GeV]" and left.get_ylabel() == r"$\epsilon_\gamma$"
    assert left.get_xscale() == left.get_yscale() == "log"
    assert left.get_xlim() == pytest.approx((LOW[0], HIGH[0])) and left.get_ylim() == pytest.approx((LOW[1], HIGH[1]))
    assert len(left.xaxis.get_minorticklocs()) > 10


def test_a_linear_axis_is_drawn_linear():
    settings = study()
    linear = settings.axes["m_mcp"].model_copy(update={"min": 1.0, "max": 101.0, "spacing": "linear"})
    figure, _ = plots.plane_figure(settings._replace(axes=settings.axes | {"m_mcp": linear}), [])
    assert figure.axes[0].get_xscale() == "linear" and figure.axes[0].get_yscale() == "log"


def test_a_logarithmic_axis_of_less_than_a_decade_has_its_numbers():
    axes = panel()
    axes.set(xlim=(10, 60), ylim=(1, 2))
    for which in "xy":
        style.logarithmic(axes, which)
    shown = [label.get_text() for label in axes.get_xticklabels() if 10 <= label.get_position()[0] <= 60]
    assert shown == ["10", "20", "50"]


def test_the_figure_says_what_is_held(drawn):
    heading = drawn[0].get_suptitle()
    for text in ("A test", r"$\theta_W'$ = $\theta_W$", "$e'$ = $e$", r"$\sqrt{s}$ = 14 TeV"):
        assert text in heading


def test_no_contour_is_said_and_drawn(tmp_path):
    names = plots.draw(tmp_path, study(), [])
    assert len(names) == 3 and rows_of((tmp_path / "figure.csv").read_bytes()) == []
    figure, _ = plots.plane_figure(study(), [])
    assert all([text.get_text() for text in axes.texts] == [plane.EMPTY] for axes in figure.axes)


def test_a_study_without_contours_has_no_figure(tmp_path):
    assert plots.draw(tmp_path, study()._replace(contours=None), []) == []


@pytest.mark.parametrize("title", ["costs $5", "$\\nonsense{$", "100 % {} _ ^ \\"])
def test_a_title_that_is_no_formula_is_drawn_as_it_stands(tmp_path, title):
    settings = study(title=title)
    figure, table = plots.plane_figure(settings, [])
    assert len(style.save(tmp_path, "title", figure, table)) == 3


def shares(rings, points):
    """Which points the rings hold, by the winding rule that fills them."""
    total = np.zeros(len(points))
    for ring in rings:
        turn = np.sum(ring[:, 0] * np.roll(ring[:, 1], -1) - ring[:, 1] * np.roll(ring[:, 0], -1))
        total += np.sign(turn) * Outline(ring).contains_points(points)
    return total != 0


GRID = np.stack(np.meshgrid(np.linspace(0.012, 0.987, 40), np.linspace(0.012, 0.987, 40)), axis=-1).reshape(-1, 2)
ACROSS = np.column_stack([np.linspace(0, 1, 30), 0.3 + 0.2 * np.linspace(0, 1, 30)])
ANGLE = np.linspace(0, 2 * np.pi, 60, endpoint=False)
CIRCLE = 0.5 + 0.2 * np.column_stack([np.cos(ANGLE), np.sin(ANGLE)])
ABOVE = GRID[:, 1] > 0.3 + 0.2 * GRID[:, 0]
WITHIN = np.hypot(*(GRID - 0.5).T) < 0.2


@pytest.mark.parametrize(
    "curves, closed, inside",
    [
        ([ACROSS], [False], ABOVE),
        ([ACROSS[::-1]], [False], ~ABOVE),
        ([CIRCLE], [True], WITHIN),
        ([ACROSS, ACROSS[::-1] + [0, 0.3]], [False, False], ABOVE & (GRID[:, 1] < 0.6 + 0.2 * GRID[:, 0])),
        ([ACROSS[::-1], ACROSS + [0, 0.3]], [False, False], ~ABOVE | (GRID[:, 1] > 0.6 + 0.2 * GRID[:, 0])),
        ([ACROSS - [0, 0.25], CIRCLE[::-1]], [False, True], (GRID[:, 1] > 0.05 + 0.2 * GRID[:, 0]) & ~WITHIN),
        ([ACROSS[:15], ACROSS[15:]], [False, False], ABOVE),
        ([ACROSS[:15], ACROSS[14:] + [1e-3, 0]], [False, False], ABOVE),
        ([ACROSS[29:14:-1], ACROSS[14::-1]], [False, False], ~ABOVE),
        ([], [], np.zeros(len(GRID), bool)),
    ],
    ids=["above", "below", "island", "band", "two sides", "hole", "broken", "hardly broken", "broken above", "nothing"],
)
def test_the_area_is_on_the_left_of_the_curves(curves, closed, inside):
    edge = np.hypot(*(GRID - 0.5).T)
    clear = (np.abs(edge - 0.2) > 0.01) & (np.abs(GRID[:, 0] - 0.5) > 0.02)  # of a polygon's corners, of the break
    assert np.array_equal(shares(regions.enclosed(curves, closed), GRID)[clear], inside[clear])


def panel():
    with style.applied():
        figure = style.blank(style.COLUMN, 3.0)
        axes = figure.subplots()
        axes.set(xlim=(0, 1), ylim=(0, 1))
        figure.draw_without_rendering()
    return axes


def test_words_stand_in_the_panel_and_touch_no_curve():
    axes = panel()
    curves = [np.column_stack([np.linspace(0, 1, 50), height + 0.3 * np.linspace(0, 1, 50)]) for height in (0.1, 0.4)]
    written = labels.write(axes, [("first", "k", curves[:1]), ("second", "k", curves[1:])], curves)
    boxes = [text.get_window_extent() for text in written]
    frame = axes.get_window_extent()
    assert all(frame.x0 < box.x0 and box.x1 < frame.x1 and frame.y0 < box.y0 and box.y1 < frame.y1 for box in boxes)
    for text in written:
        assert 0 < text.get_rotation() < 45
        place = axes.transData.inverted().transform(axes.transAxes.transform(text.get_position()))
        assert min(abs(place[1] - height - 0.3 * place[0]) for height in (0.1, 0.4)) > 0.02


def test_a_word_without_room_is_not_written():
    axes = panel()
    curves = [np.column_stack([np.linspace(0, 1, 50), np.full(50, height)]) for height in np.linspace(0, 1, 40)]
    assert labels.write(axes, [("no room here", "k", curves[:1])], curves) == [None]
    assert not axes.texts


def test_figure_2_is_drawn_from_a_scans_contours(tmp_path, capsys):
    spec = importlib.util.spec_from_file_location("fig2_projections", ROOT / "figures" / "fig2_projections.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    settings = config.load(script.CONFIG)
    sides = [
        results.Side(name, settings.axes[name].min, settings.axes[name].max, True)
        for name in ("m_mcp", "epsilon_gamma")
    ]
    traces = traces_of(settings)
    results.write_contours(tmp_path / "contours.csv", tuple(sides), sorted(traces[0].held), traces)
    assert script.main(["--scan", str(tmp_path), "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.split() == [f"{script.STEM}.{kind}" for kind in ("png", "pdf", "csv")]
