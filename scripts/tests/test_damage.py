"""Damaged and forged datasets: `verify` names the file and ends with 1; no command crashes or follows a path out."""

import json
import random

import pytest
from conftest import TINY, STAGES, changed, contents, looks_finished, manifest, refused, steadyset, write

import reference

SEED = 4711


def wrong(dataset, *says):
    """Checks that `verify` finds something wrong, and says these words of it in one finding."""
    result = steadyset("verify", dataset, expect=1)
    findings = [line for line in result.stdout.splitlines() if line.startswith("WRONG")]
    assert findings and "NOT sound" in result.stdout, result.stdout + result.stderr
    assert any(all(word in line for word in says) for line in findings), result.stdout
    return result.stdout


def rewrite(dataset, stage, change, sign=True):
    """Alters a manifest; with its id made right again where `sign`."""
    path = dataset / stage / "manifest.json"
    found = json.loads(path.read_text())
    found = change(found) or found
    if sign:
        found["id"] = reference.manifest_id(found)
    path.write_text(json.dumps(found, indent=2))
    return found


FILES = [
    "sample/configurations-00001.jsonl", "sample/manifest.json", "solve/part-00002.h5", "solve/manifest.json",
    "split/manifest.json", "pack/train-00003.h5", "pack/manifest.json",
]


@pytest.mark.parametrize("name", FILES)
def test_flipped_bytes(name, damaged):
    """One flipped bit anywhere in a file is found, and the file named."""
    generator = random.Random(SEED)
    path = damaged / name
    good = path.read_bytes()
    places = [0, 4, len(good) - 2] + [generator.randrange(len(good)) for _ in range(6)]
    for place in places:
        bad = bytearray(good)
        bad[place] ^= 1 << generator.randrange(8)
        path.write_bytes(bad)
        try:
            same = name.endswith("manifest.json") and json.loads(bad) == json.loads(good)
        except ValueError:
            same = False
        if not same:  # white space may become other white space
            wrong(damaged, path.name if path.suffix != ".json" else str(path.parent))
    path.write_bytes(good)
    assert "0 findings" in steadyset("verify", damaged).stdout


@pytest.mark.parametrize("name", FILES)
def test_truncated(name, damaged):
    path = damaged / name
    good = path.read_bytes()
    for length in (0, 1, len(good) // 2, len(good) - 1):
        path.write_bytes(good[:length])
        if path.name == "manifest.json" and length == len(good) - 1:
            continue  # only the last line feed
        wrong(damaged, path.name if path.suffix != ".json" else str(path.parent))
        if path.suffix == ".h5":
            refused("show", path, status=65, says=path.name)


def test_altered_chunks_are_found_without_manifests(damaged):
    """Whoever signs a damaged shard anew still cannot pass it off: y has its digest in the shard."""
    import hashlib

    path = damaged / "pack/train-00000.h5"
    data = bytearray(path.read_bytes())
    frame = data.index(b"\x28\xb5\x2f\xfd")
    data[frame + 40] ^= 1
    path.write_bytes(data)

    def sign(found):
        entry = next(e for e in found["files"] if e["path"] == path.name)
        entry["sha256"] = hashlib.sha256(data).hexdigest()

    rewrite(damaged, "pack", sign)
    wrong(damaged, path.name, "sample")


@pytest.mark.parametrize("name", ["sample/configurations-00001.jsonl", "solve/part-00002.h5", "pack/train-00003.h5"])
@pytest.mark.parametrize("how", ["missing", "truncated"])
def test_run_heals(name, how, damaged, tiny, tmp_path):
    """`verify` says what is missing; `run` makes just that again."""
    path = damaged / name
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-9])
    wrong(damaged, path.name)
    steadyset("run", write(tmp_path, TINY), "-o", damaged)
    assert contents(damaged) == contents(tiny)
    assert "0 findings" in steadyset("verify", damaged).stdout


@pytest.mark.parametrize("stage", STAGES)
def test_missing_manifest(stage, damaged, tiny, tmp_path):
    """A stage without a manifest is unfinished; later stages that were made from it are pointed out; `run` heals."""
    (damaged / stage / "manifest.json").unlink()
    if stage != "pack":
        wrong(damaged, f"'{stage}'", "missing")
    steadyset("run", write(tmp_path, TINY), "-o", damaged)
    assert contents(damaged) == contents(tiny)


