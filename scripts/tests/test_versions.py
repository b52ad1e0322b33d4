"""Versions: what the article Formats says, written by an independent program, is what the binary and the Python reader take;
references, verify, log, diff, tag, gc, and bad input."""

import fcntl
import functools
import hashlib
import http.server
import json
import pathlib
import pickle
import re
import shutil
import threading

import numpy as np
import pytest
import steadyset as reader
import versioning
from conftest import REPOSITORY, TAUGHT, changed, manifest, refused, steadyset, write
from test_schemas import check

PIPELINE = REPOSITORY / "pipelines/tiny.yaml"


@pytest.fixture(scope="session")
def pools(tmp_path_factory):
    """Other samples of the tiny dataset's problem, with two or four sources: 12, and 6."""
    folder = tmp_path_factory.mktemp("pools")
    return [versioning.solve(folder, PIPELINE, seed, count) for seed, count in ((50, 6), (51, 3))]


@pytest.fixture(scope="session")
def versioned(tiny, pools, tmp_path_factory):
    """(dataset with round-1 and round-2 on top of it, their ids); not to be altered."""
    dataset = pathlib.Path(shutil.copytree(tiny, tmp_path_factory.mktemp("versions") / "dataset"))
    train = [int(s[0]) for s in versioning.rows(dataset, versioning.read(dataset)) if s[5] == "train"]
    one = versioning.add(dataset, pools[0], "round-1", dropped=train[3:5], taken=train[60:61], facts={"candidates": 50})
    two = versioning.add(
        dataset, pools[1], "round-2", parent=one, before="round-1", dropped=train[7:8],
        facts={"number": 2, "curation": {"score": "error", "by": "mae"}, "judge": {"model": "ab" * 32}},
    )  # fmt: skip
    return dataset, one, two


@pytest.fixture
def copied(versioned, tmp_path):
    """A copy to do harm to."""
    return pathlib.Path(shutil.copytree(versioned[0], tmp_path / "dataset")), *versioned[1:]


def files(dataset):
    """Every file and its bytes, without locks and records."""
    root = pathlib.Path(dataset)
    found = (p for p in root.rglob("*") if p.is_file() and ".steadyset" not in p.parts)
    return {str(p.relative_to(root)): p.read_bytes() for p in found}


def sound(reference):
    return json.loads(steadyset("verify", reference, "--json").stdout)


def test_the_article_is_enough(versioned):
    """What another program wrote from the article alone is sound in every respect, and read the same by all."""
    dataset, one, two = versioned
    report = sound(dataset)
    assert report["sound"] and report["versions"] == 2
    assert report["samples"] == 2 * 120 + 12 + 6
    for reference, samples in ((one[:5], 132), ("round-1", 132), ("round-2", 138), (two, 138)):
        report = sound(f"{dataset}@{reference}")
        assert (report["stages"], report["samples"], report["versions"]) == (["pack"], samples, 1)
    for document in (versioning.read(dataset, one), versioning.read(dataset, two)):
        check("manifest-pack", document)
        check("manifest", document)
    check("tags", json.loads((dataset / "pack/tags.json").read_text()))
    # A pack folder by itself is a dataset, versions and all.
    assert sound(dataset / "pack")["versions"] == 2
    shown = json.loads(steadyset("show", f"{dataset}@round-2", "--json").stdout)
    assert shown["version"] == two and shown["stages"][-1]["content"]["parent"] == one
    assert "2 beside this" in steadyset("show", dataset).stdout


