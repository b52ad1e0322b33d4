"""Shards as h5py with hdf5plugin sees them: layout, ids, images, digests."""

import hashlib
import json

import h5py
import numpy as np
import pytest
import xxhash
from conftest import REPOSITORY, TINY, manifest, samples

import reference

LATTICE = tuple(TINY["physics"]["lattice"])
PHYSICS = reference.physics_of(TINY)


def shards(dataset, stage):
    for entry in manifest(dataset, stage)["files"]:
        with h5py.File(dataset / stage / entry["path"]) as file:
            yield entry, file


@pytest.mark.parametrize("stage", ["solve", "pack"])
def test_layout(tiny, stage):
    widths = set()
    for entry, file in shards(tiny, stage):
        count = entry["samples"]
        widths.add(width := file["sources"].shape[1])
        expected = {
            "x": ("<f4", (count, *LATTICE)),
            "y": ("<f4", (count, *LATTICE)),
            "id": ("<u8", (count,)),
            "index": ("<u8", (count,)),
            "rank": ("<u8", (count,)),
            "n_sources": ("<u2", (count,)),
            "sources": ("<f8", (count, width, 4)),
            "error_bound": ("<f8", (count,)),
            "y_sha256": ("|u1", (count, 32)),
            "checksums": ("<u8", (count, 2)),
        }
        assert {name: (data.dtype.str, data.shape) for name, data in file.items()} == expected
        assert file.attrs["format"] == b"steadyset-shard" and file.attrs["version"] == 3
        assert json.loads(file.attrs["physics"]) == PHYSICS
        assert file.attrs["tolerance"] == 1e-6 and file.attrs["grid"] == 2**-20
    assert widths == {max(TINY["sampling"]["strata"])}


def test_chunks_are_blosc_frames(tiny):
    size = 4 * LATTICE[0] * LATTICE[1]
    for _, file in shards(tiny, "pack"):
        for name, shuffle in (("x", 0), ("y", 1)):
            data = file[name]
            assert data.chunks == (1, *LATTICE)
            properties = data.id.get_create_plist()
            assert properties.get_nfilters() == 1
            code, _, values, _ = properties.get_filter(0)
            # As c-blosc's HDF5 filter documents: two versions, type size, chunk bytes, level, shuffle, codec zstd.
            assert (code, values) == (32001, (2, 2, 4, size, 3, shuffle, 5))
            for row in range(data.shape[0]):
                mask, frame = data.id.read_direct_chunk((row, 0, 0))
                assert mask == 0
                header = np.frombuffer(frame[:20], "<u4")
                assert frame[2] & 1 == shuffle and frame[2] >> 5 == 4 and frame[3] == 4
                assert header[1] == size and header[2] == size and header[3] == len(frame)
                place, streams = 20, 0
                while place < len(frame):
                    # Bit 2 of a zstd frame's descriptor promises a checksum of the content.
                    assert frame[place + 4 : place + 8] == b"\x28\xb5\x2f\xfd" and frame[place + 8] & 4
                    place += 4 + int.from_bytes(frame[place : place + 4], "little")
                    streams += 1
                assert place == len(frame) and streams == (1 if frame[2] & 0x10 else 4) and streams == 1 + 3 * shuffle
                assert xxhash.xxh64_intdigest(frame) == file["checksums"][row, shuffle]


@pytest.mark.parametrize("stage", ["solve", "pack"])
def test_content(tiny, stage):
    """Every column recomputed from `sources` alone, or from y."""
    count = 0
    for entry, sample in samples(tiny, stage):
        count += 1
        sources = sample["sources"]
        assert sample["id"] == reference.sample_id(PHYSICS, sources)
        values, _ = reference.image(PHYSICS, sources)
        np.testing.assert_array_equal(sample["x"], values.astype(np.float32))
        y = sample["y"]
        assert sample["y_sha256"].tobytes() == hashlib.sha256(y.astype("<f4").tobytes()).digest()
        steps = y.astype(float) * 2**20
        assert (steps == np.round(steps)).all() and np.isfinite(y).all()
        assert y.max() == 1 and y.min() >= 0
        assert 0 < sample["error_bound"] <= 1e-6
        assert sample["n_sources"] == len(sources) and not np.isnan(sources).any()
    assert count == 120


def test_padding(tiny):
    for _, file in shards(tiny, "pack"):
        for count, rows in zip(file["n_sources"], file["sources"]):
            assert np.isnan(rows[count:]).all() and not np.isnan(rows[:count]).any()


