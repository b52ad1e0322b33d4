"""Pictures in a terminal: by the protocols of kitty and iTerm2 where it has one, else by coloured half blocks."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import numpy as np

from .picture import Pixels, png_of

_PIECE = 4096


def protocol(environment: Mapping[str, str]) -> str | None:
    """Returns how the terminal that the variables tell of shows pictures: `kitty`, `iterm`, `blocks`, `blocks-256`; None where
    it shows none."""
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    inside = term.startswith(("screen", "tmux"))  # which pass no pictures through
    if not inside and (term == "xterm-kitty" or "KITTY_WINDOW_ID" in environment or program == "ghostty"):
        return "kitty"
    if not inside and program in ("iTerm.app", "WezTerm"):
        return "iterm"
    if environment.get("COLORTERM") in ("truecolor", "24bit"):
        return "blocks"
    return "blocks-256" if "256color" in term else None


def terminal_picture(pixels: Pixels, way: str) -> str:
    """Returns the text that shows a picture in a terminal; `way` is one of `protocol`."""
    if way in ("kitty", "iterm"):
        file = png_of(pixels)
        data = base64.b64encode(file).decode()
        if way == "iterm":
            return f"\x1b]1337;File=inline=1;size={len(file)}:{data}\x07\n"
        pieces = [data[at : at + _PIECE] for at in range(0, len(data), _PIECE)]
        heads = [f"{'a=T,f=100,' if k == 0 else ''}m={int(k + 1 < len(pieces))}" for k in range(len(pieces))]
        return "".join(f"\x1b_G{head};{piece}\x1b\\" for head, piece in zip(heads, pieces)) + "\n"
    return _blocks(pixels, fine=way == "blocks")


def _blocks(pixels: Pixels, fine: bool) -> str:
    """Two rows of pixels a line: the upper one is the colour of a half block, the lower one that of its ground."""
    if len(pixels) % 2:
        pixels = np.concatenate([pixels, pixels[-1:]])
    lines = []
    for upper, lower in zip(pixels[::2].tolist(), pixels[1::2].tolist()):
        cells, last = [], None
        for pair in zip(upper, lower):
            if pair != last:
                cells.append(f"\x1b[38;{_colour(pair[0], fine)};48;{_colour(pair[1], fine)}m")
                last = pair
            cells.append("▀")
        lines.append("".join(cells) + "\x1b[0m\n")
    return "".join(lines)


def _colour(colour: list[int], fine: bool) -> str:
    red, green, blue = colour
    if fine:
        return f"2;{red};{green};{blue}"
    # The cube of 6 × 6 × 6 colours.
    levels = [round(part / 255 * 5) for part in (red, green, blue)]
    return f"5;{16 + 36 * levels[0] + 6 * levels[1] + levels[2]}"
