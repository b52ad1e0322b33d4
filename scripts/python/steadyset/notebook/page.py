"""HTML of a dataset, a sample, a solution, a stream. Text has the notebook's own colours, so it suits light and dark ones."""

from __future__ import annotations

import base64
import itertools
import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DatasetError
from ..frame import FloatArray
from ..samples import Sample
from ..solving.solution import Solution
from .picture import MOST, Scale, png, reduced, scale_of_field, scale_of_sources

if TYPE_CHECKING:
    from ..dataset import Dataset
    from ..streams.endless import Endless

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOOKED_AT = 64
"""Samples among which one with many sources is taken for the picture."""

Facts = list[tuple[str, str]]


def dataset_page(dataset: Dataset) -> str:
    """Returns the page of a dataset, with a picture of one of its samples."""
    manifest = dataset.manifest
    parts = ", ".join(f"{part['samples']:,} {part['part']}" for part in manifest["content"]["parts"] if part["samples"])
    facts = [
        ("place", dataset._storage.root), ("id", dataset.id[:16]), ("samples", f"{len(dataset):,}: {parts}"),
        *physics_facts(dataset),
    ]  # fmt: skip
    try:
        first = dataset.all[:_LOOKED_AT]
        sample = first[int(np.argmax(first.n_sources))] if len(first) else None
    except DatasetError as error:
        return _page("Dataset", facts, f"<p>There is no picture: {escape(str(error))}</p>")
    return _page("Dataset", facts, _of_sample(sample))


def sample_page(sample: Sample) -> str:
    """Returns the page of a sample."""
    facts = [("id", sample.id), ("rank", f"{sample.rank:,}"), ("sources", str(sample.n_sources)), _bound(sample.error_bound)]
    return _page("Sample", facts, _pictures(sample.x, sample.y, f"sample {sample.id}"))


def solution_page(solution: Solution) -> str:
    """Returns the page of a solution."""
    tolerance = f"{solution.accuracy[0]:g}"
    certified = f"within the tolerance of {tolerance}" if solution.is_certified else f"not within the tolerance of {tolerance}"
    facts = [
        ("id", solution.id), ("sources", str(len(solution.sources))), *_physics(solution.physics),
        _bound(solution.error_bound, certified), ("method", solution.method),
    ]  # fmt: skip
    return _page("Solution", facts, _pictures(solution.x, solution.y, f"solution {solution.id}"))


