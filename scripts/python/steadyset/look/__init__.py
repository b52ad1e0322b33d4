"""Pictures of samples, predictions and differences, as PNG or in a terminal: `steadyset look DATASET SAMPLE`."""

from .picture import Panels, compose, png_of
from .terminal import terminal_picture

__all__ = ["Panels", "compose", "png_of", "terminal_picture"]
