"""What notebooks show: well-formed HTML in the notebook's own colours, and pictures that hold the fields."""

import base64
import html.parser
import re
import struct
import zlib

import numpy as np
import pytest
import steadyset as reader
from conftest import BINARY, REPOSITORY, TINY, changed
from steadyset.notebook import picture

PHYSICS = {"lattice": [64, 40], "decay_rate": 0.02}
SOURCES = [[20, 20, 3, 1.0], [40, 9, 2, 0.03]]


@pytest.fixture(autouse=True)
def program(monkeypatch):
    monkeypatch.setenv("STEADYSET", str(BINARY))


class Page(html.parser.HTMLParser):
    """The elements and the text of a page, which must be closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.words = [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def facts(self):
        """What the table says."""
        names = "place id samples lattice equation labels rank sources error method name seed".split()
        return {name: self.words[self.words.index(name) + 1] for name in names if name in self.words}

    @property
    def images(self):
        """(alternative text, width, height, colours (rows, columns, 3)) of each."""
        found = []
        for tag, attributes in self.elements:
            if tag == "img":
                kind, _, data = attributes["src"].partition(",")
                assert kind == "data:image/png;base64"
                colours = decoded(base64.b64decode(data, validate=True))
                found.append((attributes["alt"], int(attributes["width"]), int(attributes["height"]), colours))
        return found


def decoded(data):
    """The pixels of a PNG of palette colours without filters (RFC 2083), every chunk checked."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    place, chunks = 8, {}
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 8 : place + 8 + length]
        assert struct.unpack(">I", data[place + 8 + length : place + 12 + length])[0] == zlib.crc32(kind + body)
        chunks[kind] = body
        place += 12 + length
    assert list(chunks) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"] and chunks[b"IEND"] == b""
    columns, rows, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert rest == [8, 3, 0, 0, 0]
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(rows, columns + 1)
    assert not lines[:, 0].any()
    return np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(256, 3)[lines[:, 1:]]


def shown(object):
    """The page of an object; it has the notebook's colours, and nothing of other places."""
    text = object._repr_html_()
    assert "http" not in text.replace("data:", "") and "<script" not in text and "<style" not in text
    assert not re.search(r"(?<![-\w])(color|background|font-family)\s*:", text)
    return Page(text)


def test_a_sample(tiny):
    sample = reader.open(tiny).select("test")[4]
    page = shown(sample)
    assert page.facts["id"] == sample.id and page.facts["rank"] == "4" and page.facts["sources"] == str(sample.n_sources)
    assert sample.error_bound <= float(page.facts["error"].split()[-1]) < 1.01 * sample.error_bound
    (about_x, width, height, x), bar, (about_y, _, _, y), _ = page.images
    assert (width, height) == (213, 256) and x.shape == y.shape == (48, 40, 3) and bar[3].shape == (1, 256, 3)
    assert f"image x of sample {sample.id}" in about_x and "48 by 40 sites" in about_x and "to 1," in about_y
    # The background is darkest, every source is lighter, and the lightest places of both are those of the largest values.
    light = {"x": x.astype(int).sum(2), "y": y.astype(int).sum(2)}
    assert light["x"][sample.x == 0].max() < light["x"][sample.x > 0].min()
    for name, field in (("x", sample.x), ("y", sample.y)):
        assert (light[name][field == field.max()] == light[name].max()).all()
    order = np.argsort(sample.y, axis=None, kind="stable")
    assert (np.diff(light["y"].ravel()[order]) >= 0).all()


def test_a_dataset(tiny, tmp_path):
    dataset = reader.open(tiny)
    page = shown(dataset)
    assert page.facts["id"] == dataset.id[:16] and page.facts["samples"] == "120: 84 train, 12 validation, 24 test"
    assert page.facts["equation"] == "D = 1, γ = 0.02; absorbing; pinned, overlap max"
    assert page.facts["labels"] == "within 1e-06, multiples of 2⁻²⁰" and len(page.images) == 4
    assert "of rank 2" in " ".join(page.words)


def test_a_dataset_without_a_picture(damaged):
    """What cannot be read is said in the picture's place."""
    for shard in (damaged / "pack").glob("*.h5"):
        shard.write_bytes(b"\0" * shard.stat().st_size)
    page = shown(reader.open(damaged))
    assert not page.images and any("There is no picture: sample" in word for word in page.words)


def test_what_a_path_says_is_text(tiny, tmp_path):
    (tmp_path / "<b>&amp;").symlink_to(tiny)
    page = shown(reader.open(tmp_path / "<b>&amp;"))
    assert page.facts["place"].startswith(str(tmp_path / "<b>&amp;")) and ("b", {}) not in page.elements


