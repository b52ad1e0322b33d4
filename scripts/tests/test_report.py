"""The report: a page of a dataset, a training and rounds, whole without a network, that shows what is there."""

import base64
import copy
import hashlib
import html.parser
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import zlib
from dataclasses import replace

import numpy as np
import pytest
import steadyset as reader
from conftest import BINARY, TAUGHT, changed, configurations, ran, refused, steadyset, write

vl_convert = pytest.importorskip("vl_convert", reason="vl-convert-python is not installed")

from steadyset.canonical import canonical  # noqa: E402
from steadyset.errors import DatasetError  # noqa: E402
from steadyset.report import files, measures, of_dataset, of_rounds, of_training, write_report  # noqa: E402
from steadyset.report.page import embedded  # noqa: E402
from steadyset.report.predictions import configuration, predict  # noqa: E402

CURATED = changed(
    TAUGHT, train={"selection": "S50%", "epochs": 2}, rounds={"count": 2, "add": 12, "pool": 60, "acquisition": "power"}
)
HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\"> & 'quoted'"
VOID = {"meta", "link", "img", "input", "path", "br"}


class Page(html.parser.HTMLParser):
    """The elements of a page, which must be closed in order, its texts, and what it would fetch."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.words, self.scripts, self.specs = [], [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        kind = self.elements[-1][1].get("type")
        if self.open and self.open[-1] == "script":
            (self.specs if kind == "application/json" else self.scripts).append(data)
        else:
            self.words.append(data)

    def all(self, tag):
        return [attributes for found, attributes in self.elements if found == tag]

    @property
    def sections(self):
        return [attributes["id"] for attributes in self.all("section")]

    @property
    def charts(self):
        return [json.loads(spec) for spec in self.specs]

    def rows(self, *keys):
        """The data of the first chart whose rows have these keys."""
        return next(spec["data"]["values"] for spec in self.charts if set(keys) <= set(spec["data"]["values"][0]))

    @property
    def text(self):
        return " ".join(self.words)


def page_of(dataset, folder, **options):
    return Page(write_report(dataset, folder / "page.html", **options).read_text())


@pytest.fixture(scope="module")
def curated(once):
    return once("curated", ran(CURATED, "--threads", "1"))[0] / "dataset"


@pytest.fixture(scope="module")
def pages(tiny, taught, curated, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    return {
        name: page_of(dataset, folder) for name, dataset in (("tiny", tiny), ("taught", taught[1]), ("curated", curated))
    }  # fmt: skip


DATASET = ["identity", "pictures", "distributions", "bounds", "sizes"]
TRAINING = ["training", "errors", "worst"]


def test_sections(pages):
    assert pages["tiny"].sections == DATASET
    assert pages["taught"].sections == DATASET + TRAINING
    assert pages["curated"].sections == [*DATASET, "rounds", "choices", *TRAINING]


@pytest.mark.parametrize("name", ["tiny", "taught", "curated"])
def test_a_page_needs_nothing_from_anywhere(pages, name):
    page = pages[name]
    assert page.all("html") == [{"lang": "en"}]
    for _, attributes in page.elements:
        assert not {"onerror", "onload", "onclick"} & set(attributes)
        for key in ("src", "href", "action", "data", "srcset"):
            target = attributes.get(key, "")
            assert not target or target.startswith("data:") or target[0] == "#" and target[1:] in page.sections, target
    policy = next(found["content"] for found in page.all("meta") if found.get("http-equiv") == "Content-Security-Policy")
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in page.scripts]
    assert policy.startswith("default-src 'none'; ") and len(hashes) == 2
    assert re.search("script-src (.*)$", policy)[1].split() == [f"'sha256-{found}'" for found in hashes]
    assert not re.search("url\\(|@import", page.words[page.words.index(next(w for w in page.words if ":root" in w))])


@pytest.mark.parametrize("name", ["tiny", "taught", "curated"])
def test_headings_and_alternatives(pages, name):
    page = pages[name]
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1 and all(b - a <= 1 for a, b in zip(levels, levels[1:]))
    assert page.all("img") and all(len(image["alt"]) > 10 for image in page.all("img"))


@pytest.mark.parametrize("name", ["tiny", "taught", "curated"])
def test_charts_are_sound_and_have_their_data(pages, name):
    """Vega-Lite compiles each, and each has rows with numbers."""
    page = pages[name]
    assert len(page.charts) == len([f for f in page.all("figure") if f.get("class") == "chart"]) >= 8
    for spec in page.charts:
        assert spec["data"]["values"] and vl_convert.vegalite_to_vega(spec)["marks"]


def test_what_it_is(pages, tiny):
    dataset = reader.open(tiny)
    text = pages["tiny"].text
    for said in (dataset.id, "48 × 40", "tiny", "Steadyset", "train/S12.5%", "2⁻²⁰"):
        assert said in text, said
    for stage in files.STAGES[:4]:
        assert files.read_stage(str(tiny), stage).id[:16] in text
    recipe = next(words for words in pages["tiny"].words if '"compression_level"' in words or '"design"' in words)
    assert json.loads(recipe)["sample"]["design"]["seed"] == 7


def test_distributions_are_those_of_the_dataset(pages, tiny):
    page, every = pages["tiny"], reader.open(tiny).all
    strata = {}
    for row in page.rows("part", "samples"):
        strata[row["sources"]] = strata.get(row["sources"], 0) + row["samples"]
    assert strata == {1: 40, 2: 40, 4: 40}
    fields = [(one.x, one.y, one.n_sources) for one in every]
    shares = {(row["sources"], row["region"]): row["share"] for row in page.rows("region", "share")}
    for stratum in strata:
        x, y = (np.array([pair[k] for pair in fields if pair[2] == stratum]) for k in (0, 1))
        assert shares[stratum, "sources"] == pytest.approx((x > 0).mean(), rel=1e-5)
        assert shares[stratum, "R2 (0.1 to 0.2)"] == pytest.approx(((x == 0) & (y >= 0.1) & (y < 0.2)).mean(), rel=1e-5)
    y = np.array([y for _, y, _ in fields])
    counted = next(spec for spec in page.charts if spec.get("layer") and "sites" in str(spec["layer"][0]["encoding"]["y"]))
    assert sum(row["count"] for row in counted["data"]["values"]) == (y > 0).sum()
    bounds = next(spec for spec in page.charts if "certified bound" in str(spec.get("layer")))
    assert sum(row["count"] for row in bounds["data"]["values"]) == len(every)
    assert f"{every.error_bounds.max():.3g}" in page.text
    distances = [found for k in range(len(every)) for found in brute(every.sources(k)[:, :2])]
    shown = next(spec for spec in page.charts if "distance (sites)" in str(spec.get("layer")))["data"]["values"]
    assert sum(row["count"] for row in shown) == len(distances)
    assert (shown[0]["from"], shown[-1]["to"]) == pytest.approx((min(distances), max(distances)), rel=1e-5)


def brute(places):
    return [min(np.hypot(*(a - b)) for j, b in enumerate(places) if j != i) for i, a in enumerate(places) if len(places) > 1]


def test_errors_are_those_of_the_summary(pages, taught):
    lines = (taught[1] / "evaluate/summary.csv").read_text().splitlines()
    summary = {tuple(line.split(",")[:2]): line.split(",") for line in lines[1:]}
    rows = {(row["sources"], row["region"]): row["error"] for row in pages["taught"].rows("region", "error")}
    names = {"whole field": "mae", "sources": "sources", "R1 (y ≥ 0.2)": "r1", "R4 (y < 0.05)": "r4"}
    for (stratum, region), error in rows.items():
        if region in names:
            assert error == pytest.approx(float(summary[str(stratum), names[region]][3]), rel=1e-5)
    spread = {(row["sources"], row["statistic"]): row["error"] for row in pages["taught"].rows("statistic", "error")}
    assert spread[2, "99th percentile"] == pytest.approx(float(summary["2", "mae"][6]), rel=1e-5)


def test_curves_are_those_of_the_metrics(pages, taught):
    lines = [json.loads(line) for line in (taught[1] / "train/metrics.jsonl").read_text().splitlines()]
    rows = pages["taught"].rows("epoch", "loss")
    assert [row["loss"] for row in rows if row["part"] == "training"] == pytest.approx(
        [x["train_loss"] for x in lines], rel=1e-5
    )


def decoded(image):
    """The numbers of colours of a picture with a palette, (rows, columns)."""
    data, at, parts = base64.b64decode(image["src"].partition("base64,")[2]), 8, {}
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        parts[data[at + 4 : at + 8]] = data[at + 8 : at + 8 + length]
        at += length + 12
    columns, rows = struct.unpack(">II", parts[b"IHDR"][:8])
    return np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(rows, columns + 1)[:, 1:]


def test_the_worst_are_shown_as_they_are(pages, taught):
    """In the order of their errors, each beside its truth and the difference; the difference is where the error is."""
    errors = files.read_errors(str(taught[1]))
    order = np.lexsort((errors.id, -errors.mae))
    ids = [f"{int(errors.id[k]):016x}" for k in order[:6]]
    images = [image for image in pages["taught"].all("img") if image.get("class") == "even"]
    shown = [image for image in images if image["alt"].startswith("difference of")]
    assert [re.search("sample ([0-9a-f]{16})", image["alt"])[1] for image in shown] == ids
    for image, k in zip(shown, order):
        low, high = (abs(float(found)) for found in re.search("from (\\S+) to (\\S+)$", image["alt"]).groups())
        assert max(low, high) == pytest.approx(errors.largest[k], rel=1e-2)
        # The middle colour stands for 0.
        codes = decoded(image).astype(float) - 127.5
        most = max(errors.largest[k] for k in order[:6])
        assert np.abs(codes).max() / 127.5 * most == pytest.approx(errors.largest[k], rel=0.05)


SHAPES = changed(TAUGHT, physics={"lattice": [64, 64], "diffusivity": {"random": {"from": 0.5, "to": 2, "length": 8}}})
SHAPES["train"] = {"model": {"kind": "u-net", "width": 0.0625}, "optimiser": {"learning_rate": 8e-3}, "batch": 8, "epochs": 8}
SHAPES["sampling"] = {
    "strata": [3], "samples_per_stratum": 60, "seed": 2,
    "shapes": [
        {"disk": {"radius": {"from": 2, "to": 4}}}, {"ellipse": {"radii": [4, 3], "angle": "any"}},
        {"rectangle": {"halves": [{"from": 1, "to": 4}, 2], "angle": 30}}, {"ring": {"outer": 5, "inner": 2}},
        {"polygon": {"corners": {"from": 3, "to": 9}, "radius": 5}},
        {"capsule": {"half_length": 3, "radius": 2, "angle": "any"}},
    ],
}  # fmt: skip


def test_samples_are_written_as_they_were_drawn(once):
    """Every shape, and the keys of random coefficients, as the sample stage has them."""
    dataset = once("shapes-for-reports", ran(SHAPES))[0] / "dataset"
    samples = reader.open(dataset).all
    drawn = {line["id"]: line for line in map(json.loads, configurations(dataset))}
    kinds = set()
    for k in range(len(samples)):
        line = drawn[f"{int(samples.ids[k]):016x}"]
        kinds |= {key for source in line["sources"] for key in source} - {"row", "column", "value"}
        found = configuration(samples, k)
        assert json.loads(json.dumps(found)) == {key: line[key] for key in ("sources", "keys")}
    assert kinds == {"radius", "ellipse", "rectangle", "ring", "polygon", "capsule"}


def test_predictions_are_those_that_were_judged(once):
    """To the digits that errors have, of a model whose fields follow its sources."""
    dataset = once("shapes-for-reports", ran(SHAPES))[0] / "dataset"
    errors, samples = files.read_errors(str(dataset)), reader.open(dataset).select("test")
    fields = predict(dataset, samples).astype(float)
    assert fields.std(0).max() > 0.1
    found = {id: np.abs(field - one.y).mean() for id, field, one in zip(samples.ids.tolist(), fields, samples)}
    assert found == pytest.approx(dict(zip(errors.id.tolist(), errors.mae.tolist())), rel=1e-6)


def test_outlines_enclose_the_sources(pages, tiny):
    """The area between the edges that are drawn, column by column, is that of the sources."""
    chosen = measures.some_of_each_stratum(reader.open(tiny).all, 6)
    paths = [found["d"] for found in pages["tiny"].all("path") if found["class"] == "line"]
    for one, path in zip(chosen, paths[::2]):
        across = np.zeros((one.x.shape[0] + 1, one.x.shape[1]), int)
        for start, row, end in re.findall("M([0-9]+),([0-9]+)H([0-9]+)", path):
            across[int(row), int(start) : int(end)] += 1
        assert ((np.cumsum(across, 0)[:-1] % 2 == 1) == (one.x > 0)).all()


def test_rounds(pages, curated):
    page = pages["curated"]
    sizes = {row["round"]: row["samples"] for row in page.rows("samples", "round", "statistic")}
    first = len(reader.open(curated).select("S50%"))
    assert sizes == {0: first, 1: first + 12, 2: first + 24}
    chosen = {name: 0 for name in ("round 1", "round 2")}
    for row in page.rows("sources", "round", "samples"):
        chosen[row["round"]] += row["samples"]
    assert chosen == {"round 1": 12, "round 2": 12}
    marks = {}
    for row in page.rows("id", "round", "score"):
        marks.setdefault(row["round"], {})[row["id"]] = row["score"]
    before = len(reader.open(curated).select(part="train"))
    assert {name: len(found) for name, found in marks.items()} == {"before": before, "round 1": 12, "round 2": 12}
    choices = reader.open(f"{curated}@round-2").choices()
    expected = {f"{int(row['id']):016x}": pytest.approx(float(row["score"]), rel=1e-5) for row in choices}
    assert marks["round 2"] == expected
    assert "Training, round 2" in page.text


def test_a_version_is_a_page_of_its_own(curated, tmp_path):
    page = page_of(f"{curated}@round-1", tmp_path)
    assert reader.open(f"{curated}@round-1").id in page.text
    assert {row["round"] for row in page.rows("id", "round", "score")} == {"before", "round 1"}


def test_the_same_dataset_gives_the_same_bytes(tiny, tmp_path):
    first = write_report(tiny, tmp_path / "a.html").read_bytes()
    assert first == write_report(tiny, tmp_path / "b.html").read_bytes()


def test_what_is_read_is_bounded_and_said(tiny, tmp_path, monkeypatch):
    """Of many samples some are read, the same ones whatever their order, and the page says how many."""
    monkeypatch.setattr("steadyset.report.of_dataset.MOST_SOURCES", 50)
    monkeypatch.setattr(measures, "MOST_FIELDS", 20)
    page = page_of(tiny, tmp_path)
    assert "of 50 of them, fields of 20:" in page.text
    every = reader.open(tiny).all
    some = measures.spread(every, 30)
    assert len(some) == 30 and set(some.ids) == set(measures.spread(every[::-1], 30).ids) == set(np.sort(every.ids)[:30])
    assert set(measures.spread(every, 10).ids) < set(some.ids)
    monkeypatch.setattr(measures, "_MOST_SITES", 1)
    assert measures.fields_at_most(reader.open(tiny)) == 16


def rewritten(path, change):
    """Alters a manifest and gives it the id of its new content."""
    document = json.loads(path.read_text())
    change(document)
    kept = {key: value for key, value in document.items() if key not in ("id", "layout", "files")}
    path.write_text(json.dumps(document | {"id": hashlib.sha256(canonical(kept).encode()).hexdigest()}))


@pytest.fixture
def copied(taught, tmp_path):
    return pathlib.Path(shutil.copytree(taught[1], tmp_path / "dataset"))


def make_hostile(dataset):
    """Puts markup wherever a document takes a text."""
    for stage in ("sample", "pack", "train"):
        path = dataset / stage / "provenance.json"
        told = {"pipeline": HOSTILE, "steadyset": HOSTILE, "finished": HOSTILE, "threads": HOSTILE, "code": HOSTILE}
        path.write_text(json.dumps(json.loads(path.read_text()) | told))

    def change(document):
        document["parameters"]["selection"] = HOSTILE
        document["parameters"]["model"]["kind"] = HOSTILE
        document["parameters"]["loss"] = {HOSTILE: HOSTILE}
        document["inputs"] = [{"stage": HOSTILE, "id": HOSTILE}]

    rewritten(dataset / "train/manifest.json", change)
    rewritten(dataset / "evaluate/manifest.json", lambda document: document["parameters"].update(selection=HOSTILE))


def test_texts_of_strangers_stay_texts(copied, tmp_path):
    make_hostile(copied)
    page = page_of(copied, tmp_path)
    assert page.text.count("document.title='taken'") > 6
    assert len(page.scripts) == 2 and not any("onerror" in found for _, found in page.elements)
    assert all(image["src"].startswith("data:image/png;base64,") for image in page.all("img"))


def test_no_data_of_a_chart_ends_its_element():
    text = embedded({"name": "</script><!--<script>&\u2028"})
    assert not set("<>&\u2028") & set(text) and json.loads(text) == {"name": "</script><!--<script>&\u2028"}
    with pytest.raises(ValueError, match="not JSON compliant"):
        embedded([float("nan")])


def cut(path):
    path.write_bytes(path.read_bytes()[:-7])


def replaced(old, new):
    return lambda path: path.write_bytes(path.read_bytes().replace(old, new, 1))


@pytest.mark.parametrize(("file", "harm", "says"), [
    ("pack/manifest.json", replaced(b'"samples"', b'"Samples"'), "pack/manifest.json was altered"),
    ("pack/locations.npy", cut, "locations.npy"),
    ("pack/train-00000.h5", cut, "train-00000.h5"),
    ("solve/manifest.json", lambda path: path.write_text("<html>"), "solve/manifest.json is not JSON"),
    ("train/manifest.json", replaced(b'"mae"', b'"mse"'), "train/manifest.json was altered"),
    ("train/metrics.jsonl", replaced(b'"epoch":2', b'"epoch":'), "metrics.jsonl is not JSON"),
    ("evaluate/errors.csv", replaced(b",test,0,0.", b",test,0,nan"), "errors.csv is no table of errors"),
    ("evaluate/errors.csv", replaced(b",test,", b","), "errors.csv:2: the line has not as many cells"),
    ("train/provenance.json", lambda path: path.write_text("[" * 10**6), "provenance.json is not JSON"),
])  # fmt: skip
def test_damage_is_one_clear_error_and_no_page(copied, file, harm, says):
    (copied / "report.html").write_text("the page before")
    harm(copied / file)
    result = command("report", copied)
    assert result.returncode == 65, result
    assert result.stderr.startswith("steadyset: error: ") and result.stderr.count("\n") == 1 and says in result.stderr
    assert (copied / "report.html").read_text() == "the page before"
    assert not list(copied.glob(".report*"))


def command(name, *arguments, **options):
    words = [sys.executable, "-m", f"steadyset.{name}", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=300, **options)


def test_the_command(tiny, tmp_path):
    page = tmp_path / "page.html"
    result = command("report", tiny, "-o", page)
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{page}\n", "")
    assert Page(page.read_text()).sections == DATASET and os.listdir(tmp_path) == ["page.html"]
    for place, status, says in (
        (tmp_path / "none", 65, "is no folder"), (tmp_path, 65, "neither a dataset nor a training"),
    ):  # fmt: skip
        result = command("report", place)
        assert result.returncode == status and says in result.stderr and result.stderr.count("\n") == 1
    result = command("report", tiny, "-o", tmp_path / "none/page.html")
    assert result.returncode == 73 and result.stderr.count("\n") == 1
    without = {**os.environ, "PYTHONPATH": f"{shadow(tmp_path, 'vl_convert')}:{os.environ['PYTHONPATH']}"}
    result = command("report", tiny, "-o", page, env=without)
    assert result.returncode == 69 and "pip install 'steadyset[report]'" in result.stderr


def shadow(folder, package):
    """A folder that hides a package: importing it fails as if it were not there."""
    place = folder / "shadow"
    place.mkdir(exist_ok=True)
    (place / f"{package}.py").write_text(f"raise ModuleNotFoundError('No module named {package}', name={package!r})\n")
    return place


def test_before_there_are_shards(tmp_path):
    steadyset("run", write(tmp_path, TAUGHT), "-o", tmp_path / "dataset", "--until", "solve")
    page = page_of(tmp_path / "dataset", tmp_path, live=True)
    assert page.sections == ["identity", "sizes"]
    assert any(found.get("http-equiv") == "refresh" for found in page.all("meta"))


def test_the_folder_of_shards_alone(tiny, tmp_path):
    shutil.copytree(tiny / "pack", tmp_path / "published")
    assert page_of(tmp_path / "published", tmp_path).sections == DATASET


def test_a_training_elsewhere(taught, shards, tmp_path):
    """Without its dataset the page has curves and errors; with it, pictures too."""
    alone = tmp_path / "alone"
    for stage in ("train", "evaluate"):
        shutil.copytree(taught[1] / stage, alone / stage)
    page = page_of(alone, tmp_path)
    assert page.sections == ["identity", "sizes", *TRAINING] and "name it with --data" in page.text
    page = page_of(alone, tmp_path, data=shards)
    assert any(image["alt"].startswith("prediction of") for image in page.all("img"))


def test_without_a_program_there_are_no_predictions(taught, tmp_path, monkeypatch):
    monkeypatch.setenv("STEADYSET", str(tmp_path / "none"))
    page = page_of(taught[1], tmp_path)
    assert "There are no pictures of them: $STEADYSET names" in page.text
    with pytest.raises(DatasetError, match="STEADYSET"):
        reader.command()


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A folder on the PATH, and a function that puts a program into it."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def add(name, text):
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)

    return add


def test_programs_beside_it_are_subcommands(programs, tmp_path):
    programs("steadyset-hello", 'echo "$# $1 $2 $STEADYSET"; exit 7')
    result = steadyset("hello", "a b", "--help", expect=7, env={k: v for k, v in os.environ.items() if k != "STEADYSET"})
    assert result.stdout == f"2 a b --help {os.path.realpath(BINARY)}\n"
    # What is a subcommand of its own stays one, and so do options and wrong names.
    programs("steadyset-show", "exit 7")
    programs("steadyset-help", "exit 7")
    assert "USAGE" in steadyset("show", "--help").stdout and "SUBCOMMANDS" in steadyset("help").stdout
    for wrong in ("helo", "../hello", "HELLO", "hello!", "--hello", ""):
        refused(wrong, status=64, says="no command|Unexpected argument|Unknown option|Missing")


def test_a_relative_path_is_not_searched(programs, tmp_path):
    programs("steadyset-hello", "exit 7")
    environment = {**os.environ, "PATH": "programs:/usr/bin:/bin"}
    refused("hello", status=64, says="there is no command 'hello'", cwd=tmp_path, env=environment)


def test_known_programs_that_are_missing(programs, tiny):
    for name, install in (("report", r"'steadyset\[report\]'"), ("look", "steadyset"), ("push", r"'steadyset\[s3\]'")):
        refused(name, tiny, status=69, says=[f"steadyset-{name}", f"pip install {install}"])


def test_run_writes_the_page_as_it_goes(programs, tmp_path):
    """After stages, loaded again while it goes on; at the end whole. A page that fails is a warning."""
    log, dataset = tmp_path / "log", tmp_path / "dataset"
    programs("steadyset-report", f'echo "$@" >> {log}; exec {sys.executable} -m steadyset.report "$@"')
    pipeline = write(tmp_path, changed(TAUGHT, train={"epochs": 1}))
    result = steadyset("run", pipeline, "-o", dataset, "--report")
    assert "warning" not in result.stderr
    calls = log.read_text().splitlines()
    assert calls[-1] == f"--quiet -- {dataset}" and set(calls[:-1]) == {f"--quiet --live -- {dataset}"}
    page = Page((dataset / "report.html").read_text())
    assert page.sections == DATASET + TRAINING and not any(found.get("http-equiv") == "refresh" for found in page.all("meta"))
    steadyset("verify", dataset)
    programs("steadyset-report", 'echo "no charts today" >&2; exit 3')
    result = steadyset("run", pipeline, "-o", dataset, "--report")
    assert result.stderr.count("warning: the report was not written: no charts today") == 1
    (tmp_path / "programs/steadyset-report").unlink()
    result = steadyset("run", pipeline, "-o", dataset, "--report")
    assert "pip install 'steadyset[report]'" in result.stderr


def places(value, path=()):
    """The paths of everything in a document, of arrays the first two."""
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, inner in members:
        yield from places(inner, (*path, key))


def put(document, path, value):
    """A copy of a document with another value in one place."""
    if not path:
        return value
    result = copy.copy(document)
    result[path[0]] = put(document[path[0]], path[1:], value)
    return result


def test_documents_of_any_form(curated):
    """Whatever stands in a place of a document, it is shown or refused, never a crash."""
    tried = 0
    for folder, stage in [*((curated, stage) for stage in files.STAGES[:-1]), (curated / "rounds/1", "resample")]:
        found = files.read_stage(str(folder), stage)
        for name in ("manifest", "provenance"):
            for path in places(getattr(found, name)):
                for value in (None, -1, 1e308, "x", [], {"a": [1]}) if path and path != ("id",) else ():
                    changed_stage = replace(found, **{name: put(getattr(found, name), path, value)})
                    one = of_rounds.Round(1, "", changed_stage, changed_stage, None)
                    for section in (
                        of_dataset.identity(None, [changed_stage], {}), of_dataset.sizes(None, [changed_stage]),
                        of_training.training(changed_stage, [], ""), of_rounds.rounds([one, one]),
                    ):  # fmt: skip
                        assert section.markup().startswith("<section")
                    tried += 1
    assert tried > 1000


def test_metrics_of_any_form(curated):
    lines = files.read_metrics(str(curated))
    for key in lines[0]:
        for value in (None, -1, 1e308, "x", [], {}, True):
            Page(of_training.training(None, [lines[0] | {key: value}, *lines[1:]], "").markup())