def test_references(versioned, tmp_path):
    dataset, one, two = versioned
    base = manifest(dataset, "pack")["id"]

    def shown(reference):
        return json.loads(steadyset("show", reference, "--json").stdout)["stages"][-1]["id"]

    for reference, id in (("base", base), (base[:6], base), (one[:4], one), (one, one), ("round-2", two)):
        assert shown(f"{dataset}@{reference}") == id
        assert reader.open(f"{dataset}@{reference}").id == reader.open(dataset, version=reference).id == id
        assert reader.open(f"{dataset}/pack@{reference}").id == id
    for wrong in ("round-3", "abc", "0" * 16, one[:20] + "0" * 44):
        refused("show", f"{dataset}@{wrong}", status=66, says=["round-1 \\(", one[:16]])
        with pytest.raises(reader.DatasetError, match=f"round-1 \\({one[:16]}"):
            reader.open(f"{dataset}@{wrong}")
    refused("verify", f"{tmp_path}/nothing@round-1", status=66, says="no such folder")
    with pytest.raises(reader.DatasetError, match="does not exist"):
        reader.open(f"{tmp_path}/nothing@round-1")
    # A path that exists is meant as it is.
    odd = tmp_path / "x@round-1"
    odd.symlink_to(dataset)
    assert shown(odd) == base == reader.open(odd).id
    assert shown(f"{odd}@round-1") == one == reader.open(f"{odd}@round-1").id
    refused("show", f"{dataset}@", status=64, says="names no version")


def test_reader(versioned, pools):
    """Selections of several ranges, fields of added shards, choices."""
    dataset, one, two = versioned
    opened = pickle.loads(pickle.dumps(reader.open(f"{dataset}@round-2")))
    document = versioning.read(dataset, two)
    samples = {int(s[0]): s for s in versioning.rows(dataset, document)}
    train = {id: s for id, s in samples.items() if s[5] == "train"}
    for name in ("round-1", "round-2", "S50%", "train/S100%"):
        assert set(opened.select(name).ids.tolist()) == versioning.expand(document, name, train)
    assert len(opened.select("train")) == 84 + 18 and len(opened.select("test")) == 24
    assert opened.select("round-2 & n02").ids.tolist() == [
        id for id in opened.select("round-2").ids.tolist() if samples[id][4] == 2
    ]
    chosen = opened.select("round-2")
    assert chosen.ranks.tolist() == sorted(chosen.ranks.tolist())
    pool = reader.open(pools[1])
    for k in range(6):
        want = pool.all[k]
        (found,) = opened.select(ids=[want.id])
        assert np.array_equal(found.x, want.x) and np.array_equal(found.y, want.y)
        assert np.array_equal(opened.select(ids=[want.id]).sources(0), pool.all.sources(k))
    opened.check_files()
    assert all(sample.y.shape == opened.lattice for sample in opened.select("round-2").checked())
    first = reader.open(f"{dataset}@round-1").choices()
    lines = versioning.choices(dataset, one)
    assert [f"{id:016x}" for id in first["id"].tolist()] == [line["id"] for line in lines]
    for name in ("rank", "n_sources", "action", "origin", "acquisition"):
        assert [str(value) for value in first[name].tolist()] == [line[name] for line in lines]
    assert first["score"][:2].tolist() == [0.5, 1.5] and np.isnan(first["probability"][-1])
    with pytest.raises(reader.DatasetError, match="no choices"):
        reader.open(dataset).choices()


def test_behind_a_url(versioned):
    dataset, one, two = versioned

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(dataset)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        for reference, id in (("round-1", one), (two[:16], two), (two, two), ("base", manifest(dataset, "pack")["id"])):
            opened = reader.open(f"{url}/pack@{reference}")
            assert opened.id == id
            assert reader.open(f"{url}/pack", version=reference).id == id
        assert len(reader.open(f"{url}/pack@round-1").choices()) == 15
        for wrong in ("round-9", one[:8], "0" * 16):
            with pytest.raises(reader.DatasetError, match="16 digits"):
                reader.open(f"{url}/pack@{wrong}")
    finally:
        server.shutdown()
        server.server_close()


def edit(path, change):
    """Changes a JSON document, keeping its layout."""
    document = json.loads(path.read_text())
    change(document)
    path.write_text(versioning.pretty(document))


def resealed(path, change):
    """Changes a version's manifest and gives it the id, the file's name and the tag that its content has."""
    document = json.loads(path.read_text())
    change(document)
    old = document["id"]
    document["id"] = versioning.manifest_id(document)
    path.unlink()
    places = path.parent / f"locations-{old[:16]}.npy"
    places.rename(path.parent / f"locations-{document['id'][:16]}.npy")
    document["layout"]["locations"]["path"] = f"locations-{document['id'][:16]}.npy"
    (path.parent / f"version-{document['id'][:16]}.json").write_text(versioning.pretty(document))
    edit(path.parent / "tags.json", lambda tags: tags.update({k: document["id"] for k, v in tags.items() if v == old}))


