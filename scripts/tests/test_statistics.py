"""Statistics of the values of x, y and coefficients: in manifests, the same wherever they were taken; in the reader, by
itself; and what normalises by them."""

import dataclasses
import json
import math
import re
import shutil

import forging
import numpy as np
import pytest
import reference
import steadyset as reader
from conftest import TINY, changed, manifest, steadyset, write
from steadyset.transforms import Normalise
from test_rounds import rounds  # noqa: F401 - a fixture

LAYERED = {"layered": {"axis": "rows", "edges": [20], "values": [1, 3]}}
DRAWN = {"random": {"from": 0.5, "to": 2, "length": 8}}
MEDIA = {
    "drawn": {"diffusivity": DRAWN, "decay_rate": LAYERED},
    "anisotropic": {
        "diffusivity": {"down": DRAWN, "across": 1}, "decay_rate": {"random": {"from": 0.01, "to": 0.02, "length": 8}},
    },
    "layers": {"diffusivity": LAYERED, "decay_rate": 0.02},
}  # fmt: skip


def statistics(dataset, stage="pack"):
    return manifest(dataset, stage)["layout"].get("statistics")


def of_medium(folder, name, **sections):
    pipeline = {
        "format": 1, "name": "medium", "physics": {"lattice": [40, 36], **MEDIA[name]},
        "sampling": {"strata": [1, 2], "samples_per_stratum": 12, "radius": 3, "seed": 5},
        "pack": {"samples_per_shard": 5},
    }  # fmt: skip
    pipeline = changed(pipeline, **sections)
    steadyset("run", write(folder, pipeline, f"{name}.yaml"), "-o", folder / name)
    return folder / name


def same(found, expected):
    """Whether two statistics are equal to the last bit."""
    return dataclasses.asdict(found) == dataclasses.asdict(expected)


def test_they_are_what_the_reader_finds(tiny):
    dataset = reader.open(tiny)
    found = dataset.statistics
    train = dataset.select(part="train")
    assert found.samples == len(train) and not found.coefficients
    assert same(reader.measure(train), found)
    # By their definition, in full precision.
    for name in ("x", "y"):
        values = np.stack([getattr(train[k], name) for k in range(len(train))]).astype(np.float64)
        field = getattr(found, name)
        assert field.count == values.size
        assert math.isclose(field.mean, values.mean(), rel_tol=1e-12)
        assert math.isclose(field.standard_deviation, values.std(), rel_tol=1e-10)
        assert (field.minimum, field.maximum) == (values.min(), values.max())
        exact = np.quantile(values, list(field.quantiles), method="inverted_cdf")
        # All sites of a lattice as small as this are in the histogram.
        assert np.all(np.abs(np.array(list(field.quantiles.values())) - exact) <= np.abs(exact) / 32)


@pytest.mark.parametrize("name", MEDIA)
def test_coefficients_have_some(name, tmp_path):
    dataset = reader.open(of_medium(tmp_path, name))
    found = dataset.statistics
    assert same(reader.measure(dataset.select(part="train")), found)
    assert {plane: field.shared for plane, field in found.coefficients.items()} == {
        "drawn": {"diffusivity": False, "decay_rate": True},
        "anisotropic": {"diffusivity_down": False, "diffusivity_across": False, "decay_rate": False},
        "layers": {"diffusivity": True},
    }[name]


def test_every_sixteenth_site_of_a_large_lattice_is_in_the_histogram(tmp_path):
    pipeline = changed(TINY, physics={"lattice": [512, 300]}, sampling={"samples_per_stratum": 4})
    steadyset("run", write(tmp_path, pipeline), "-o", tmp_path / "large")
    dataset = reader.open(tmp_path / "large")
    assert statistics(tmp_path / "large")["stride"] == 3
    assert same(reader.measure(dataset.select(part="train")), dataset.statistics)


