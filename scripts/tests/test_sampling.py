"""The laws of parts, ranks, subsets and windows, from the outside; and what growth leaves alone."""

import itertools
import json

import pytest
from conftest import TINY, changed, contents, ids, manifest, refused, samples, steadyset, write

import reference

STRATA = TINY["sampling"]["strata"]


@pytest.fixture(scope="module")
def tiny_samples(tiny):
    """Every sample of the tiny dataset without its fields, by part."""
    return by_part(tiny)


def by_part(dataset):
    found = {}
    for entry, sample in samples(dataset):
        found.setdefault(entry["part"], []).append({key: sample[key] for key in ("id", "rank", "index", "n_sources")})
    return found


def members(selection, found):
    """Returns the samples of a selection, by its definition: ranks of a part, of one stratum or of all."""
    first, end = selection["ranks"]
    stratum = selection.get("stratum")
    return [
        s for s in found[selection["part"]]
        if first <= s["rank"] < end and stratum in (None, s["n_sources"])
    ]


def test_ranks_follow_from_indices(tiny_samples):
    for part, found in tiny_samples.items():
        for s in found:
            expected, position = reference.place(int(s["index"]), TINY["split"])
            assert expected == part
            assert s["rank"] == position * len(STRATA) + STRATA.index(s["n_sources"])
        assert sorted(s["rank"] for s in found) == list(range(len(found)))


def test_parts_are_disjoint_and_complete(tiny_samples):
    every = [int(s["id"]) for found in tiny_samples.values() for s in found]
    assert len(every) == len(set(every)) == 120
    assert {part: len(found) for part, found in tiny_samples.items()} == {"train": 84, "validation": 12, "test": 24}


def test_shards_are_ranges_of_ranks(tiny):
    for entry, sample in samples(tiny):
        first, end = entry["ranks"]
        assert first <= sample["rank"] < end and end - first == 12
        assert entry["path"] == f"{entry['part']}-{first // 12:05}.h5"


def test_selections(tiny, tiny_samples):
    """Each is as large as its share, stratified, and contained in the next; windows are disjoint."""
    content = manifest(tiny, "split")["content"]
    assert manifest(tiny, "pack")["content"]["selections"] == content["selections"]
    named = {selection["name"]: selection for selection in content["selections"]}
    shares = TINY["split"]["subsets"]
    expected = [f"{part}/S{share}%" for part in ("train", "test") for share in shares] + ["validation/S100%"]
    expected += [f"train/S12.5%-{name}" for name in "AB"]
    expected += [f"{part}/n{n:02}" for part in ("train", "test") for n in STRATA]
    assert list(named) == expected
    for name, selection in named.items():
        chosen = members(selection, tiny_samples)
        assert len(chosen) == selection["samples"] > 0, name
        if "stratum" not in selection:
            per_stratum = {n: sum(s["n_sources"] == n for s in chosen) for n in STRATA}
            assert len(set(per_stratum.values())) == 1, (name, per_stratum)
    for part, most in (("train", 28), ("test", 8)):
        subsets = [{int(s["id"]) for s in members(named[f"{part}/S{p}%"], tiny_samples)} for p in shares]
        for smaller, larger in itertools.pairwise(subsets):
            assert smaller < larger
        assert [len(subset) for subset in subsets] == [3 * reference.positions(p, most) for p in shares]
    a, b = ({int(s["id"]) for s in members(named[f"train/S12.5%-{name}"], tiny_samples)} for name in "AB")
    assert a and b and a.isdisjoint(b)
    assert {p["part"]: p["samples"] for p in content["parts"]} == {k: len(v) for k, v in tiny_samples.items()}


def test_unequal_strata(tmp_path):
    """Strata of different sizes: ranks have gaps where a stratum has ended, and subsets still contain one another."""
    pipeline = changed(TINY, sampling={"samples_per_stratum": [10, 40, 25]})
    steadyset("run", write(tmp_path, pipeline), "-o", tmp_path / "dataset")
    found = by_part(tmp_path / "dataset")
    assert sum(map(len, found.values())) == 75
    for selection in manifest(tmp_path / "dataset", "split")["content"]["selections"]:
        assert len(members(selection, found)) == selection["samples"]
    assert "0 findings" in steadyset("verify", tmp_path / "dataset").stdout