def test_flipped_part_is_not_packed(damaged, tmp_path):
    """A part that was damaged since it was solved is refused when shards are made of it, by name."""
    path = damaged / "solve/part-00002.h5"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    pipeline = write(tmp_path, changed(TINY, pack={"samples_per_shard": 13}))
    refused("run", pipeline, "-o", damaged, status=65, says=["part-00002.h5", "damaged"])
    # What was packed before is as it was.
    assert "0 findings" in steadyset("verify", damaged / "pack").stdout
    path.unlink()
    steadyset("run", pipeline, "-o", damaged)
    assert "0 findings" in steadyset("verify", damaged).stdout


def test_verify_one_stage(damaged):
    for stage in STAGES:
        assert "sound: " + stage in steadyset("verify", damaged / stage).stdout
    (damaged / "pack/train-00000.h5").unlink()
    wrong(damaged / "pack", "train-00000.h5")
    assert json.loads(steadyset("verify", damaged, "--json", expect=1).stdout)["sound"] is False


PATHS = ["../sample/manifest.json", "/etc/passwd", "a/../../x", "./train-00000.h5", "a//b", "", "train\\00000.h5", "x" * 300, "nul\0"]


@pytest.mark.parametrize("stage", ["sample", "solve", "pack"])
def test_paths_that_lead_out(stage, damaged, tmp_path):
    """Paths that leave the folder are refused by name, before anything is opened."""
    original = (damaged / stage / "manifest.json").read_text()
    for name in PATHS:
        def change(found):
            found["files"][0]["path"] = name

        rewrite(damaged, stage, change)
        said = wrong(damaged, str(damaged / stage))
        assert "root:" not in said
        refused("show", damaged, status=65, says="manifest.json")
        (damaged / stage / "manifest.json").write_text(original)


def test_links_that_lead_out(damaged, tmp_path):
    """A folder on the way that is a symbolic link is refused; so is a link to another content, by its digest."""
    target = tmp_path / "elsewhere"
    for name in ("pack/train-00000.h5", "solve/part-00000.h5", "sample/configurations-00000.jsonl"):
        path = damaged / name
        path.rename(target)
        path.symlink_to("/etc/passwd")
        assert "root:" not in wrong(damaged, path.name)
        path.unlink()
        target.rename(path)
    assert "0 findings" in steadyset("verify", damaged).stdout
    # A folder on the way, which no file of a stage has.
    (damaged / "pack").rename(tmp_path / "pack")
    (damaged / "pack").mkdir()
    (damaged / "pack/link").symlink_to(tmp_path / "pack")

    def through_the_link(found):
        for entry in found["files"]:
            entry["path"] = f"link/{entry['path']}"

    (damaged / "pack/manifest.json").write_bytes((tmp_path / "pack/manifest.json").read_bytes())
    rewrite(damaged, "pack", through_the_link)
    wrong(damaged, "'link/", "plain file name")


def test_writing_does_not_follow_links(tmp_path):
    """A link in the place of a result is replaced, not written through; one in the place of a manifest may be a dataset's whose
    content has not come yet, as git-annex has them: that is refused."""
    output, outside = tmp_path / "dataset", tmp_path / "outside"
    outside.write_text("precious")
    pipeline = write(tmp_path, TINY)
    steadyset("run", pipeline, "-o", output, "--until", "sample")
    (output / "solve").mkdir()
    for name in ("part-00000.h5", ".part-00000.h5.tmp", "manifest.json", ".manifest.json.tmp", "provenance.json"):
        (output / "solve" / name).symlink_to(outside)
    refused("run", pipeline, "-o", output, status=73, says="is a symbolic link")
    (output / "solve/manifest.json").unlink()
    steadyset("run", pipeline, "-o", output)
    assert outside.read_text() == "precious"
    assert "0 findings" in steadyset("verify", output).stdout


@pytest.mark.parametrize("stage", STAGES)
def test_unknown_keys(stage, damaged):
    for place in ((), ("content",), ("parameters",), ("layout",), ("files", 0)):
        if place and place[0] == "files" and stage == "split":
            continue
        original = (damaged / stage / "manifest.json").read_text()

        def change(found):
            node = found
            for key in place:
                node = node[key]
            node["weather"] = 1

        rewrite(damaged, stage, change)
        wrong(damaged, f"{stage}/manifest.json")
        (damaged / stage / "manifest.json").write_text(original)