def test_solutions():
    page = shown(reader.solve(SOURCES, physics=PHYSICS))
    assert page.facts["sources"] == "2" and page.facts["error"].endswith("within the tolerance of 1e-06")
    assert "values from 0.03 to 1 on 64 by 40 sites" in page.images[0][0]
    poor = reader.solve(SOURCES, physics=PHYSICS, tolerance=4.76837159e-7, allow_uncertified=True)
    assert "not within the tolerance" in shown(poor).facts["error"]


@pytest.mark.parametrize("name", ["tiny", "layers", "random-medium", "shapes"])
def test_streams(name):
    stream = reader.stream(REPOSITORY / f"pipelines/{name}.yaml")
    page = shown(stream)
    assert page.facts["name"] == name and page.facts["id"] == stream.id and len(page.images) == 4
    expected = {"tiny": "= 1, γ = 0.02;", "layers": "down layered, across layered, γ layered;",
                "random-medium": "random, γ random;", "shapes": "regions, γ regions;"}[name]  # fmt: skip
    assert f"D {expected}" in page.facts["equation"]
    assert page.facts["samples"] == "without an end" + ("; 251 of 1 source, then these anew" if name == "tiny" else "")


def test_a_stream_of_many_strata():
    """It is sixteen numbers; the picture is of a sample with many sources."""
    stream = reader.stream(pipeline=changed(TINY, sampling={"strata": {"from": 1, "to": 16}}))
    page = shown(stream)
    assert page.facts["sources"] == "1 … 16, 16 numbers" and "of rank 15" in " ".join(page.words)


def test_a_mixture():
    stream = reader.stream(pipeline=TINY)
    other = reader.stream(pipeline=changed(TINY, sampling={"seed": 8}) | {"name": "other"})
    mixed = reader.mix([(stream, 3), (other, 1)], seed=6)
    page = shown(mixed)
    assert page.facts["id"] == mixed.id and page.facts["seed"] == "6" and len(page.images) == 4
    assert page.words[page.words.index("tiny") + 1] == "75.000%" and page.words[page.words.index("other") + 1] == "25.000%"


def test_large_fields_stay_small():
    """A picture has 256 sites a side at most, and a source of one site is in it."""
    solution = reader.solve([[701, 333, 0, 1.0], [10, 900, 5, 0.5]], physics={"lattice": [1024, 1000]})
    text = solution._repr_html_()
    assert len(text) < 120_000
    (_, width, height, x), _, (_, _, _, y), _ = Page(text).images
    assert x.shape == y.shape == (256, 250, 3) and (width, height) == (250, 256)
    assert np.argwhere(x.astype(int).sum(2) == x.astype(int).sum(2).max()).tolist() == [[701 // 4, 333 // 4]]


@pytest.mark.parametrize(
    "field, low, marks",
    [
        (np.linspace(0, 2, 60), 2e-4, [2e-4, 2e-3, 0.02, 0.2, 2]),
        (np.linspace(0.02, 1, 60), 1e-2, [0.01, 10**-1.5, 0.1, 10**-0.5, 1]),
        (np.linspace(0.5, 1, 60), 0.1, [0.1, 10**-0.75, 10**-0.5, 10**-0.25, 1]),
        (np.linspace(-1, 3, 60), -1, [-1, 0, 1, 2, 3]),
        (np.zeros(60), 0, [0, 0.25, 0.5, 0.75, 1]),
    ],
)
def test_scales(field, low, marks):
    """The numbers below the scale are those of its colours, for every kind of field."""
    field = field.astype(np.float32).reshape(6, 10)
    scale = picture.scale_of_field(field)
    assert scale.low == pytest.approx(low) and scale.marks() == pytest.approx(marks, abs=1e-12)
    codes = scale.codes(np.array(scale.marks(), np.float32)[None])
    assert np.abs(codes - np.array([[0, 64, 128, 191, 255]])).max() <= 1
    assert scale.codes(field).min() == 0 or scale.low < field.min()


def test_the_colours_are_even():
    """In OKLab (Ottosson 2020): equal steps within a tenth, and lighter all the way, so that it also reads in grey."""
    colours = np.frombuffer(picture.palette(), np.uint8).reshape(256, 3)[::15] / 255
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    cones = np.cbrt(linear @ np.array([
        [0.4122214708, 0.2119034982, 0.0883024619], [0.5363325363, 0.6806995451, 0.2817188376],
        [0.0514459929, 0.1073969566, 0.6299787005],
    ]))  # fmt: skip
    lab = cones @ np.array([
        [0.2104542553, 1.9779984951, 0.0259040371], [0.7936177850, -2.4285922050, 0.7827717662],
        [-0.0040720468, 0.4505937099, -0.8086757660],
    ])  # fmt: skip
    steps = np.linalg.norm(np.diff(lab, axis=0), axis=1)
    assert np.abs(steps / steps.mean() - 1).max() < 0.1 and (np.diff(lab[:, 0]) > 0).all()