def test_they_depend_on_nothing_but_the_samples(tiny, tmp_path):
    """Threads, cuts, codecs: what differs in how a dataset was made differs in nothing else."""
    expected = statistics(tiny)
    # Parts that are shards have all training samples in parts of their own; those of tiny.yaml mix parts of the split, so that
    # what it says was taken from the shards.
    shards = changed(TINY, solver={"samples_per_part": None})
    assert statistics(tiny, "solve")["samples"] > expected["samples"]
    ways = {
        "threads": (changed(shards, pack={"samples_per_shard": 5}), ["--threads", "3"]),
        "parts": (changed(TINY, solver={"samples_per_part": 7}), ["--threads", "1"]),
        **{codec: (changed(shards, pack={"codec": codec}), []) for codec in ("standard", "compact", "archive", "recipe")},
    }
    for name, (pipeline, options) in ways.items():
        steadyset("run", write(tmp_path, pipeline), "-o", tmp_path / name, *options)
        assert statistics(tmp_path / name) == expected, name
        steadyset("verify", tmp_path / name)
    assert statistics(tmp_path / "recipe", "solve") == expected
    steadyset("unpack", tmp_path / "recipe", "-o", tmp_path / "unpacked")
    assert statistics(tmp_path / "unpacked") == expected


def test_a_split_that_changed(tiny, tmp_path):
    """Labels stay as they are; the training part is another, and so are its statistics."""
    dataset = tmp_path / "tiny"
    shutil.copytree(tiny, dataset)
    pipeline = write(tmp_path, changed(TINY, split={"test_every": 3}))
    steadyset("run", pipeline, "-o", dataset)
    opened = reader.open(dataset)
    assert opened.statistics.samples < reader.open(tiny).statistics.samples
    assert same(reader.measure(opened.select(part="train")), opened.statistics)


def test_versions_add_up(rounds):  # noqa: F811
    _, dataset = rounds
    counts = []
    for name in ("base", "round-1", "round-2", "round-3"):
        version = reader.open(dataset, version=name)
        assert same(reader.measure(version.select(part="train")), version.statistics)
        counts.append(version.statistics.samples)
    assert counts == sorted(set(counts))


def test_ids_are_those_without(tiny, tmp_path):
    """A reader of before, which knew no statistics, had the same id."""
    document = manifest(tiny, "pack")
    assert reference.manifest_id(document) == document["id"]
    del document["layout"]["statistics"]
    assert reference.manifest_id(document) == document["id"]


def older(dataset, place):
    """A dataset as an earlier release left it."""
    shutil.copytree(dataset, place)
    for stage in ("solve", "pack"):
        document = manifest(place, stage)
        del document["layout"]["statistics"]
        forging.write(place / stage / "manifest.json", document)
    for record in (place / ".steadyset/steps").glob("*.json"):
        told = json.loads(record.read_text())
        told.pop("statistics", None), told.pop("digest", None)
        forging.write(record, told)
    return place


def test_datasets_of_before_are_read(tiny, tmp_path):
    dataset = older(tiny, tmp_path / "older")
    steadyset("verify", dataset)
    opened = reader.open(dataset)
    with pytest.raises(reader.DatasetError, match="steadyset.measure"):
        opened.statistics  # noqa: B018
    assert same(reader.measure(opened.select(part="train")), reader.open(tiny).statistics)
    # Packed anew, it has those of its labels.
    shutil.rmtree(dataset / "pack")
    steadyset("run", write(tmp_path, TINY), "-o", dataset)
    assert statistics(dataset) == statistics(tiny)


def fields(document):
    return document["layout"]["statistics"]["fields"]


# Forgeries, and what finds each.
def other_mean(document):
    fields(document)[1]["mean"] += 0.25


def other_quantile(document):
    fields(document)[1]["quantiles"]["0.5"] *= 1.5


def follow(field):
    """Makes right what follows from sums."""
    total, squares = (field[name][0] for name in ("sum", "sum_of_squares"))
    field["mean"] = total / field["count"]
    field["standard_deviation"] = math.sqrt((squares - total * total / field["count"]) / field["count"])


