"""Looking at samples: `steadyset look`, figures, augmentation by symmetry, data sets for PyTorch."""

import base64
import os
import pty
import re
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import steadyset as reader
from conftest import BINARY
from steadyset.look import Panels, compose, terminal_picture
from steadyset.look.terminal import protocol
from steadyset.notebook.picture import palette, scale_of_field
from steadyset.transforms import RandomSymmetry, symmetries

PHYSICS = {
    "lattice": [40, 40], "diffusivity": 1, "decay_rate": 0.02, "boundary": "absorbing", "sources": "pinned", "overlap": "max",
}  # fmt: skip
TABLE = np.frombuffer(palette(), np.uint8).reshape(-1, 3)


@pytest.fixture(autouse=True)
def program(monkeypatch):
    monkeypatch.setenv("STEADYSET", str(BINARY))


def look(*arguments, **options):
    command = [sys.executable, "-m", "steadyset.look", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)


def pixels_of(data):
    """The pixels (rows, columns, 3) of a PNG file without a palette."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    parts, at = {}, 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        parts[kind] = body
        at += length + 12
    columns, rows = struct.unpack(">II", parts[b"IHDR"][:8])
    lines = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(rows, 1 + 3 * columns)
    return lines[:, 1:].reshape(rows, columns, 3)


def test_a_png_shows_the_fields(tiny, tmp_path):
    sample = reader.open(tiny).all[7]
    said = look(tiny, sample.id, 3, "-o", tmp_path / "look.png")
    assert said.returncode == 0 and said.stdout.startswith(f"sample {sample.id}, ") and said.stdout.count("\nsample ") == 1
    shown = pixels_of((tmp_path / "look.png").read_bytes())
    rows, columns = sample.y.shape
    side = round(320 / rows)  # pixels of a site
    y, x = shown[: rows * side, -columns * side :], shown[: rows * side, : columns * side]
    expected = TABLE[scale_of_field(sample.y).codes(sample.y)]
    assert (y == expected.repeat(side, 0).repeat(side, 1)).all()
    assert ((x != TABLE[0]).any(-1) == (sample.x > 0).repeat(side, 0).repeat(side, 1)).all()


def test_a_prediction_and_its_difference(taught, tmp_path):
    said = look(taught[1], "--selection", "test", 0, 1, "--model", taught[1], "-o", tmp_path / "look.png")
    lines = (taught[1] / "evaluate/errors.csv").read_text().splitlines()[1:]
    errors = {line.split(",")[0]: float(line.split(",")[4]) for line in lines}
    shown = dict(re.findall("sample ([0-9a-f]{16}), .* mean absolute error (\\S+)", said.stdout))
    assert len(shown) == 2 and {id: float(found) for id, found in shown.items()} == pytest.approx(
        {id: errors[id] for id in shown}, rel=6e-3
    )
    assert said.stdout.count("; prediction ") == 2


@pytest.mark.parametrize(("arguments", "status", "says"), [
    ([], 64, "standard output is no terminal: name a file with --output"),
    (["0123456789abcdef", "-o", "x.png"], 64, "there is no sample with the id 0123456789abcdef"),
    (["120", "-o", "x.png"], 64, "neither an id .* nor a number below 120"),
    (["--selection", "n77x", "-o", "x.png"], 64, "there is no selection"),
    (["--model", "none", "-o", "x.png"], 65, "the model none does not predict: .*/none: there is no such file"),
    (["-o", "none/x.png"], 73, "none/x.png"),
])  # fmt: skip
def test_what_cannot_be_shown(tiny, tmp_path, arguments, status, says):
    said = look(tiny, *arguments, cwd=tmp_path)
    assert said.returncode == status and re.search(says, said.stderr) and said.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_which_pictures_a_terminal_shows():
    assert protocol({"TERM": "xterm-kitty"}) == protocol({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}) == "kitty"
    assert protocol({"TERM_PROGRAM": "iTerm.app"}) == protocol({"TERM_PROGRAM": "WezTerm"}) == "iterm"
    assert protocol({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1"}) == "blocks-256"
    assert protocol({"TERM": "xterm", "COLORTERM": "truecolor"}) == "blocks"
    assert protocol({"TERM": "dumb"}) is None and protocol({}) is None


def test_terminals_are_given_the_same_picture(tiny):
    one = reader.open(tiny).all[5]
    picture = compose([Panels(one.x, one.y)], 300)
    pieces = re.findall("\x1b_G([^;]*);([^\x1b]*)\x1b\\\\", terminal_picture(picture, "kitty"))
    assert pieces[0][0] == "a=T,f=100,m=1" and [head for head, _ in pieces[1:]] == ["m=1"] * (len(pieces) - 2) + ["m=0"]
    assert all(len(data) <= 4096 for _, data in pieces)
    assert (pixels_of(base64.b64decode("".join(data for _, data in pieces))) == picture).all()
    data = re.fullmatch("\x1b]1337;File=inline=1;size=([0-9]+):(.*)\x07\n", terminal_picture(picture, "iterm"))
    assert (pixels_of(base64.b64decode(data[2])) == picture).all() and int(data[1]) == len(base64.b64decode(data[2]))
    small = compose([Panels(one.x, one.y)], 16)
    shown, odd = [], len(small) % 2
    for line in terminal_picture(small, "blocks").splitlines():
        pair, upper, lower = None, [], []
        for code, sign in re.findall("\x1b\\[([0-9;]*)m|(▀)", line):
            if code:
                pair = [int(part) for part in code.split(";")]
            else:
                upper.append(pair[2:5])
                lower.append(pair[7:10])
        shown += [upper, lower]
    assert (np.array(shown)[: len(shown) - odd] == small).all()


def test_in_a_terminal(tiny):
    """In one of its own, `look` draws; what it prints ends with colours as they were."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "", "TERM_PROGRAM": "", "COLUMNS": "60"}
    environment.pop("KITTY_WINDOW_ID", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "steadyset.look", tiny, "0"], stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 1 << 16)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert process.wait() == 0
    lines = shown.decode().splitlines()
    assert lines[0].startswith("sample ") and "38;5;" in lines[2]
    assert all(line.count("▀") <= 60 and line.endswith("\x1b[0m") for line in lines[2:])


