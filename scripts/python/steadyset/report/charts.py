"""Charts as specifications of Vega-Lite: each has its rows in it, and takes the colour of the text around it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from ..notebook.picture import COLOURS
from .page import Spec

Rows = Sequence[dict[str, Any]]

BLUE, RED, GREEN, PINK, PURPLE, GREY = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8f6fd1", "#808080"
"""Most are of Okabe and Ito (2008), told apart by the colour-blind; each has a contrast of 3 to 1 at least on either page."""
SERIES = (BLUE, RED, GREEN, PINK, PURPLE, GREY)
REGION_NAMES = {
    "all": "whole field", "sources": "sources", "r1": "R1 (y ≥ 0.2)", "r2": "R2 (0.1 to 0.2)", "r3": "R3 (0.05 to 0.1)",
    "r4": "R4 (y < 0.05)",
}  # fmt: skip
_REGION_COLOURS = (GREY, RED, BLUE, GREEN, PINK, PURPLE)
_INK = "currentColor"


def axis(field: str, title: str, *, kind: str = "quantitative", log: bool = False, **more: Any) -> dict[str, Any]:
    """Returns a channel for an axis; `log` is for values that are all above 0."""
    channel: dict[str, Any] = {"field": field, "type": kind, "title": title, **more}
    if log:
        channel["scale"] = {"type": "log", "nice": False, **more.get("scale", {})}
        channel["axis"] = {"tickCount": 6, "format": "~g", **more.get("axis", {})}
    return channel


def whole_numbers(field: str, title: str, values: Iterable[int]) -> dict[str, Any]:
    """Returns a channel for an axis of whole numbers, with marks at some of the values."""
    found = sorted(set(values))
    step = -(-len(found) // 12) or 1
    return axis(
        field, title, axis={"values": found[::step], "format": "d"}, scale={"zero": False, "nice": False}
    )  # fmt: skip


def lines(rows: Rows, x: dict[str, Any], y: dict[str, Any], series: str, title: str, *, order: Sequence[str] = ()) -> Spec:
    """Returns lines with points, one of each series, told apart by colour and by dashes."""
    names = list(order) or list(dict.fromkeys(str(row[series]) for row in rows))
    regions = set(names) <= set(REGION_NAMES.values())
    known = {name: colour for name, colour in zip(REGION_NAMES.values(), _REGION_COLOURS)}
    colours = [known[name] if regions else SERIES[k % len(SERIES)] for k, name in enumerate(names)]
    dashes = [[1, 0], [6, 3], [2, 2], [8, 2, 2, 2], [4, 4], [10, 3]]
    shared = {"field": series, "type": "nominal", "title": title, "sort": names}
    legend = {"orient": "bottom", "columns": 2, "symbolType": "stroke", "symbolSize": 300}
    return _whole({
        "data": {"values": list(rows)},
        "mark": {"type": "line", "point": {"size": 30}, "strokeWidth": 2},
        "encoding": {
            "x": x, "y": y,
            "color": {**shared, "scale": {"domain": names, "range": colours}, "legend": legend},
            "strokeDash": {**shared, "scale": {"domain": names, "range": dashes[: len(names)]}, "legend": legend},
            "tooltip": [_tip(shared), _tip(x), _tip(y)],
        },
    })  # fmt: skip


def bars(rows: Rows, x: dict[str, Any], y: dict[str, Any], series: str | None = None, title: str = "") -> Spec:
    """Returns bars over numbers or names, stacked where there are series."""
    encoding: dict[str, Any] = {"x": {**x, "type": "ordinal", "axis": _labels(rows, x)}, "y": y, "tooltip": [_tip(x), _tip(y)]}
    if series is not None:
        names = list(dict.fromkeys(str(row[series]) for row in rows))
        scale = {"domain": names, "range": [SERIES[k % len(SERIES)] for k in range(len(names))]}
        encoding["color"] = {
            "field": series, "type": "nominal", "title": title, "scale": scale, "legend": {"orient": "bottom", "columns": 4}
        }  # fmt: skip
        encoding["tooltip"].insert(0, {"field": series, "type": "nominal", "title": title})
    return _whole({"data": {"values": list(rows)}, "mark": {"type": "bar", "color": BLUE}, "encoding": encoding})


def histogram(rows: Rows, x: str, y: str, *, log: bool = False, rule: float | None = None, rule_title: str = "") -> Spec:
    """Returns bars of counts between `from` and `to` of each row; with `rule`, a line where that value is."""
    first: dict[str, Any] = axis("from", x, log=log)
    last = max((row["to"] for row in rows), default=1.0)
    low = min((row["from"] for row in rows), default=0.0)
    high = max(last, rule) if rule is not None else last
    first["scale"] = {
        "type": "log" if log else "linear",
        "domain": [low, high],
        "nice": False,
        **({} if log else {"zero": False}),
    }
    layer: list[Spec] = [{
        "mark": {"type": "bar", "color": BLUE, "binSpacing": 0.5},
        "encoding": {
            "x": {**first, "bin": "binned"} if not log else first, "x2": {"field": "to"},
            "y": {"field": "count", "type": "quantitative", "title": y, "scale": {"zero": True}}, "y2": {"datum": 0},
            "tooltip": [
                {"field": "from", "type": "quantitative", "title": f"{x}, from", "format": ".3g"},
                {"field": "to", "type": "quantitative", "title": "to", "format": ".3g"},
                {"field": "count", "type": "quantitative", "title": y, "format": ",.6~g"},
            ],
        },
    }]  # fmt: skip
    if rule is not None:
        layer.append({
            "data": {"values": [{"at": rule}]}, "mark": {"type": "rule", "color": RED, "strokeWidth": 2, "strokeDash": [6, 3]},
            "encoding": {
                "x": {"field": "at", "type": "quantitative"},
                "tooltip": [{"field": "at", "type": "quantitative", "title": rule_title, "format": ".3g"}],
            },
        })  # fmt: skip
    return _whole({"data": {"values": list(rows)}, "layer": layer})


def heat(rows: Rows, x: dict[str, Any], y: dict[str, Any], value: str, title: str, facet: str | None = None) -> Spec:
    """Returns squares coloured by a value, with row 0 at the top; one map for each name of `facet`."""
    scale = {"range": [f"#{colour}" for colour in COLOURS.split()], "domainMin": 0}
    most = 6 if facet is None else 4
    encoding: dict[str, Any] = {
        "x": {**x, "type": "ordinal", "axis": _labels(rows, x, most)},
        "y": {**y, "type": "ordinal", "axis": _labels(rows, y, most)},
        "color": {"field": value, "type": "quantitative", "title": title, "scale": scale,
                  "legend": {"orient": "bottom", "gradientLength": 200, "gradientThickness": 10}},
        "tooltip": [_tip(x), _tip(y), {"field": value, "type": "quantitative", "title": title, "format": ".3~g"}],
    }  # fmt: skip
    spec: Spec = {"data": {"values": list(rows)}, "mark": "rect", "encoding": encoding, "height": 280}
    if facet is not None:
        encoding["facet"] = {"field": facet, "type": "nominal", "title": None, "columns": 2, "sort": None,
                             "header": {"labelColor": _INK}}  # fmt: skip
        spec |= {"width": 130, "height": 130, "autosize": "pad"}
    return _whole(spec)


def points(rows: Rows, choices: dict[str, str], series: str, title: str, first: Sequence[str], tips: Sequence[str]) -> Spec:
    """Returns a scatter of rows whose axes the reader chooses among `choices`, fields and what they mean."""
    names = list(dict.fromkeys(str(row[series]) for row in rows))
    labels = [choices[name] for name in choices]

    def chooser(name: str, value: str, words: str) -> dict[str, Any]:
        bound = {"input": "select", "options": list(choices), "labels": labels, "name": words}
        return {"name": name, "value": value, "bind": bound}

    colours = [GREY, *[SERIES[k % 5] for k in range(len(names) - 1)]]
    shapes = ["circle", "triangle-up", "square", "diamond", "cross", "triangle-down"]
    shared = {"field": series, "type": "nominal", "title": title}
    legend = {"orient": "bottom", "columns": 4}
    return _whole({
        "data": {"values": list(rows)},
        "params": [chooser("across", first[0], "across "), chooser("up", first[1], "up ")],
        "transform": [{"calculate": "datum[across]", "as": "x"}, {"calculate": "datum[up]", "as": "y"}],
        "mark": {"type": "point", "filled": True, "size": 30, "opacity": 0.85},
        "height": 340,
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "title": "", "scale": {"zero": False}},
            "y": {"field": "y", "type": "quantitative", "title": "", "scale": {"zero": False}},
            "color": {**shared, "scale": {"domain": names, "range": colours[: len(names)]}, "legend": legend},
            "shape": {**shared, "scale": {"domain": names, "range": [shapes[k % 6] for k in range(len(names))]},
                      "legend": legend},
            "tooltip": [{**shared}, *({"field": tip, "title": choices.get(tip, tip)} for tip in tips)],
        },
    })  # fmt: skip


def bins(
    values: Any, count: int, *, log: bool = False, low: float | None = None, high: float | None = None
) -> list[dict[str, Any]]:
    """Returns how many values lie in each of `count` bins of one width, or of one ratio; those outside are not counted."""
    import numpy as np

    found = np.asarray(values, np.float64)
    if log:
        found = found[found > 0]
    if found.size == 0:
        return []
    start = float(found.min()) if low is None else low
    end = float(found.max()) if high is None else high
    if not end > start:
        # Bins of a width that can be seen around the one value.
        start, end = (start / 1.1, start * 1.1) if log else (start - 0.5, start + 0.5)
    edges = np.geomspace(start, end, count + 1) if log else np.linspace(start, end, count + 1)
    counts, _ = np.histogram(found, edges)
    return [
        {"from": number(a), "to": number(b), "count": int(n)} for a, b, n in zip(edges[:-1], edges[1:], counts)
    ]  # fmt: skip


def number(value: float) -> float | None:
    """Returns a number with six digits, None for what is none: JSON has neither NaN nor infinities."""
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _labels(rows: Rows, channel: dict[str, Any], most: int = 20) -> dict[str, Any]:
    """Labels of an axis of names; of many, some."""
    values = list(dict.fromkeys(row[channel["field"]] for row in rows))
    step = -(-len(values) // most)
    return {"labelAngle": 0, "values": values[::step]} if step > 1 else {"labelAngle": 0}


def _tip(channel: dict[str, Any]) -> dict[str, Any]:
    kind = channel["type"]
    shown = {"field": channel["field"], "type": kind, "title": channel["title"]}
    return {**shown, "format": ",.4~g"} if kind == "quantitative" else shown


def _whole(spec: Spec) -> Spec:
    """A specification with what all have: size, and colours that are those of the text around it."""
    ink = {name: _INK for name in ("labelColor", "titleColor", "domainColor", "tickColor", "gridColor")}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json", "width": "container", "height": 260,
        "autosize": {"type": "fit-x", "contains": "padding"}, "background": None,
        "config": {
            "font": "system-ui, sans-serif", "view": {"stroke": None}, "bar": {"discreteBandSize": {"band": 0.9}},
            "axis": {**ink, "gridOpacity": 0.15, "domainOpacity": 0.5, "tickOpacity": 0.5, "labelFontSize": 11,
                     "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": 120},
            "legend": {"labelColor": _INK, "titleColor": _INK, "labelFontSize": 11, "titleFontSize": 12,
                       "titleFontWeight": "normal", "labelLimit": 200},
            "header": {"labelColor": _INK, "titleColor": _INK},
        },
        **spec,
    }  # fmt: skip
