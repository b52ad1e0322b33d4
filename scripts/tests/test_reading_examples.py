"""What README and articles print of the quickstart dataset and of streams is what it is; test_blocks.py runs their programs."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import reference
import steadyset as reader
from conftest import BINARY, REPOSITORY, manifest, steadyset
from golden import ids as golden

CATALOG = REPOSITORY / "Sources/steadyset/Documentation.docc"
ARTICLES = {path.stem: path.read_text() for path in CATALOG.glob("*.md")}
README = (REPOSITORY / "README.md").read_text()
NEEDS_MORE = ("https://", "torch", "jax", "rfc8785")


@pytest.fixture(scope="module")
def made(quickstart):
    """(folder with the dataset quickstart, what the commands of scripts/quickstart said of it)."""
    folder, said = quickstart
    said += steadyset("verify", "quickstart", "--resolve", "5", cwd=folder).stdout
    return folder, said + steadyset("show", "quickstart", cwd=folder).stdout


def compressed_alike(folder):
    """Whether the libraries are those that the numbers in the articles are of."""
    listed = json.loads(golden.LIST.read_text())["libraries"]
    assert f"zstd {listed['zstd']}" in ARTICLES["Chunks"]
    return golden.libraries(folder / "quickstart") == listed


def programs(article):
    """Yields (program, what is printed below it, or None)."""
    printed = r"(?:\n```text\n(?P<lines>.*?)```|(?:\nIt prints `(?P<line>[^`]+)`))?"
    for match in re.finditer(rf"```python\n(?P<program>.*?)```\n{printed}", ARTICLES[article], re.S):
        if not any(word in match["program"] for word in NEEDS_MORE):
            yield match["program"], match["lines"] or (match["line"] and match["line"] + "\n")


def run(program, folder):
    environment = dict(os.environ, STEADYSET=str(BINARY))
    return subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, env=environment)


@pytest.mark.parametrize("framework", ["torch", "jax"])
def test_streams_for_others(framework, tmp_path):
    """The programs of *Streams* for PyTorch and JAX run, where these are installed."""
    pytest.importorskip(framework, reason=f"{framework} is not installed")
    (tmp_path / "pipelines").symlink_to(REPOSITORY / "pipelines")
    [program] = re.findall(rf"```python\n(import {framework}.*?)```", ARTICLES["Streams"], re.S)
    result = run(program, tmp_path)
    assert result.returncode == 0, result.stderr


def test_mixtures_are_the_package_s(monkeypatch):
    """What *Mixtures* prints of a mixture is what the package does."""
    ((_, printed),) = [found for found in programs("Mixtures") if "stream_at" in found[0]]
    lines = re.findall(r"^([\d. ]+) (\d+) (\d+) (\[.*\])$", printed, re.M)
    assert len(lines) == 3
    monkeypatch.setenv("STEADYSET", str(BINARY))
    stream = reader.stream(REPOSITORY / "pipelines/tiny.yaml")
    for weights, seed, first, drawn in lines:
        mixed = reader.mix([(stream, float(weight)) for weight in weights.split()], seed=int(seed))
        which, where = mixed.sources_of(np.arange(int(first), int(first) + 4))
        assert str(list(zip(which.tolist(), where.tolist()))) == drawn


def test_the_readme_s_output(made):
    """Every line of the quick start but times, and sizes where another zstd compressed; the id of the loop's base."""
    folder, said = made
    block = README.partition("building steadyset")[2].partition("```")[0].splitlines()[1:]
    same = compressed_alike(folder)

    def plain(line):
        line = re.sub(r"\d+(\.\d+)? (s|min)\b", "", line)
        return " ".join((line if same else re.sub(r"\d+(\.\d+)? [kMG]?B", "", line)).split())

    known = {plain(line) for line in said.splitlines()}
    lines = [line for line in block if line.strip() not in ("", "…") and "to be solved" not in line]
    assert len(lines) > 20 and [line for line in lines if plain(line) not in known] == []
    listed = json.loads(golden.LIST.read_text())["made"]["curation"]["manifests"]["pack/manifest.json"]
    assert f"base  {listed['id'][:16]}  {listed['content.samples']} samples" in README


def test_configurations_and_ids(made):
    """The line of a configuration, its canonical form and its id; the sample of the picture; the mean sizes of chunks."""
    opened = reader.open(made[0] / "quickstart")
    text = ARTICLES["Configurations"]
    line = re.search(r'^\{"id":"([0-9a-f]{16})",.*\}$', text, re.M)
    lines = [line for path in sorted((made[0] / "quickstart/sample").glob("*.jsonl")) for line in path.read_text().splitlines()]
    assert line[0] in lines and opened.select(ids=[line[1]]).n_sources.tolist() == [2]
    canonical = text[: text.index(line[1] + "\n```")].rstrip().splitlines()[-1]
    assert reference.canonical(json.loads(canonical)) == canonical
    assert json.loads(canonical)["physics"].items() <= manifest(made[0] / "quickstart", "pack")["parameters"]["physics"].items()
    assert reference.hashlib.sha256(canonical.encode()).hexdigest()[:16] == line[1]
    shard, id = re.search(r"figure\.py quickstart/pack/(\S+) --id ([0-9a-f]{16})", ARTICLES["HDF5"]).groups()
    pictured = opened.select(ids=[id])
    [row] = pictured._rows
    assert opened._manifest.shards[opened._shard_of(int(row))].path == shard
    values = pictured.sources(0)[:, 3]
    assert len(values) == 11 and f"{values.min():.2f} {values.max():g}" == "0.16 1"
    assert "eleven disks with values from 0.16 to 1 on" in " ".join(README.split())
    if compressed_alike(made[0]):
        x, y = (np.mean(opened._table[f"{name}_bytes"]) for name in "xy")
        assert f"take {x:.0f} bytes for x and {y / 1000:.0f} kB for y on" in ARTICLES["Chunks"]
        size = sum(path.stat().st_size for path in (made[0] / "quickstart/pack").glob("*.h5"))
        assert f"shards of {size / 1e6:.0f} MB" in ARTICLES["Exports"]
        assert f"{400 * 2 * 4 * 512 * 512 / size:.1f} times smaller than raw" in " ".join(README.split())


def test_every_configuration(made):
    """Every configuration of quickstart is what the program of *Sampling* draws; of single sources, which take it a second, two."""
    program = next(program for program, _ in programs("Sampling"))
    scope = {}
    exec(program.partition("\nprint(")[0], scope)
    design = manifest(made[0] / "quickstart", "sample")["parameters"]["design"]
    count = 0
    for path in (made[0] / "quickstart/sample").glob("*.jsonl"):
        for line in map(json.loads, path.read_text().splitlines()):
            if len(line["sources"]) == 1 and line["index"] % 10:
                continue
            drawn = scope["sample"](design["seed"], len(line["sources"]), line["index"])
            assert drawn == [(s["row"], s["column"], s["radius"], s["value"]) for s in line["sources"]]
            count += 1
    assert count == 382


def test_order_vectors_are_the_package_s():
    """What *The order of an epoch* prints is what the package does."""
    ((_, printed),) = [found for found in programs("Order") if "sample_at" in found[0]]
    lines = re.findall(r"^(\d+) (\d+) (\d+) \[(.*)\]$", printed, re.M)
    assert len(lines) >= 6
    for count, seed, epoch, samples in lines:
        want = [int(sample) for sample in samples.split(", ")]
        assert reader.Order(int(seed)).indices(range(len(want)), int(count), int(epoch)).tolist() == want