def other_sum(document):
    field = fields(document)[1]
    field["sum"] = [field["sum"][0] + 1]
    follow(field)


def other_products(document):
    document["layout"]["statistics"]["sum_of_products"] = [1]


def other_samples(document):
    found = document["layout"]["statistics"]
    found["samples"] += 1
    sites = math.prod(document["parameters"]["physics"]["lattice"])
    for field in found["fields"]:
        field["count"] += sites
        follow(field)


def endless_sum(document):
    fields(document)[0]["sum"] = [1e300, 1e300]


def histogram_beyond_numbers(document):
    fields(document)[0]["histogram"]["classes"][-1] = 8160


def counts_beyond_words(document):
    histogram = fields(document)[0]["histogram"]
    histogram["counts"] = [1 << 53] * len(histogram["counts"])


def classes_that_descend(document):
    fields(document)[0]["histogram"]["classes"].reverse()


def no_y(document):
    del fields(document)[1]


FORGERIES = {
    other_mean: "in another form", other_quantile: "in another form", other_sum: "statistics are not those of the samples",
    other_products: "statistics are not those of the samples", other_samples: "manifest's statistics are of",
    endless_sum: "sum", histogram_beyond_numbers: "classes", counts_beyond_words: "counts", classes_that_descend: "classes",
    no_y: "fields|statistics",
}  # fmt: skip


@pytest.mark.parametrize("stage", ["pack", "solve"])
@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_forged_ones_are_found(forge, stage, tiny, tmp_path):
    dataset = tmp_path / "forged"
    shutil.copytree(tiny, dataset)
    document = manifest(dataset, stage)
    if stage == "solve":
        document["parameters"]["physics"] = {"lattice": manifest(dataset, "pack")["parameters"]["physics"]["lattice"]}
    forge(document)
    if stage == "solve":
        del document["parameters"]["physics"]
    forging.write(dataset / stage / "manifest.json", document)
    result = steadyset("verify", dataset, "--json", expect=1)
    found = json.loads(result.stdout)["findings"]
    assert any(re.search(FORGERIES[forge], words) for words in found), found


def test_a_manifest_with_a_wrong_form_is_refused_by_the_reader(tiny, tmp_path):
    shutil.copytree(tiny / "pack", tmp_path / "pack")
    document = manifest(tmp_path, "pack")
    del document["layout"]["statistics"]["fields"][0]["mean"]
    forging.write(tmp_path / "pack/manifest.json", document)
    with pytest.raises(reader.DatasetError, match="statistics have the wrong form.*mean"):
        reader.open(tmp_path).statistics  # noqa: B018


def test_normalised_fields(tiny):
    dataset = reader.open(tiny)
    train = dataset.select(part="train")
    x, y = train.read(range(len(train)))
    normalise = Normalise(dataset.statistics)
    for field in normalise(x, y):
        assert field.dtype == np.float32
        assert abs(field.mean(dtype=np.float64)) < 1e-5
        assert abs(field.std(dtype=np.float64) - 1) < 1e-5
    assert np.allclose(normalise.restore(normalise(x, y)[1]), y, atol=1e-6)
    by_maximum = Normalise(dataset.statistics, by="maximum")
    scaled = by_maximum(x, y)
    assert scaled[1].max() == 1 and np.array_equal(scaled[0] == 0, x == 0)
    with pytest.raises(ValueError, match="by 'deviation' or by 'maximum'"):
        Normalise(dataset.statistics, by="range")
    flat = dataclasses.replace(dataset.statistics, y=dataclasses.replace(dataset.statistics.y, standard_deviation=0.0))
    with pytest.raises(ValueError, match="y has the value .* at all sites"):
        Normalise(flat)
    with pytest.raises(ValueError, match="no samples"):
        reader.measure(train[:0])
