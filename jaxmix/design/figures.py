"""A design before and after its search: the limit against the mass, and how the limit moves with every design
parameter.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from jaxmix.constraints import shelf
from jaxmix.constraints.base.setting import Setting
from jaxmix.plots import style

LIMITS, DERIVATIVES = "limits", "derivatives"
_WORDS = {"before": "before", "after": "after", "whole": "whole layers and bars"}
_HEIGHT = 3.1  # inches
_BAR = 0.38  # of the distance between parameters


def draw(folder: Path, document: Mapping[str, Any]) -> list[str]:
    """Both figures of a finished search (designing.described) into its folder, as PNG, PDF and CSV; the files' names.

    CannotWrite on failure.
    """
    names = style.save(folder, LIMITS, limits_figure(document), limits_table(document))
    return names + style.save(folder, DERIVATIVES, derivatives_figure(document), derivatives_table(document))


def limits_figure(document: Mapping[str, Any]) -> Figure:
    """Limits on epsilon_gamma against the mCP's mass, below which nothing is excluded."""
    rows = document["limits"]
    masses = [row["m_mcp"] for row in rows]
    with style.applied():
        figure = style.blank(style.COLUMN, _HEIGHT)
        axes = figure.subplots()
        for number, when in enumerate(document["reach"]):
            marker = "." if len(masses) < 30 else None
            limits = [row[f"limit_{when}"] for row in rows]
            look: dict[str, Any] = {
                "color": style.colour(number, 3),
                "linestyle": style.DASHES[number],
                "marker": marker,
                "markersize": 4,
            }
            axes.plot(masses, limits, label=_WORDS[when], **look)
        axes.set(xlabel=style.axis_label("m_mcp"), ylabel=style.axis_label("epsilon_gamma"))
        for which in "xy":
            style.logarithmic(axes, which)
        axes.legend(loc="upper left")
        axes.set_title(_title(document))
    return figure


def derivatives_figure(document: Mapping[str, Any]) -> Figure:
    """Bars of d ln(limit)/d ln(parameter), the weighted mean over the masses, before and after; parameters that were
    held are grey.
    """
    names = list(document["design"])
    moves = document["d_log_limit"]
    with style.applied():
        figure = style.blank(style.COLUMN, 0.9 + 0.26 * len(names))
        axes = figure.subplots()
        rows = np.arange(len(names))
        for number, when in enumerate(("before", "after")):
            offset = _BAR * (number - 0.5)
            axes.barh(
                rows + offset, [moves[when][name] for name in names], _BAR, color=style.colour(number, 3), label=when
            )
        axes.axvline(0.0, color=style.GREY, linewidth=0.7)
        axes.set_yticks(rows, [_symbol(document, name) for name in names])
        for label, name in zip(axes.get_yticklabels(), names):
            label.set_color("black" if document["design"][name]["free"] else style.GREY)
        axes.tick_params(axis="y", which="both", length=0)
        axes.minorticks_off()
        axes.invert_yaxis()
        axes.set(xlabel=r"$\mathrm{d}\,\ln(\mathrm{limit})/\mathrm{d}\,\ln(\mathrm{parameter})$; by $\eta$ itself")
        axes.legend(loc="best")
        axes.set_title(_title(document))
    return figure


def limits_table(document: Mapping[str, Any]) -> bytes:
    """limits.csv: for each mass its limits and their derivatives."""
    whens, names = list(document["reach"]), list(document["design"])
    ends = ("before", "after")
    comments = [
        f"Limits on epsilon_gamma [1] of {document['constraint']} at cl = {document['cl']:g}, "
        f"before and after the search {document['name']}",
        "m_mcp [GeV]; weight [1]: of the mass in the reach; limit_*: limit on epsilon_gamma [1]; whole: layers "
        "and bars in whole numbers",
        "d_log_limit_*: d ln(limit)/d ln(parameter) [1], for eta d ln(limit)/d eta [1]",
    ]
    columns = [
        "m_mcp",
        "weight",
        *(f"limit_{when}" for when in whens),
        *(f"d_log_limit_{when}_{name}" for when in ends for name in names),
    ]
    rows = []
    for row in document["limits"]:
        moves = [row["d_log_limit"][when][name] for when in ends for name in names]
        rows.append([row["m_mcp"], row["weight"], *(row[f"limit_{when}"] for when in whens), *moves])
    return style.table(comments, columns, rows)


def derivatives_table(document: Mapping[str, Any]) -> bytes:
    """derivatives.csv: for each design parameter its values and the mean derivative of the limits."""
    whens = list(document["reach"])
    known = _settings(document)
    comments = [
        "d_log_limit_*: weighted mean over the masses of d ln(limit)/d ln(parameter) [1], for eta of d "
        "ln(limit)/d eta [1]"
    ]
    comments += [f"{name} [{known[name].unit}]: {known[name].meaning}" for name in document["design"]]
    columns = ["parameter", *whens, "min", "max", "free", "d_log_limit_before", "d_log_limit_after"]
    moves = document["d_log_limit"]
    rows = [
        [
            name,
            *(each[when] for when in whens),
            each["min"],
            each["max"],
            int(each["free"]),
            moves["before"][name],
            moves["after"][name],
        ]
        for name, each in document["design"].items()
    ]
    return style.table(comments, columns, rows)


def _title(document: Mapping[str, Any]) -> str:
    return style.literal(document["name"])


def _settings(document: Mapping[str, Any]) -> Mapping[str, Setting]:
    """The declared settings of the experiment that was designed."""
    return shelf.SHELF[document["kind"]].settings


def _symbol(document: Mapping[str, Any], name: str) -> str:
    declared = _settings(document)[name].design
    return name if declared is None else declared.symbol