def test_values_follow_the_rule(tiny):
    """One source has value 1; the others are multiples of 2^-24 above 0 and up to 1."""
    for _, sample in samples(tiny):
        values = np.array([source[3] for source in sample["sources"]])
        assert values[0] == 1 and (values > 0).all() and (values <= 1).all()
        assert (values * 2**24 == np.round(values * 2**24)).all()


def test_parts_hold_the_configurations(tiny):
    """A part's samples are the lines of its configurations file, in order."""
    for number, (entry, file) in enumerate(shards(tiny, "solve")):
        lines = (tiny / f"sample/configurations-{number:05}.jsonl").read_text().splitlines()
        lines = [json.loads(line) for line in lines]
        assert entry["path"] == f"part-{number:05}.h5"
        assert [int(line["id"], 16) for line in lines] == file["id"][:].tolist()
        assert [line["index"] for line in lines] == file["index"][:].tolist()
        keys = ("row", "column", "radius", "value")
        for line, rows in zip(lines, file["sources"]):
            expected = [[source[key] for key in keys] for source in line["sources"]]
            assert rows[: len(expected)].tolist() == expected


def test_digests_in_manifests(tiny):
    """Ids of manifests, digests of content and of files, all recomputed."""
    for stage in ("sample", "solve", "split", "pack"):
        found = manifest(tiny, stage)
        assert found["id"] == reference.manifest_id(found)
        for entry in found["files"]:
            data = (tiny / stage / entry["path"]).read_bytes()
            assert (entry["bytes"], entry["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    # Parts are cut by ranks; digests are in the order of all samples.
    order = sorted((s for _, s in samples(tiny, "solve")), key=lambda s: (s["index"], s["n_sources"]))
    words = b"".join(s["id"].tobytes() for s in order)
    assert manifest(tiny, "sample")["content"]["digest"] == hashlib.sha256(words).hexdigest()
    words = b"".join(s["id"].tobytes() + s["error_bound"].tobytes() + s["y_sha256"].tobytes() for s in order)
    assert manifest(tiny, "solve")["content"]["digest"] == hashlib.sha256(words).hexdigest()
    whole = hashlib.sha256()
    digests = {}
    for entry, s in samples(tiny):
        word = s["id"].tobytes() + s["rank"].tobytes() + s["error_bound"].tobytes() + s["y_sha256"].tobytes()
        whole.update(word)
        digests.setdefault(entry["path"], hashlib.sha256()).update(word)
    found = manifest(tiny, "pack")
    assert found["content"]["digest"] == whole.hexdigest()
    assert {e["path"]: e["digest"] for e in found["files"]} == {p: d.hexdigest() for p, d in digests.items()}
    bounds = [s["error_bound"] for _, s in samples(tiny)]
    assert found["content"]["largest_error_bound"] == max(bounds)


def test_inputs_name_what_is_there(tiny):
    expected = {"sample": [], "solve": ["sample"], "split": ["solve"], "pack": ["solve", "split"]}
    for stage, sources in expected.items():
        assert manifest(tiny, stage)["inputs"] == [
            {"stage": source, "path": f"{source}/manifest.json", "id": manifest(tiny, source)["id"]}
            for source in sources
        ]


def test_numbers_as_ecmascript():
    """The reference's own numbers, by the examples of RFC 8785, appendix B."""
    examples = {
        0: "0", 1.0: "1", 0.0025: "0.0025", 1e21: "1e+21", 1e20: "100000000000000000000", 1e-6: "0.000001",
        1e-7: "1e-7", 333333333.33333329: "333333333.3333333", 1.7976931348623157e308: "1.7976931348623157e+308",
        5e-324: "5e-324", 9007199254740992: "9007199254740992", -4.5: "-4.5", 295147905179352830000: "295147905179352830000",
    }
    assert {value: reference.number(value) for value in examples} == examples


def test_example_pipelines_are_read(tmp_path):
    """Every pipeline in pipelines/ is one."""
    from conftest import steadyset

    found = sorted((REPOSITORY / "pipelines").glob("*.yaml"))
    assert {path.stem for path in found} >= {"tiny", "quickstart", "paper", "diffsolver"}
    for path in found:
        if path.stem in ("tiny", "quickstart"):
            steadyset("run", path, "-o", tmp_path / path.stem, "--dry-run")
            assert not (tmp_path / path.stem).exists()
