"""How figures look, in one place, and how they are written: PNG and PDF without dates, with a table beside them."""

import contextlib
import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import matplotlib
from matplotlib import colors, mathtext, ticker
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline

from jaxmix import atomic, parameters

# M. Okabe, K. Ito, Color Universal Design (2008), without the yellow that is lost on white
PALETTE = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
Dash = Literal["-"] | tuple[float, tuple[float, ...]]  # as matplotlib takes it: offset, and lengths on and off
DASHES: tuple[Dash, ...] = ("-", (0, (4.5, 1.8)), (0, (1.2, 1.5)), (0, (6, 1.5, 1.2, 1.5)))
SHADE = 0.13  # opacity of an excluded region
COLUMN, PAGE = 3.5, 7.0  # widths, inches
DPI = 200
GREY = "0.35"  # of notes

RC: dict[Any, Any] = {  # matplotlib lists every key as a Literal, which a table of our own cannot be
    "font.family": "STIXGeneral",
    "mathtext.fontset": "cm",
    "font.size": 9.5,
    "axes.labelsize": 11,
    "axes.titlesize": 10,
    "figure.titlesize": 11,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.handlelength": 2.2,
    "axes.linewidth": 0.7,
    "lines.linewidth": 1.3,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.major.size": 5.0,
    "ytick.major.size": 5.0,
    "xtick.minor.size": 2.5,
    "ytick.minor.size": 2.5,
    "xtick.minor.visible": True,
    "ytick.minor.visible": True,
    "pdf.fonttype": 3,
}
_METADATA = {"png": {"Software": None}, "pdf": {"CreationDate": None, "Creator": None, "Producer": None}}
_UNITS = {"1": "", "1/fb": "fb$^{-1}$"}
_WORDS = {"theta_w": r"$\theta_W$", "e": "$e$"}


@contextlib.contextmanager
def applied() -> Iterator[None]:
    """Apply the style while a figure is made or written."""
    with matplotlib.rc_context(RC):
        yield


def blank(width: float, height: float) -> Figure:
    """Make an empty figure of a width and height in inches, with its own canvas."""
    figure = Figure(figsize=(width, height))
    figure.set_layout_engine(ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03, wspace=0.04, hspace=0.03))
    FigureCanvasAgg(figure)
    return figure


def colour(number: int, total: int) -> str:
    """Choose the colour of one of several curves.

    It is from the palette, or for more curves than the palette holds from a scale from dark blue to yellow.
    """
    if total <= len(PALETTE):
        return PALETTE[number]
    return colors.to_hex(matplotlib.colormaps["cividis"](0.93 * number / (total - 1)))


def stroke(path: Outline, colour: str, dash: Dash, order: float) -> PathPatch:
    """Draw a path in the colour and dash that a line would have."""
    kind = "solid" if dash == "-" else "dash"
    settings: Any = matplotlib.rcParams
    ends = {f"{which}style": settings[f"lines.{kind}_{which}style"] for which in ("cap", "join")}
    return PathPatch(
        path,
        fill=False,
        edgecolor=colour,
        linestyle=dash,
        linewidth=matplotlib.rcParams["lines.linewidth"],
        zorder=order,
        **ends,
    )


def quantity(name: str, value: float, sm: dict[str, float]) -> str:
    """Write a parameter's value in words, such as m_Z'/m_psi = 3.

    `sm` holds the values that words stand for (parameters.named_values).
    """
    parameter = parameters.PARAMETERS[name]
    word = parameters.WORDS.get(name)
    if word is not None and math.isclose(value, sm[word], rel_tol=1e-12):
        return f"{parameter.symbol} = {_WORDS[word]}"
    if parameter.unit == "GeV" and value >= 1000:
        return f"{parameter.symbol} = {value / 1000:g} TeV"
    unit = _UNITS.get(parameter.unit, parameter.unit)
    return f"{parameter.symbol} = {_number(value)} {unit}".rstrip()


def _number(value: float) -> str:
    """Four digits, with a power of ten in place of an exponent."""
    mantissa, _, exponent = f"{value:.4g}".partition("e")
    return mantissa if not exponent else rf"${mantissa} \times 10^{{{int(exponent)}}}$"


def literal(text: str) -> str:
    """Return a user's text with its formulas where they can be set, else letter by letter."""
    try:
        mathtext.MathTextParser("path").parse(text)
    except ValueError:
        return text.replace("$", r"\$")
    return text


def axis_label(name: str) -> str:
    """Return symbol and unit of a parameter."""
    parameter = parameters.PARAMETERS[name]
    unit = _UNITS.get(parameter.unit, parameter.unit)
    return f"{parameter.symbol} [{unit}]" if unit else parameter.symbol


def logarithmic(axes: Axes, which: str) -> None:
    """Make an axis ("x" or "y") logarithmic, with minor ticks on every decade, and plain numbers from 0.1 to 1000."""
    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    low, high = sorted(getattr(axes, f"get_{which}lim")())
    decades = math.log10(high / low)
    axis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5) if decades < 1.2 else (1,), numticks=12))
    axis.set_minor_locator(ticker.LogLocator(subs=range(2, 10) if decades < 9 else (1.0,), numticks=200))
    axis.set_minor_formatter(ticker.NullFormatter())
    if decades < 1.2 or low >= 0.05 and high <= 2000:
        axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))


def table(comments: Iterable[str], columns: Sequence[str], rows: Iterable[Sequence]) -> bytes:
    """Write a CSV: comments, then the columns, then rows, numbers with eight digits."""
    text = io.StringIO()
    text.writelines(f"# {line}\n" for line in comments)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([f"{item:.8g}" if isinstance(item, float) else item for item in row] for row in rows)
    return text.getvalue().encode()


def save(folder: Path, stem: str, figure: Figure, curves: bytes) -> list[str]:
    """Write figure and table as stem.png, .pdf and .csv, each whole or not at all; return the names.

    Raises CannotWrite on failure.
    """
    names = []
    for kind, metadata in _METADATA.items():
        picture = io.BytesIO()
        with applied():
            figure.savefig(picture, format=kind, dpi=DPI, metadata=metadata)
        atomic.write_bytes(folder / f"{stem}.{kind}", picture.getvalue())
        names.append(f"{stem}.{kind}")
    atomic.write_bytes(folder / f"{stem}.csv", curves)
    return [*names, f"{stem}.csv"]