@pytest.mark.parametrize("counts", [60, [60, 50, 41]])
def test_growth_moves_nothing(counts, tmp_path):
    """More samples per stratum: old ids, ranks and full part files stay as they are, byte by byte."""
    output = tmp_path / "dataset"
    steadyset("run", write(tmp_path, TINY), "-o", output)

    def state():
        parts = {p.name: p for p in (output / "solve").glob("*.h5")} | {p.name: p for p in (output / "sample").glob("*.jsonl")}
        return (
            {name: (path.read_bytes(), path.stat()) for name, path in parts.items()},
            {int(s["id"]): (entry["part"], int(s["rank"]), s["y_sha256"].tobytes()) for entry, s in samples(output)},
        )

    files, before = state()
    steadyset("run", write(tmp_path, changed(TINY, sampling={"samples_per_stratum": counts})), "-o", output)
    grown, after = state()
    assert len(after) > len(before) == 120
    assert before.items() <= after.items()
    full = [f"{kind}-{n:05}.{suffix}" for n in range(4) for kind, suffix in (("part", "h5"), ("configurations", "jsonl"))]
    for name in full:
        assert grown[name][0] == files[name][0], name
        if name.endswith(".h5"):  # solved once only
            assert grown[name][1].st_mtime_ns == files[name][1].st_mtime_ns, name
    assert "0 findings" in steadyset("verify", output).stdout
    # What grew is what is drawn at once.
    steadyset("run", tmp_path / "pipeline.yaml", "-o", tmp_path / "once")
    assert ids(tmp_path / "once") == ids(output)


def test_lost_samples_need_consent(tmp_path):
    """A pipeline that no longer asks for solved samples is refused, and nothing is touched; --replace goes on."""
    output = tmp_path / "dataset"
    steadyset("run", write(tmp_path, TINY), "-o", output)
    before = ids(output)
    for change in (
        {"sampling": {"seed": 8}}, {"sampling": {"samples_per_stratum": 30}}, {"physics": {"decay_rate": 0.03}},
        {"sampling": {"strata": [1, 2]}}, {"solver": {"samples_per_part": 20}},
    ):
        pipeline = write(tmp_path, changed(TINY, **change))
        error = refused("run", pipeline, "-o", output, status=73, says=["solved samples", "--replace", str(output)])
        assert "other folder" in error or "another folder" in error
        assert ids(output) == before
        assert "0 findings" in steadyset("verify", output).stdout
    steadyset("run", pipeline, "-o", output, "--replace")
    assert "0 findings" in steadyset("verify", output).stdout
    assert len(list((output / "solve").glob("*.h5"))) == 6


def test_other_accuracy_needs_consent(tmp_path):
    """Labels of another tolerance would be lost: refused, and with --replace computed anew."""
    output = tmp_path / "dataset"
    steadyset("run", write(tmp_path, TINY), "-o", output)
    before = contents(output)
    pipeline = write(tmp_path, changed(TINY, solver={"tolerance": 2e-6}))
    refused("run", pipeline, "-o", output, status=73, says=["labels of another 'solver'", "--replace"])
    assert contents(output) == before
    steadyset("run", pipeline, "-o", output, "--replace")
    assert manifest(output, "pack")["parameters"]["tolerance"] == 2e-6
    assert "0 findings" in steadyset("verify", output).stdout


def test_single_sources_do_not_repeat(tmp_path):
    """All positions of one disk that differ by more than a reflection or a turn, each once."""
    pipeline = changed(TINY, physics={"lattice": [32, 32]}, sampling={"strata": [1], "radius": 10, "samples_per_stratum": 21}, split={"windows": None})
    steadyset("run", write(tmp_path, pipeline), "-o", tmp_path / "dataset", "--until", "sample")
    centres = set()
    for path in (tmp_path / "dataset/sample").glob("*.jsonl"):
        for line in path.read_text().splitlines():
            (source,) = json.loads(line)["sources"]
            centres.add((source["row"], source["column"]))
    def first(row, column):
        return min(itertools.chain(*(itertools.permutations((i, j)) for i in (row, 31 - row) for j in (column, 31 - column))))

    assert len(centres) == 21 and {first(*c) for c in centres} == {first(i, j) for i in range(10, 22) for j in range(10, 22)}
    too_many = write(tmp_path, changed(pipeline, sampling={"samples_per_stratum": 22}))
    refused("run", too_many, "-o", tmp_path / "other", status=65, says="only 21 different")