def stream_page(stream: Endless, kind: str, facts: Facts) -> str:
    """Returns the page of a stream, with a picture of one of its first samples."""
    try:
        first = list(itertools.islice(stream[:_LOOKED_AT], _LOOKED_AT // 2))
    except DatasetError as error:
        return _page(kind, facts, f"<p>There is no picture: {escape(str(error))}</p>")
    return _page(kind, facts, _of_sample(max(first, key=lambda sample: sample.n_sources, default=None)))


def stream_facts(
    name: str, id: str, strata: Sequence[int], limits: Sequence[int | None], physics: Mapping[str, Any],
    accuracy: tuple[float, int | None],
) -> Facts:  # fmt: skip
    """Returns what there is to say of the stream of one pipeline."""
    ends = [(limit, count) for count, limit in zip(strata, limits) if limit is not None]
    anew = "".join(f"; {limit:,} of {count} source{'s' if count > 1 else ''}, then these anew" for limit, count in ends)
    samples = f"without an end{anew}"
    sources = ", ".join(map(str, strata)) if len(strata) < 9 else f"{strata[0]} … {strata[-1]}, {len(strata)} numbers"
    return [("name", name), ("id", id), ("samples", samples), ("sources", sources), *_physics(physics), _labels(*accuracy)]


def physics_facts(dataset: Dataset) -> Facts:
    """Returns what there is to say of a dataset's equation and labels."""
    return [*_physics(dataset.physics), _labels(*_accuracy(dataset.manifest["parameters"]))]


def _accuracy(parameters: Mapping[str, Any]) -> tuple[float, int | None]:
    return parameters["tolerance"], parameters["grid_bits"]


def _physics(physics: Mapping[str, Any]) -> Facts:
    rows, columns = physics["lattice"]
    sides = physics["boundary"]
    boundary = sides if isinstance(sides, str) else ", ".join(f"{side} {what}" for side, what in sides.items())
    sources = f"{physics['sources']}, overlap {physics['overlap']}"
    coefficients = f"D {_coefficient(physics['diffusivity'])}, γ {_coefficient(physics['decay_rate'])}"
    return [("lattice", f"{rows} × {columns}"), ("equation", f"{coefficients}; {boundary}; {sources}")]


def _coefficient(value: Any) -> str:
    if not isinstance(value, Mapping):
        return f"= {value:g}"
    if "down" in value:
        return f"down {_coefficient(value['down'])}, across {_coefficient(value['across'])}"
    return str(next(iter(value)))


def _labels(tolerance: float, bits: int | None) -> tuple[str, str]:
    return "labels", f"within {tolerance:g}, {'float32' if bits is None else 'multiples of 2' + f'-{bits}'.translate(_RAISED)}"


def _bound(bound: float, more: str = "") -> tuple[str, str]:
    said = f"at most {_up(bound)}" if math.isfinite(bound) else "not bounded"
    return "error", f"{said}{', ' if more else ''}{more}"


def _up(bound: float) -> str:
    """A bound with few digits, rounded up, so that it stays one."""
    text = f"{bound:.2e}"
    return text if float(text) >= bound else f"{bound + 10.0 ** (math.floor(math.log10(bound)) - 2):.2e}"


def _of_sample(sample: Sample | None) -> str:
    if sample is None:
        return ""
    return _pictures(sample.x, sample.y, f"sample {sample.id}", f"sample {sample.id}, of rank {sample.rank:,}")


def _pictures(x: FloatArray, y: FloatArray, of: str, caption: str = "") -> str:
    rows, columns = x.shape
    values = x[x != 0]
    said = f"values from {values.min():.3g} to {values.max():.3g}" if values.size else "no values"
    about = f"The source image x of {of}: {said} on {rows} by {columns} sites."
    image = _panel("x, the sources", x, scale_of_sources(x), about)
    scale = scale_of_field(y)
    colours = "logarithmic colours" if scale.logarithmic else "even colours"
    field = _panel(
        "y, the steady state", y, scale,
        f"The steady state y of {of}: values from {y.min():.3g} to {y.max():.3g}, {colours} from {scale.low:.3g} on.",
    )  # fmt: skip
    below = f"<div>{escape(caption)}</div>" if caption else ""
    return f'<div style="display:flex;flex-wrap:wrap;gap:1.5em">{image}{field}</div>{below}'


def _panel(title: str, field: FloatArray, scale: Scale, alt: str) -> str:
    shown = reduced(field)
    factor = MOST / max(shown.shape)
    rows, columns = (max(1, round(side * factor)) for side in shown.shape)
    below = "≤ " if scale.logarithmic and field.min() < scale.low else ""
    words = [f"{below}{mark:.3g}" if mark == scale.low else f"{mark:.3g}" for mark in scale.marks()]
    marks = "".join(
        f'<span style="position:absolute;left:{place}%;transform:translateX(-{place}%)">{word}</span>'
        for place, word in zip(range(0, 101, 25), words)
    )
    colours = _tag(png(scale.bar()), MOST, 10, "The scale of colours; its numbers stand below.")
    return (
        f'<figure style="margin:0;width:{MOST}px"><figcaption>{escape(title)}</figcaption>'
        f"{_image(shown, scale, columns, rows, alt)}"
        f'<div style="margin-top:4px">{colours}</div>'
        f'<div style="position:relative;height:1.5em;font-size:80%">{marks}</div></figure>'
    )


def _image(field: FloatArray, scale: Scale, width: int, height: int, alt: str) -> str:
    return _tag(png(scale.codes(field)), width, height, alt)


def _tag(data: bytes, width: int, height: int, alt: str) -> str:
    text = base64.b64encode(data).decode()
    # Notebooks have rules for pictures, such as `height: auto`, which only a style of its own escapes.
    style = f"display:block;margin:0;width:{width}px;height:{height}px;max-width:none;image-rendering:pixelated"
    return (
        f'<img alt="{escape(alt, quote=True)}" width="{width}" height="{height}" style="{style}" '
        f'src="data:image/png;base64,{text}">'
    )


def _page(kind: str, facts: Facts, below: str) -> str:
    rows = "".join(
        f'<tr><th style="text-align:left">{escape(name)}</th><td style="text-align:left">{escape(text)}</td></tr>'
        for name, text in facts
    )
    return f'<div><strong>steadyset.{kind}</strong><table style="margin-left:0">{rows}</table>{below}</div>'
