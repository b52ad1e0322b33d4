"""What describes a dataset: the card, its metadata, citation, licence and recipe, read by the programs that they are for."""

import json
import os
import re
import shutil
import subprocess
import sys
import warnings

import datasets
import hashlib
import mlcroissant
import numpy as np
import pytest
import steadyset as reader
import yaml
from conftest import REPOSITORY, TINY, changed, manifest, refused, steadyset, write
from huggingface_hub import DatasetCard
from steadyset.transfer import push
from test_exports import FORMATS, MEDIA, export
from test_rounds import rounds  # noqa: F401 - a fixture

ABOUT = {
    "title": 'Disks: "pinned" sources', "description": "Ninety samples\nfor tests.", "license": "CC0-1.0",
    "creators": ["A. Müller", "B: Smith"], "url": "https://example.org/disks",
}  # fmt: skip
FILES = {"README.md", "croissant.json", "samples.csv", "CITATION.cff", "LICENSE", "pipeline.json", "export.json"}


def front_matter(card):
    """What stands between the first two lines of dashes, as Hugging Face reads it."""
    return DatasetCard(card.read_text()).data.to_dict()


def blocks(card, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", card.read_text(), re.M | re.S)


def run(code, folder, **environment):
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=300,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts/python"), **environment},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout


def valid(croissant):
    """Croissant that its own program accepts without a word of error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return mlcroissant.Dataset(jsonld=str(croissant))


@pytest.fixture(scope="session")
def described(once):
    """A dataset that says all of itself, with its card beside its folder `pack`."""

    def make(folder):
        pipeline = write(folder, changed({**TINY, "about": ABOUT}, solver={"samples_per_part": None}))
        steadyset("run", pipeline, "-o", folder / "dataset")
        steadyset("export", "card", folder / "dataset", "-o", folder / "card")
        for path in (folder / "card").iterdir():
            shutil.copy(path, folder / "dataset")

    return once("described", make)[0] / "dataset"


def test_the_card_says_what_the_manifest_says(described):
    assert FILES <= {path.name for path in described.iterdir()}
    card, document = described / "README.md", manifest(described, "pack")
    front = front_matter(card)
    assert (front["license"], front["pretty_name"]) == ("cc0-1.0", ABOUT["title"])
    assert front["size_categories"] == ["n<1K"]
    (configuration,) = front["configs"]
    assert [found["split"] for found in configuration["data_files"]] == ["train", "validation", "test"]
    text = card.read_text()
    assert f"# {ABOUT['title']}\n" in text and ABOUT["description"] in text and document["id"] in text
    for part in document["content"]["parts"]:
        assert f"| {part['part']} | {part['samples']} |" in text
    for selection in document["content"]["selections"]:
        if "stratum" not in selection:
            assert f"| `{selection['name']}` | {selection['samples']} |" in text
    y = document["layout"]["statistics"]["fields"][1]
    assert f"| `y` | {y['mean']:.5g} | {y['standard_deviation']:.5g} | {y['minimum']:.5g} | {y['maximum']:.5g} |" in text
    assert str(document["content"]["largest_error_bound"]) in text.replace("e-0", "e-0")
    assert "2302.03786" in text and "creativecommons.org/publicdomain/zero" in (described / "LICENSE").read_text()


def test_its_code_runs(described):
    ours, theirs = blocks(described / "README.md", "python")
    train = reader.open(described).select(part="train")
    assert run(ours, described).split()[0] == str(len(train))
    assert str(tuple(train.dataset.lattice)) in run(theirs, described, HF_HUB_OFFLINE="1")


def test_the_recipe_makes_the_dataset(described, tmp_path):
    (command,) = blocks(described / "README.md", "sh")
    assert command == "steadyset run pipeline.json --output dataset\n"
    shutil.copy(described / "pipeline.json", tmp_path)
    steadyset("run", "pipeline.json", "--output", "dataset", cwd=tmp_path)
    for stage in ("sample", "solve", "split", "pack"):
        assert manifest(tmp_path / "dataset", stage) == manifest(described, stage)


@pytest.mark.parametrize("pipeline", ["random-medium", "layers", "darcy"])
def test_recipes_of_other_equations(pipeline, tmp_path):
    steadyset("run", REPOSITORY / f"pipelines/{pipeline}.yaml", "-o", tmp_path / "first")
    steadyset("export", "card", tmp_path / "first", "-o", tmp_path / "card")
    steadyset("run", tmp_path / "card/pipeline.json", "-o", tmp_path / "second")
    assert manifest(tmp_path / "first", "pack") == manifest(tmp_path / "second", "pack")
    front = front_matter(tmp_path / "card/README.md")
    # Shards with a coefficient that is stored once are not for `datasets`.
    assert ("configs" in front) == (pipeline != "layers")
    assert front["license"] == "cc-by-4.0"


def test_splits_are_loaded_by_name(described):
    dataset = reader.open(described)
    for part in ("train", "validation", "test"):
        samples = dataset.select(part=part)
        found = datasets.load_dataset(str(described), split=part, streaming=True).with_format("numpy")
        count = 0
        for k, row in enumerate(found):
            assert int(row["id"]) == int(samples.ids[k])
            assert np.array_equal(row["x"], samples[k].x) and np.array_equal(row["y"], samples[k].y)
            count += 1
        assert count == len(samples)


def test_croissant_is_valid_and_its_records_are_read(described):
    found = valid(described / "croissant.json")
    assert found.metadata.name == ABOUT["title"] and [one.name for one in found.metadata.creators] == ABOUT["creators"]
    document = manifest(described, "pack")
    listed = {one["name"]: one for one in json.loads((described / "croissant.json").read_text())["distribution"]}
    for file in document["files"]:
        one = listed[file["path"]]
        assert one["sha256"] == file["sha256"] and one["contentSize"] == f"{file['bytes']} B"
        assert hashlib.sha256((described / one["contentUrl"]).read_bytes()).hexdigest() == one["sha256"]
    records = list(found.records("samples"))
    assert len(records) == document["content"]["samples"]
    assert {record["samples/id"].decode() for record in records} == {f"{id:016x}" for id in reader.open(described).all.ids}


def test_the_citation_has_the_form_of_its_format(described):
    """The members that version 1.2.0 requires, and the types that it asks for."""
    found = yaml.safe_load((described / "CITATION.cff").read_text())
    assert found["cff-version"] == "1.2.0" and found["type"] == "dataset" and found["license"] == "CC0-1.0"
    assert (found["title"], found["abstract"], found["url"]) == (ABOUT["title"], ABOUT["description"], ABOUT["url"])
    assert [one["name"] for one in found["authors"]] == ABOUT["creators"]
    (identifier,) = found["identifiers"]
    assert identifier["type"] == "other" and identifier["value"] == manifest(described, "pack")["id"]
    paper, program = found["references"]
    assert paper["year"] == 2023 and {one["family-names"] for one in paper["authors"]} == {"Toledo-Marín", "Glazier", "Fox"}
    assert program["title"] == "Steadyset" and isinstance(program["version"], str)


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "card"])
def test_every_export_has_a_card(kind, tiny, tmp_path):
    place = tmp_path / FORMATS[kind]
    export(kind, tiny, place, "--describe", "license=ODbL-1.0", "--describe", "name=Tiny")
    folder = place if place.is_dir() else tmp_path / f"{place.name}.card"
    front = front_matter(folder / "README.md")
    assert (front["license"], front["pretty_name"]) == ("odbl", "Tiny") and "configs" not in front or kind == "croissant"
    document = valid(folder / "croissant.json").metadata
    assert document.name == "Tiny"
    if kind != "croissant":
        for one in json.loads((folder / "croissant.json").read_text())["distribution"]:
            assert hashlib.sha256((folder / one["contentUrl"]).read_bytes()).hexdigest() == one["sha256"]
    if kind in ("vds", "pdebench", "csv", "kerchunk", "croissant"):
        (code,) = blocks(folder / "README.md", "python")[:1]
        assert run(code, place.parent if place.is_file() else place)
    listing = folder / "export.json"
    if place.is_dir():
        assert {"README.md", "CITATION.cff"} <= {file["path"] for file in json.loads(listing.read_text())["files"]}


def test_a_card_that_is_there_is_not_replaced(tiny, tmp_path):
    (tmp_path / "all.h5.card").mkdir()
    (tmp_path / "all.h5.card/README.md").write_text("mine\n")
    refused("export", "vds", tiny, "--output", tmp_path / "all.h5", status=73, says="all.h5.card exists")
    assert {path.name for path in tmp_path.iterdir()} == {"all.h5.card"}
    assert (tmp_path / "all.h5.card/README.md").read_text() == "mine\n"


def test_cards_of_codecs_that_others_do_not_read(tmp_path):
    for codec in ("archive", "recipe"):
        steadyset("run", write(tmp_path, changed(TINY, pack={"codec": codec})), "-o", tmp_path / codec)
        steadyset("export", "card", tmp_path / codec, "-o", tmp_path / f"{codec}.card")
        card = tmp_path / f"{codec}.card/README.md"
        assert "configs" not in front_matter(card) and f"codec `{codec}`" in card.read_text()
        assert len(list(valid(card.parent / "croissant.json").records("samples"))) == 120
        shutil.copytree(card.parent, tmp_path / codec, dirs_exist_ok=True)
        (code,) = blocks(card, "python")
        assert run(code, tmp_path / codec)


def test_a_version_says_where_it_comes_from(rounds, tmp_path):  # noqa: F811
    _, dataset = rounds
    steadyset("export", "card", f"{dataset}@round-2", "-o", tmp_path / "card")
    text = (tmp_path / "card/README.md").read_text()
    lineage = text[text.index("## Lineage") :]
    assert [line.split(" | ")[0] for line in lineage.splitlines() if re.match(r"\| \d", line)] == ["| 1", "| 2"]
    front = front_matter(tmp_path / "card/README.md")
    by_name = {one["config_name"]: one for one in front["configs"]}
    assert set(by_name) == {"default", "round-1", "round-3"}
    for name, version in (("default", "round-2"), ("round-3", "round-3")):
        (train,) = [one["path"] for one in by_name[name]["data_files"] if one["split"] == "train"]
        opened = reader.open(dataset, version=version)
        assert sorted(train[1:]) == sorted(
            f"pack/{file['path']}" for file in opened.manifest["files"] if file["path"].startswith("added-")
        )
    shutil.copytree(dataset / "pack", tmp_path / "card/pack")
    found = datasets.load_dataset(str(tmp_path / "card"), "round-3", split="train", streaming=True).with_format("numpy")
    samples = reader.open(dataset, version="round-3").select(part="train")
    assert {int(row["id"]) for row in found} == {int(id) for id in samples.ids}


def test_nothing_is_said_twice(tiny, tmp_path):
    """What only the pipeline says changes no id and no shard; where it changes, the manifest is written anew."""
    dataset = tmp_path / "dataset"
    shutil.copytree(tiny, dataset)
    before = {path.name: path.read_bytes() for path in (dataset / "pack").glob("*.h5")}
    steadyset("run", write(tmp_path, {**TINY, "about": {"license": "CC0-1.0"}}), "-o", dataset)
    assert manifest(dataset, "pack")["layout"]["about"] == {"license": "CC0-1.0"}
    assert manifest(dataset, "pack")["id"] == manifest(tiny, "pack")["id"]
    assert {path.name: path.read_bytes() for path in (dataset / "pack").glob("*.h5")} == before
    steadyset("verify", dataset)


@pytest.mark.parametrize(
    ("about", "says"),
    [({"license": "my own"}, "about.license|about/license"), ({"creators": []}, "creators"), ({"licence": "MIT"}, "license"),
     ({"title": "two\nlines"}, "title"), ({"url": "ftp://x"}, "url")],
)  # fmt: skip
def test_what_is_said_wrongly_is_refused(about, says, tmp_path):
    refused("run", write(tmp_path, {**TINY, "about": about}), "-o", tmp_path / "dataset", status=65, says=says)


def test_a_licence_that_is_none(tiny, tmp_path):
    refused(
        "export", "card", tiny, "--output", tmp_path / "card", "--describe", "license=do what\nyou want", status=64,
        says="no identifier of SPDX",
    )  # fmt: skip


def test_push_sends_the_card(described, tiny, tmp_path, monkeypatch):
    place = tmp_path / "published"
    done = push(described, f"file://{place}")
    assert done.card == "6 files of the card written"
    assert {path.name for path in place.iterdir()} == FILES - {"export.json"} | {"pack"}
    for name in FILES - {"export.json"}:
        assert (place / name).read_bytes() == (described / name).read_bytes()
    assert push(described, f"file://{place}").card == "the card was there"
    found = datasets.load_dataset(str(place), split="test", streaming=True)
    assert sum(1 for _ in found) == len(reader.open(described).select(part="test"))
    # Another dataset has another card; a card of somebody's own stays.
    assert "files of the card written" in push(tiny, f"file://{place}", replace=True).card
    assert manifest(tiny, "pack")["id"] in (place / "README.md").read_text()
    (place / "README.md").write_text("# Mine\n")
    (place / "LICENSE").write_text("mine\n")
    assert "not one of Steadyset's" in push(described, f"file://{place}", replace=True).card
    assert (place / "README.md").read_text() == "# Mine\n" and (place / "LICENSE").read_text() == "mine\n"
    (place / "README.md").unlink()
    push(described, f"file://{place}")
    assert (place / "LICENSE").read_text() == "mine\n"
    assert "asked for" in push(described, f"file://{place}", card=False).card
    # Without the program the dataset is published all the same.
    monkeypatch.setattr("steadyset.transfer.card.command", no_program)
    assert "is not here" in push(tiny, f"file://{tmp_path}/other").card
    assert reader.open(tmp_path / "other").id == manifest(tiny, "pack")["id"]


def no_program():
    raise reader.DatasetError("there is no program")