def leaves(value, path=()):
    """Yields the path of every value in a JSON document."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from leaves(inner, (*path, key))


ABSURD = [
    0, 1, -1, 2**31, 2**40, 2**53 - 1, 2**53, 2**63, 2**64, 1e300, -1e300, 0.5, 1e-300, "", "x" * 5000, "\x00",
    None, True, [], {}, [[]], {"a": {}}, [0, 2**53], "../../../etc/passwd", "0" * 64, "😀",
]


@pytest.mark.parametrize("stage", STAGES)
def test_absurd_values(stage, damaged, tmp_path):
    """Any value anywhere in a signed manifest: a documented status, in no time, without a crash."""
    generator = random.Random(f"{SEED} {stage}")
    pipeline = write(tmp_path, TINY)
    original = (damaged / stage / "manifest.json").read_text()
    paths = list(leaves(json.loads(original)))
    for _ in range(30):
        path, value = generator.choice(paths), generator.choice(ABSURD)

        def change(found):
            node = found
            for key in path[:-1]:
                node = node[key]
            node[path[-1]] = value

        print(f"{stage}: {path} = {value!r:.60}")
        rewrite(damaged, stage, change)
        steadyset("verify", damaged, expect=(0, 1, 66), timeout=60)
        steadyset("show", damaged, expect=(0, 65, 66), timeout=60)
        step = generator.choice(["solve", "split", "pack"])
        # A stage that is finished is skipped, or refuses what it was made from.
        steadyset(step, pipeline, "-o", damaged, expect=(0, 65, 66, 73), timeout=60)
        (damaged / stage / "manifest.json").write_text(original)
    steadyset("run", pipeline, "-o", damaged)
    assert "0 findings" in steadyset("verify", damaged).stdout


@pytest.mark.parametrize("name", ["pack/train-00000.h5", "solve/part-00000.h5"])
def test_fuzzed_shards(name, damaged):
    """Runs of random bytes anywhere in an HDF5 file: `show` and `verify` refuse or accept, without a crash."""
    generator = random.Random(SEED + 1)
    path = damaged / name
    good = path.read_bytes()
    for round_ in range(30):
        bad = bytearray(good)
        # HDF5's own structures lie at both ends.
        start = generator.choice([0, 0, len(bad) - 4096, generator.randrange(len(bad))])
        place = min(max(0, start + generator.randrange(4096)), len(bad) - 16)
        count = generator.choice([1, 2, 8, 16])
        bad[place : place + count] = generator.choice([generator.randbytes(count), b"\xff" * count, b"\0" * count])
        if bad == good:
            continue
        print(f"round {round_}: {count} bytes at {place}")
        path.write_bytes(bad)
        steadyset("show", path, expect=(0, 65, 74), timeout=60)
        wrong(damaged, path.name)


def test_stages_in_order(tmp_path):
    """A stage whose input is not there says which command makes it."""
    pipeline, output = write(tmp_path, TINY), tmp_path / "dataset"
    for stage, missing in (("solve", "sample"), ("split", "sample"), ("pack", "sample")):
        refused(stage, pipeline, "-o", output, status=66, says=f"steadyset {missing}")
    steadyset("sample", pipeline, "-o", output)
    refused("split", pipeline, "-o", output, status=66, says="steadyset solve")
    refused("pack", pipeline, "-o", output, status=66, says="steadyset solve")
    refused("step", pipeline, "solve", "--run", output, status=66, says="solve-00000 is not done")
    steadyset("solve", pipeline, "-o", output)
    refused("pack", pipeline, "-o", output, status=66, says="steadyset split")
    assert not [path for path in looks_finished(output) if "/split/" in path or "/pack/" in path]
    other = write(tmp_path, changed(TINY, sampling={"seed": 8}), "other.yaml")
    refused("solve", other, "-o", output, status=65, says="another 'sampling' or 'physics'")


def test_stale_stages_are_found(damaged, tmp_path):
    """A stage made anew leaves those after it out of date, which `verify` says and `run` repairs."""
    pipeline = write(tmp_path, changed(TINY, split={"test_every": 4}))
    steadyset("split", pipeline, "-o", damaged)
    wrong(damaged, "another 'split'")
    steadyset("run", pipeline, "-o", damaged)
    assert "0 findings" in steadyset("verify", damaged).stdout


def test_selections_are_checked(damaged):
    """Forged selections, signed in both manifests, are found by recomputing them."""

    def change(found):
        found["content"]["selections"][0]["ranks"][1] += 3
        found["content"]["selections"][0]["samples"] += 3
        for entry in found["inputs"]:
            if entry["stage"] in made:
                entry["id"] = made[entry["stage"]]

    made = {}
    made["split"] = rewrite(damaged, "split", change)["id"]
    rewrite(damaged, "pack", change)
    wrong(damaged, "selections")


def test_every_sample_can_be_solved_again(damaged):
    """Where parts and shards agree, each sample is solved once; what forgers can do is in test_forgery."""
    found = manifest(damaged, "pack")
    said = steadyset("verify", damaged, "--resolve", "200").stdout
    assert f"{found['content']['samples']} solved again" in said