def version_file(pack, id):
    return pack / f"version-{id[:16]}.json"


DAMAGE = {
    "parent missing": (lambda p, a, b: version_file(p, a).unlink(), "parent.*missing or was altered"),
    "base missing": (lambda p, a, b: (p / "manifest.json").unlink(), "parent.*missing or was altered"),
    "parent altered": (
        lambda p, a, b: edit(version_file(p, a), lambda d: d["content"]["round"].update(number=9)), "altered",
    ),
    "base's shards listed otherwise": (
        lambda p, a, b: edit(p / "manifest.json", lambda d: d["files"][0].update(bytes=1)), "altered",
    ),
    "not JSON": (lambda p, a, b: version_file(p, b).write_text("{"), "version-"),
    "truncated": (
        lambda p, a, b: version_file(p, b).write_bytes(version_file(p, b).read_bytes()[:-300]), "version-",
    ),
    "another version's name": (
        lambda p, a, b: shutil.copy(version_file(p, a), version_file(p, b)), "not the version|no version|altered",
    ),
    "tags no JSON": (lambda p, a, b: (p / "tags.json").write_text("[]"), "tags.json"),
    "a tag that is none": (lambda p, a, b: edit(p / "tags.json", lambda t: t.update({"a b": a})), "tags.json"),
    "a tag of nothing": (
        lambda p, a, b: edit(p / "tags.json", lambda t: t.update({"round-2": "0" * 64})), "round-2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_that_opening_finds(copied, name):
    dataset, one, two = copied
    change, says = DAMAGE[name]
    change(dataset / "pack", one, two)
    refused("show", f"{dataset}@round-2", status=(65, 66), says=says)
    with pytest.raises(reader.DatasetError, match=says.replace("version-", "version|altered|not JSON")):
        reader.open(f"{dataset}@round-2")
    result = steadyset("verify", dataset, expect=(1, 65))
    assert result.returncode == 65 or "WRONG" in result.stdout


def chosen(pack, id):
    return pack / json.loads(version_file(pack, id).read_text())["layout"]["choices"]["path"]


def lines(change):
    """A change of the lines of round-2's choices, whose digest and name follow."""

    def altered(pack, one, two):
        path = chosen(pack, two)
        text = change(path.read_text().splitlines())
        data = ("\n".join(text) + "\n").encode()
        path.unlink()
        name = f"choices-{hashlib.sha256(data).hexdigest()[:16]}.csv"
        (pack / name).write_bytes(data)

        def update(d):
            d["content"]["choices"] = hashlib.sha256(data).hexdigest()
            d["layout"]["choices"] = {
                "path": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()
            }  # fmt: skip

        resealed(version_file(pack, two), update)

    return altered


def selection(**members):
    def altered(pack, one, two):
        resealed(version_file(pack, two), lambda d: d["content"]["selections"][-1].update(members))

    return altered


FORGERIES = {
    "a choice less": (lines(lambda t: t[:-1]), "not what its choices make"),
    "another rank": (lines(lambda t: [t[0], re.sub(",[0-9]+,", ",500,", t[1], count=1), *t[2:]]), "ranks|not what its choices"),
    "order of choices": (lines(lambda t: [t[0], t[2], t[1], *t[3:]]), "added|ranks"),
    "a sample that is not there": (lines(lambda t: [*t[:-1], "0" * 16 + t[-1][16:]]), "lacks it"),
    "no header": (lines(lambda t: t[1:]), "begin with the line"),
    "a line that is none": (lines(lambda t: [*t, "x"]), "has 1 fields, the first line 10"),
    "a probability of 2": (lines(lambda t: [t[0], t[1].replace(",0.25", ",2"), *t[2:]]), "cannot have the probability '2'"),
    "another training set": (selection(ranges=[[0, 3], [5, 7]], samples=5), "not what its choices make"),
    "a count of the selection": (selection(samples=3), "holds|not what its choices"),
    "another digest": (
        lambda p, a, b: resealed(version_file(p, b), lambda d: d["content"].update(digest="0" * 64)), "digest",
    ),
    "another count": (
        lambda p, a, b: resealed(version_file(p, b), lambda d: d["content"].update(samples=137)), "numbers of samples",
    ),
    "a base selection changed": (
        lambda p, a, b: resealed(
            version_file(p, b), lambda d: d["content"]["selections"][0].update(ranks=[0, 9], samples=9)
        ),
        "changes selections",
    ),
    "choices altered": (
        lambda p, a, b: chosen(p, b).write_bytes(chosen(p, b).read_bytes().replace(b"0.25", b"0.75")), "SHA-256 differs",
    ),
    "choices missing": (lambda p, a, b: chosen(p, b).unlink(), "choices"),
    "places altered": (
        lambda p, a, b: (p / f"locations-{b[:16]}.npy").write_bytes(
            (p / f"locations-{b[:16]}.npy").read_bytes()[:-1] + b"\7"
        ),
        "SHA-256 differs",
    ),
    "a shard altered": (
        lambda p, a, b: (
            f := p / json.loads(version_file(p, b).read_text())["files"][-1]["path"],
            f.write_bytes(f.read_bytes()[:-1] + b"\7"),
        ),
        "SHA-256 differs",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_damage_that_verify_finds(copied, name):
    """The version alone and the dataset as a whole; the other version stays sound."""
    dataset, one, two = copied
    change, says = FORGERIES[name]
    change(dataset / "pack", one, two)
    for reference in (dataset, f"{dataset}@round-2"):
        result = steadyset("verify", reference, expect=(1, 65))
        assert re.search(says, result.stdout + result.stderr), result.stdout + result.stderr
    assert sound(f"{dataset}@round-1")["sound"]


def test_copies_of_test_samples(tiny, tmp_path):
    """A turned test sample is found in whatever version it hides, and so is one that is there twice."""
    dataset = pathlib.Path(shutil.copytree(tiny, tmp_path / "dataset"))
    line = next(
        found
        for path in sorted((dataset / "sample").glob("*.jsonl"))
        for found in map(json.loads, path.read_text().splitlines())
        if found["index"] == 9 and len(found["sources"]) == 4
    )
    for k, source in enumerate(line["sources"]):
        line["sources"][k] = source | {"row": 47 - source["row"]}
    (tmp_path / "copy.jsonl").write_text(json.dumps({"sources": line["sources"]}) + "\n")
    given = changed(versioning.yaml.safe_load(PIPELINE.read_text()), split={"validation_every": None, "windows": None})
    given["split"] = {"test_every": None}
    pool = tmp_path / "pool"
    steadyset("run", write(tmp_path, given), "--from", tmp_path / "copy.jsonl", "-o", pool)
    versioning.add(dataset, pool, "round-1")
    for reference in (dataset, f"{dataset}@round-1"):
        result = steadyset("verify", reference, expect=1)
        assert result.stdout.count("is a symmetric copy of") == 1 and result.stdout.count("WRONG") == 1


def test_log_and_diff(versioned):
    dataset, one, two = versioned
    log = json.loads(steadyset("log", dataset, "--json").stdout)
    assert [v["id"] for v in log["versions"]] == [manifest(dataset, "pack")["id"], one, two]
    assert [v["tags"] for v in log["versions"]] == [[], ["round-1"], ["round-2"]]
    assert log["broken"] == [] and log["versions"][1]["round"]["added"] == [
        {"sources": 2, "samples": 6}, {"sources": 4, "samples": 6},
    ]  # fmt: skip
    text = steadyset("log", dataset).stdout
    for words in ("12 added, 1 taken, 2 dropped", "6 added, 0 taken, 1 dropped", "model abababababababab", "by power of error (mae)"):
        assert words in text
    base = reader.open(dataset).select("S50%")
    after = reader.open(f"{dataset}@round-2").select("round-2")
    joined = sorted(set(after.ids.tolist()) - set(base.ids.tolist()))
    left = sorted(set(base.ids.tolist()) - set(after.ids.tolist()))
    for arguments in ((f"{dataset}@base", f"{dataset}@round-2"), (dataset, "round-2"), (f"{dataset}@base", two[:8])):
        diff = json.loads(steadyset("diff", *arguments, "--ids", "--json").stdout)
        assert diff["before"]["selection"] == "S50%" and diff["after"]["selection"] == "train/round-2"
        assert [int(id, 16) for id in diff["joined_ids"]] == joined and [int(id, 16) for id in diff["left_ids"]] == left
        assert diff["acquisitions"] == {"power": 18, "top": 1} and diff["new_samples"] == 18
        for row in diff["strata"]:
            assert row["before"] == int(np.sum(base.n_sources == row["sources"]))
            assert row["after"] == int(np.sum(after.n_sources == row["sources"]))
            assert row["before"] + row["joined"] - row["left"] == row["after"]
        scores = [0.5 + k for k in range(12)] + [2.0] + [0.5 + k for k in range(6)]
        assert np.allclose(diff["score_quantiles"], np.quantile(scores, [0, 0.25, 0.5, 0.75, 1]), rtol=1e-12)
    diff = json.loads(steadyset("diff", f"{dataset}@round-2", "--json").stdout)
    assert (diff["before"]["id"], diff["joined"], diff["left"]) == (one, 6, 1)
    backwards = json.loads(steadyset("diff", f"{dataset}@round-2", f"{dataset}@round-1", "--json").stdout)
    assert (backwards["joined"], backwards["left"], backwards["gone_samples"]) == (1, 6, 6)
    whole = json.loads(steadyset("diff", dataset, "round-1", "--selection", "test | train", "--json").stdout)
    assert (whole["joined"], whole["left"]) == (12, 0)
    refused("diff", dataset, status=64, says="no parent")
    text = steadyset("diff", f"{dataset}@round-1", "--ids").stdout
    assert text.count("\n+ ") == 13 and text.count("\n- ") == 2


def test_tag(copied):
    dataset, one, two = copied
    steadyset("tag", f"{dataset}@round-1", "good")
    assert reader.open(f"{dataset}@good").id == one
    steadyset("tag", f"{dataset}@round-2", "good")
    assert reader.open(f"{dataset}@good").id == two
    steadyset("tag", dataset, "start")
    assert reader.open(f"{dataset}@start").id == manifest(dataset, "pack")["id"]
    assert sound(dataset)["sound"]
    steadyset("tag", "--delete", dataset, "good")
    refused("show", f"{dataset}@good", status=66, says="no version 'good'")
    refused("tag", "--delete", dataset, "good", status=66, says="no tag 'good'")
    for name in ("base", "12ab", "a b", "", "-x", "x/y", "x" * 65, "cafe"):
        refused("tag", "--", f"{dataset}@round-1", name, status=64, says="cannot be a tag")
    refused("tag", f"{dataset}@round-7", "good", status=66, says="no version 'round-7'")
    with open(dataset / ".steadyset/lock", "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused("tag", f"{dataset}@round-1", "late", status=75, says="in use")
        refused("gc", dataset, status=75, says="in use")


def test_gc(copied, tiny):
    """What is dropped frees its own files, exactly; the user's files and unfinished rounds stay."""
    dataset, one, two = copied
    (dataset / "pack/notes.txt").write_text("mine")
    (dataset / "pack/added-notes.h5").write_text("mine too")
    for number in (1, 2, 3, 9):
        (dataset / f"rounds/{number}/train").mkdir(parents=True)
        (dataset / f"rounds/{number}/train/weights").write_bytes(bytes(100 * number))
    before = files(dataset)
    refused("gc", dataset, "--drop", "round-1", status=64, says=["cannot be forgotten", two[:16]])
    refused("gc", dataset, "--drop", "base", status=64, says="base cannot")
    refused("gc", dataset, "--drop", "round-8", status=66, says="no version 'round-8'")
    # A round beyond the next one belongs to nothing; what a killed run leaves, neither.
    (dataset / f"pack/.added-{'0' * 16}.h5.tmp").write_bytes(bytes(7))
    (dataset / f"pack/choices-{'1' * 16}.csv").write_bytes(bytes(8))
    said = json.loads(steadyset("gc", dataset, "--json").stdout)
    assert {f["path"]: f["bytes"] for f in said["files"]} == {
        f"pack/.added-{'0' * 16}.h5.tmp": 7, f"pack/choices-{'1' * 16}.csv": 8, "rounds/9": 900,
    }  # fmt: skip
    assert said["bytes"] == 915 and not said["applied"]
    assert len(files(dataset)) == len(before) + 2
    steadyset("gc", dataset, "--apply")
    assert files(dataset) == {k: v for k, v in before.items() if not k.startswith("rounds/9")}
    assert sound(dataset)["versions"] == 2

    before = files(dataset)
    own = {
        name: len(data)
        for name, data in before.items()
        if name.startswith("pack/") and name.split("/")[1] in names_of(dataset, two) - names_of(dataset, one)
    }
    # The third round had begun after the second.
    said = json.loads(steadyset("gc", dataset, "--drop", "round-2", "--json").stdout)
    assert {f["path"]: f["bytes"] for f in said["files"]} == own | {"rounds/2": 200, "rounds/3": 300} and files(dataset) == before
    steadyset("gc", dataset, "--drop", "round-2", "--apply")
    after = files(dataset)
    gone = set(before) - set(after)
    assert gone == {*own, "rounds/2/train/weights", "rounds/3/train/weights"}
    assert all(after[name] == before[name] for name in after if name != "pack/tags.json")
    assert sound(dataset)["versions"] == 1
    refused("show", f"{dataset}@round-2", status=66, says="no version 'round-2'")
    # Everything: the base is what it was.
    steadyset("gc", dataset, "--drop", one[:6], "--apply")
    kept = files(dataset)
    for name in ("pack/notes.txt", "pack/added-notes.h5", "pack/tags.json"):
        kept.pop(name)
    assert {k: v for k, v in kept.items() if not k.startswith("rounds/")} == files(tiny)
    assert "nothing that no version needs" in steadyset("gc", dataset).stdout


def names_of(dataset, id):
    document = versioning.read(dataset, id)
    names = {entry["path"] for entry in document["files"]} | {f"version-{id[:16]}.json"}
    return names | {document["layout"][key]["path"] for key in ("locations", "choices")}


def test_gc_of_what_cannot_be_read(copied):
    """Nobody knows what a damaged version needs: it must be dropped by name, and then goes."""
    dataset, one, two = copied
    version_file(dataset / "pack", two).write_text("{")
    refused("gc", dataset, status=65, says=["What this version needs is not known", two[:16]])
    steadyset("gc", dataset, "--drop", two[:16], "--apply")
    assert sound(dataset)["versions"] == 1
    assert "BROKEN" not in steadyset("log", dataset).stdout


def test_both_dropped(copied, tiny):
    dataset, one, two = copied
    steadyset("gc", dataset, "--drop", "round-1", "--drop", "round-2", "--apply")
    found = files(dataset)
    assert found.pop("pack/tags.json") and found == files(tiny)


def test_export_and_unpack(versioned, tmp_path):
    dataset, one, two = versioned
    steadyset("export", "csv", f"{dataset}@round-2", "-o", tmp_path / "all.csv")
    assert len((tmp_path / "all.csv").read_text().splitlines()) == 1 + 138
    steadyset("export", "vds", f"{dataset}@round-2", "--selection", "round-2", "-o", tmp_path / "chosen.h5")
    wanted = reader.open(f"{dataset}@round-2").select("round-2")
    with versioning.h5py.File(tmp_path / "chosen.h5") as file:
        assert file["id"][:].tolist() == wanted.ids.tolist()
        assert np.array_equal(file["y"][-1], wanted[-1].y)
    steadyset("export", "mds", f"{dataset}@round-2", "-o", tmp_path / "mds")
    steadyset("unpack", f"{dataset}@round-2", "-o", tmp_path / "copy")
    assert sound(tmp_path / "copy")["versions"] == 2
    assert reader.open(f"{tmp_path}/copy@round-2").id == two


def test_train_and_evaluate(taught, tmp_path):
    """A model is trained and judged on a version as on any dataset, and its manifest says on which."""
    pipeline, whole = taught
    dataset = tmp_path / "dataset"
    shutil.copytree(whole / "pack", dataset / "pack")
    given = changed(TAUGHT, sampling={"seed": 77, "strata": [2, 3], "samples_per_stratum": 5})
    given["split"], given["pack"] = {"test_every": None}, {"samples_per_shard": 100}
    given.pop("train")
    steadyset("run", write(tmp_path, given, "pool.yaml"), "-o", tmp_path / "pool")
    id = versioning.add(dataset, tmp_path / "pool", "round-1", before="S100%")
    chosen = write(tmp_path, changed(TAUGHT, train={"selection": "round-1", "epochs": 1}), "train.yaml")
    reference = f"{dataset}@round-1"
    steadyset("train", chosen, "--data", reference, "-o", tmp_path / "model", "--threads", "1")
    found = manifest(tmp_path / "model", "train")
    assert found["inputs"] == [{"stage": "pack", "path": f"pack/version-{id[:16]}.json", "id": id}]
    assert found["content"]["samples"] == len(reader.open(reference).select("round-1")) == 78 + 10
    steadyset("verify", tmp_path / "model")
    for selection, samples in (("test", 24), ("round-1", 88)):
        output = tmp_path / selection
        arguments = ("--data", reference, "--model", tmp_path / "model", "--selection", selection, "-o", output)
        steadyset("evaluate", *arguments, "--threads", "1")
        assert manifest(output, "evaluate")["content"]["samples"] == samples
        steadyset("verify", output)
    refused("train", chosen, "--data", dataset, "-o", tmp_path / "no", status=65, says="no selection 'round-1'")


def race(scores, count, exponent, generator):
    """Power sampling as a race of exponential times: who is chosen, and the chance that each had."""
    rates = scores**exponent
    times = generator.exponential(size=len(scores)) / rates
    order = np.argsort(times)
    return order[:count], -np.expm1(-rates[order[:count]] * times[order[count]])


@pytest.mark.parametrize("exponent", [0, 1, 3])
def test_unbiased_mean(exponent):
    """Over many draws the estimate's mean is the pool's, within four of its standard errors; the plain mean is not."""
    generator = np.random.default_rng(20 + exponent)
    scores = generator.lognormal(sigma=0.6, size=400)
    values = scores * generator.uniform(0.5, 1.5, size=400)
    estimates, plain, ratios = [], [], []
    for _ in range(3000):
        chosen, probability = race(scores, 80, exponent, generator)
        estimates.append(reader.unbiased_mean(values[chosen], probability, 400))
        ratios.append(reader.unbiased_mean(values[chosen], probability))
        plain.append(values[chosen].mean())
    mean = values.mean()
    error = np.std(estimates) / np.sqrt(len(estimates))
    assert abs(np.mean(estimates) - mean) < 4 * error, (np.mean(estimates), mean, error)
    assert abs(np.mean(ratios) / mean - 1) < 0.1
    if exponent:
        assert abs(np.mean(plain) - mean) > 20 * error


def test_unbiased_mean_of_a_version(versioned):
    dataset, one, _ = versioned
    opened = reader.open(f"{dataset}@round-1")
    choices = opened.choices()
    # Among them is one that was taken without chance.
    with pytest.raises(ValueError, match="by chance"):
        opened.unbiased_mean({int(id): 1.0 for id in choices["id"]})
    with pytest.raises(KeyError, match="no value for"):
        opened.unbiased_mean({})
    by_chance = choices[choices["probability"] > 0]
    assert reader.unbiased_mean(by_chance["score"], by_chance["probability"], 50) == pytest.approx(
        float(np.sum(by_chance["score"])) / 0.25 / 50
    )
    for wrong in ([0.0], [np.nan], [1.5]):
        with pytest.raises(ValueError):
            reader.unbiased_mean([1.0], wrong)
