"""Figures of samples by matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import missing_package
from .notebook.picture import palette, scale_of_field, scale_of_sources

if TYPE_CHECKING:
    from .samples import Sample


def figure(sample: Sample, *, log: bool = True) -> Any:
    """Returns a figure of matplotlib: x beside y with the outlines of the sources; `log` is for the colours of y.

    Raises `ImportError` that says what to install where matplotlib is not here.
    """
    try:
        from matplotlib import pyplot
        from matplotlib.colors import ListedColormap, LogNorm, Normalize
    except ImportError as error:
        raise missing_package("figures", "matplotlib", "plot") from error
    colours = ListedColormap(np.frombuffer(palette(), np.uint8).reshape(-1, 3) / 255, "steadyset")
    shown, axes = pyplot.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
    scale = scale_of_field(sample.y)
    norm = (
        LogNorm(scale.low, scale.high) if log and scale.logarithmic else Normalize(min(0.0, float(sample.y.min())), scale.high)
    )
    panels = (
        (sample.x, "x, the sources", Normalize(0, scale_of_sources(sample.x).high)),
        (sample.y, "y, the steady state", norm),
    )
    for place, (field, title, colouring) in zip(axes, panels):
        values = np.maximum(field, scale.low) if colouring is norm and isinstance(norm, LogNorm) else field
        image = place.imshow(values, cmap=colours, norm=colouring, interpolation="nearest")
        shown.colorbar(image, ax=place, shrink=0.85)
        place.set(title=title, xlabel="column", ylabel="row")
    if (sample.x > 0).any():
        axes[1].contour(sample.x > 0, levels=[0.5], colors="white", linewidths=0.8)
    shown.suptitle(f"sample {sample.id}: {sample.n_sources} source{'' if sample.n_sources == 1 else 's'}", fontsize=11)
    return shown
