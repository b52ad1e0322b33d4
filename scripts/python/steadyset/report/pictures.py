"""Pictures of fields for a page: each twice, by value and by its logarithm, with the outlines of sources over them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt

from ..frame import FloatArray
from ..notebook.picture import COLOURS, DIFFERENCES, Scale, png, reduced, scale_of_field


_FINE = 128
"""Sites of a side from which outlines are thinner, as small sources would vanish below them."""


@dataclass(frozen=True)
class Panel:
    """A field to be shown: its title, and which of a gallery's scales it has."""

    title: str
    field: FloatArray
    scale: str


@dataclass(frozen=True)
class Picture:
    """Panels beside each other that share their sources, and what stands below them."""

    panels: Sequence[Panel]
    sources: FloatArray
    caption: str


@dataclass(frozen=True)
class GalleryScale:
    """Colours of some panels: one scale by value, and one by the logarithm of its size."""

    title: str
    even: Scale
    log: Scale
    signed: bool = False

    def of(self, log: bool) -> tuple[Scale, str]:
        """The scale and its colours."""
        return (self.log, COLOURS) if log else (self.even, DIFFERENCES if self.signed else COLOURS)


def field_scale(title: str, fields: Sequence[FloatArray]) -> GalleryScale:
    """Returns the scales that fields share: from the least to the largest value, and four powers of ten below that."""
    low = min((float(field.min()) for field in fields), default=0.0)
    high = max((float(field.max()) for field in fields), default=1.0)
    even = Scale(min(low, 0.0), high if high > min(low, 0.0) else 1.0)
    extremes = np.array([[max(low, 0.0), max(high, 0.0)]], np.float32)
    log = scale_of_field(extremes)
    return GalleryScale(title, even, log if log.logarithmic else Scale(1e-4, 1.0, logarithmic=True))


def difference_scale(title: str, fields: Sequence[FloatArray]) -> GalleryScale:
    """Returns the scales of differences: from −m to m, and three powers of ten of their size below m."""
    most = max((float(np.abs(field).max()) for field in fields), default=0.0) or 1.0
    return GalleryScale(title, Scale(-most, most), Scale(most * 1e-3, most, logarithmic=True), signed=True)


def gallery(pictures: Sequence[Picture], scales: dict[str, GalleryScale], *, log: bool) -> str:
    """Returns pictures with their scales, and switches for the logarithm and the outlines that work without scripts."""
    if not pictures:
        return ""
    ticked = " checked" if log else ""
    switches = (
        '<fieldset class="switches"><legend hidden>How pictures are shown</legend>'
        f'<label><input type="checkbox" class="logarithm"{ticked}> logarithmic colours</label>'
        '<label><input type="checkbox" class="outlines" checked> outlines of sources</label></fieldset>'
    )
    bars = "".join(_bar(scale, way) for scale in scales.values() for way in (False, True))
    count = max(len(one.panels) for one in pictures)
    shown = "".join(_picture(one, scales) for one in pictures)
    width = f"{11 * count}rem"
    return (
        f'<div class="pictures">{switches}<div class="scales">{bars}</div>'
        f'<div class="samples" style="--width:{width}">{shown}</div></div>'
    )


def _picture(one: Picture, scales: dict[str, GalleryScale]) -> str:
    outline = _outline(one.sources)
    panels = "".join(
        f'<div class="panel">{escape(panel.title)}<div class="picture">{_images(panel, scales[panel.scale], one.caption)}'
        f"{outline}</div></div>"
        for panel in one.panels
    )
    return f'<figure><div class="panels">{panels}</div><figcaption>{escape(one.caption)}</figcaption></figure>'


def _images(panel: Panel, scale: GalleryScale, caption: str) -> str:
    low, high = float(panel.field.min()), float(panel.field.max())
    about = f"{panel.title} of {caption}: from {low:.3g} to {high:.3g}"
    return "".join(
        f'<img class="{"log" if way else "even"}" alt="{escape(about)}" width="{columns}" height="{rows}" '
        f'src="data:image/png;base64,{data}">'
        for way in (False, True)
        for rows, columns, data in [_encoded(panel.field, scale, way)]
    )


def _encoded(field: FloatArray, scale: GalleryScale, log: bool) -> tuple[int, int, str]:
    if scale.signed:
        # Of each block the value of the largest size, with its sign.
        above, below = reduced(field), -reduced(-field)
        field = np.where(above >= -below, above, below)
        field = np.abs(field) if log else field
    else:
        field = reduced(field)
    shown, colours = scale.of(log)
    rows, columns = field.shape
    return rows, columns, base64.b64encode(png(shown.codes(field), colours)).decode()


def _bar(scale: GalleryScale, log: bool) -> str:
    shown, colours = scale.of(log)
    data = base64.b64encode(png(shown.bar(), colours)).decode()
    values = [shown.low, *shown.marks()[1:]]
    marks = "".join(f"<span>{'≤ ' if log and k == 0 else ''}{value:.2g}</span>" for k, value in enumerate(values))
    title = f"size of {scale.title}" if log and scale.signed else scale.title
    return (
        f'<div class="scale {"log" if log else "even"}">{escape(title)}'
        f'<img alt="Colours from {values[0]:.2g} to {values[-1]:.2g}" src="data:image/png;base64,{data}">'
        f'<div class="marks">{marks}</div></div>'
    )


def _outline(x: FloatArray) -> str:
    """The edges between sites of sources and others, as a drawing of one unit a site of the reduced picture."""
    inside = reduced(x) > 0
    rows, columns = inside.shape
    path = _edges(inside, down=False) + _edges(inside.T, down=True)
    lines = f'<path class="halo" d="{path}"/><path class="line" d="{path}"/>'
    fine = ' class="fine"' if max(rows, columns) > _FINE else ""
    return f'<svg{fine} viewBox="0 0 {columns} {rows}" preserveAspectRatio="none" aria-hidden="true">{lines}</svg>'


def _edges(inside: npt.NDArray[np.bool_], down: bool) -> str:
    """Straight runs of edges across the rows of `inside`."""
    rows, columns = inside.shape
    padded = np.zeros((rows + 2, columns), bool)
    padded[1:-1] = inside
    # (rows + 1, columns + 2), with an end on either side
    edges = np.zeros((rows + 1, columns + 2), np.int8)
    edges[:, 1:-1] = padded[1:] != padded[:-1]
    steps = np.diff(edges, axis=1)
    starts, ends = np.argwhere(steps == 1), np.argwhere(steps == -1)
    if down:
        return "".join(f"M{at},{a}V{b}" for (at, a), (_, b) in zip(starts.tolist(), ends.tolist()))
    return "".join(f"M{a},{at}H{b}" for (at, a), (_, b) in zip(starts.tolist(), ends.tolist()))