def test_symmetries_of_equations():
    def count(**members):
        return len(symmetries({**PHYSICS, **members}))

    assert count() == count(boundary="periodic") == 8
    assert count(lattice=[40, 32]) == 4
    assert count(diffusivity={"down": 1, "across": 2}) == 4 and count(diffusivity={"down": 2, "across": 2}) == 8
    sides = {"top": "absorbing", "bottom": "absorbing", "left": "reflecting", "right": "reflecting"}
    assert count(boundary=sides) == 4
    assert count(boundary={**sides, "left": "absorbing"}) == 2
    assert count(boundary={"top": "absorbing", "left": "absorbing", "bottom": "reflecting", "right": "reflecting"}) == 2
    assert count(boundary={"top": "absorbing", "left": "absorbing", "bottom": "reflecting", "right": "absorbing"}) == 2
    for medium in ({"layers": []}, {"down": 1, "across": {"layers": []}}):
        with pytest.raises(ValueError, match="constant coefficients"):
            count(diffusivity=medium)


@pytest.mark.parametrize("members", [
    {}, {"sources": "emitting", "boundary": "reflecting", "overlap": "sum"},
    {"boundary": {"top": "absorbing", "left": "absorbing", "bottom": "reflecting", "right": "reflecting"}},
    {"lattice": [40, 32], "diffusivity": {"down": 2, "across": 0.5}, "boundary": "periodic"},
])  # fmt: skip
def test_labels_follow(members):
    """The field of the sources seen from another side is the field seen from there, within both bounds."""
    physics = {**PHYSICS, **members}
    rows, columns = physics["lattice"]
    sources = [[7, 12, 3, 1.0], [20, 21, 2, 0.4], [30, 9, 4, 0.7]]
    plain = reader.solve(sources, physics=physics)
    for one in symmetries(physics):
        moved = []
        for row, column, radius, value in sources:
            i, j = (column, row) if one.transposed else (row, column)
            place = [rows - 1 - i if one.flips_rows else i, columns - 1 - j if one.flips_columns else j]
            moved.append([*place, radius, value])
        there = reader.solve(moved, physics=physics)
        assert (one(plain.x) == there.x).all()
        assert np.abs(one(plain.y).astype(float) - there.y).max() <= plain.error_bound + there.error_bound


def test_x_and_y_are_moved_alike(tiny, taught):
    every = reader.open(taught[1]).all
    x, y = every.read(range(64))
    augment = RandomSymmetry(every.dataset.physics, seed=4)
    moved_x, moved_y = augment(x, y)
    taken = []
    for k in range(64):
        found = [n for n, one in enumerate(augment.symmetries)
                 if (one(x[k]) == moved_x[k]).all() and (one(y[k]) == moved_y[k]).all()]  # fmt: skip
        assert found, "some symmetry carries both"
        taken += found[:1]
    assert len(set(taken)) > 5, "they differ from sample to sample"
    assert (moved_x == RandomSymmetry(every.dataset.physics, seed=4)(x, y)[0]).all()
    assert (moved_x != augment(x, y)[0]).any() and (moved_x != RandomSymmetry(every.dataset.physics, seed=5)(x, y)[0]).any()
    # With channels, and a single one.
    assert (RandomSymmetry(every.dataset.physics, seed=4)(x[:, None], y[:, None])[1] == moved_y[:, None]).all()
    one_x, one_y = augment(x[0], y[0])
    assert (
        one_x.flags.c_contiguous
        and one_x.shape == x[0].shape
        and np.sort(one_y, None).tolist() == np.sort(y[0], None).tolist()
    )


def test_figures(tiny, monkeypatch):
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    matplotlib.use("Agg")
    dataset = reader.open(tiny)
    figure = dataset.plot(7)
    images = [image for place in figure.axes for image in place.images]
    assert (np.asarray(images[0].get_array()) == dataset.all[7].x).all()
    y = np.asarray(images[1].get_array())
    assert (y == np.maximum(dataset.all[7].y, scale_of_field(dataset.all[7].y).low)).all()
    assert dataset.all[7].id in figure.get_suptitle()
    assert (
        np.asarray(dataset.select("test").plot(0, log=False).axes[1].images[0].get_array()) == dataset.select("test")[0].y
    ).all()
    matplotlib.pyplot.close("all")


def test_errors_say_what_to_install(tiny, monkeypatch):
    dataset = reader.open(tiny)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install 'steadyset\[plot\]'"):
        dataset.plot(0)
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "steadyset.torch", raising=False)
    for ask in (dataset.to_torch, dataset.select("test").to_torch):
        with pytest.raises(ImportError, match=r"pip install 'steadyset\[torch\]'"):
            ask()
