"""Compact shards: labels in frames of blosc 2, as other programs, the library blosc2 and the package read them."""

import pathlib
import shutil

import blosc2
import h5py
import hdf5plugin
import numpy as np
import pytest
import steadyset as reader
import tables
from conftest import TINY, changed, refused, steadyset, write
from steadyset import contiguous, frame

CASES = {
    "tiny": TINY,
    "no grid": changed(TINY, solver={"grid_bits": None}),
    "odd sides": changed(TINY, physics={"lattice": [63, 61]}),
}


@pytest.fixture(params=CASES)
def made(once, request):
    """(standard, compact) datasets of a case. Not to be altered."""

    def both(folder):
        text = write(folder, CASES[request.param])
        for codec in ("standard", "compact"):
            steadyset("run", text, "-o", folder / codec, "--codec", codec, "--until", "pack")

    folder, _ = once(f"compact/{request.param}", both)
    return folder / "standard", folder / "compact"


@pytest.fixture
def chunk(once):
    """(chunk of y, y) of a sample of the case tiny."""

    def both(folder):
        steadyset("run", write(folder, TINY), "-o", folder / "compact", "--codec", "compact", "--until", "pack")

    folder, _ = once("compact/one", both)
    with h5py.File(folder / "compact/pack/train-00000.h5") as shard:
        return np.frombuffer(shard["y"].id.read_direct_chunk((3, 0, 0))[1], np.uint8), shard["y"][3]


def shards(dataset):
    return sorted((dataset / "pack").glob("*.h5"))


def test_same_bits(made):
    """h5py and PyTables read what standard shards hold, whole and in parts; `verify` and `unpack` too."""
    standard, compact = made
    sizes = []
    for one, other in zip(shards(standard), shards(compact)):
        with h5py.File(one) as a, h5py.File(other) as b, tables.open_file(other) as c:
            y = a["y"][:]
            assert list(b["y"]._filters) == ["32026"] and b.attrs["codec"] == b"compact"
            assert b["y"][:].tobytes() == y.tobytes() == c.root.y[:].tobytes() and b["x"][:].tobytes() == a["x"][:].tobytes()
            assert np.array_equal(b["y"][1, 3:40:2, 5:9], y[1, 3:40:2, 5:9]) and np.array_equal(c.root.y[1, 3:9], y[1, 3:9])
            assert b["y_sha256"][:].tobytes() == a["y_sha256"][:].tobytes()
        sizes.append([other.stat().st_size, one.stat().st_size])
    # Small lattices have little but heads of frames, and noise has nothing to save.
    assert np.sum(sizes, axis=0)[0] < 1.1 * np.sum(sizes, axis=0)[1]
    assert "0 findings" in steadyset("verify", compact, "--resolve", 2).stdout


def test_unpack(made, tmp_path):
    standard, compact = made
    steadyset("unpack", compact, "-o", tmp_path / "unpacked")
    for path in shards(standard):
        assert (tmp_path / "unpacked/pack" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("decoder", list(frame.DECODERS))
def test_package(made, decoder):
    standard, compact = (reader.open(dataset, decoder=decoder).all for dataset in made)
    x, y = standard.read(range(len(standard)))
    found = compact.checked().read(range(len(compact)))
    assert found[0].tobytes() == x.tobytes() and found[1].tobytes() == y.tobytes()
    for batch in compact.batches(13, order=reader.Order(seed=3), reuse=True, threads=2):
        assert batch.y.tobytes() == y[batch.index].tobytes()


def test_the_library(chunk):
    """What the library blosc2 makes of the same label has the same head and end, and it reads ours."""
    data, y = chunk
    array = blosc2.schunk_from_cframe(data.tobytes(), copy=True)
    assert array[:] == y.tobytes() and array.nchunks == 1
    parameters = {
        "typesize": 4, "codec": blosc2.Codec.ZSTD, "clevel": 1, "nthreads": 1, "blocksize": y.nbytes,
        "filters": [blosc2.Filter.SHUFFLE, blosc2.Filter.BYTEDELTA], "filters_meta": [0, 0],
        "splitmode": blosc2.SplitMode.ALWAYS_SPLIT,
    }  # fmt: skip
    theirs = blosc2.SChunk(chunksize=y.nbytes, data=y.tobytes(), cparams=parameters).to_cframe()
    inner = theirs[97:-75]
    assert contiguous.wrapped(inner) == theirs
    ours = contiguous.unwrapped(data).tobytes()
    assert (ours[:12], ours[16:36]) == (inner[:12], inner[16:36]) and contiguous.wrapped(ours) == data.tobytes()


@pytest.mark.parametrize("decoder", list(frame.DECODERS))
def test_damaged_chunks(chunk, decoder):
    """Each change of a byte is found by the checksum of the chunk, and without one those of head, end and content are."""
    data, y = chunk
    decode, checksum, out = frame.make_decoder(decoder), frame.make_checksum(), np.empty_like(y)
    recorded = checksum(data)
    rng = np.random.default_rng(4)
    around = [*range(133), *range(len(data) - 75, len(data))]
    for at in [*around, *rng.integers(133, len(data) - 75, 60)]:
        harmed = data.copy()
        harmed[at] ^= int(rng.integers(1, 256))
        with pytest.raises(reader.DatasetError):
            frame.decode(decode, harmed.copy(), out, recorded, checksum)
        try:
            frame.decode(decode, harmed, out)
        except reader.DatasetError:
            continue
        assert at not in around and np.array_equal(out, y)
    for length in (0, 1, 96, 97, 133, 172, 208, 209, len(data) - 1):
        with pytest.raises(reader.DatasetError):
            frame.decode(decode, data[:length].copy(), out)
    frame.decode(decode, data.copy(), out, recorded, checksum)
    assert out.tobytes() == y.tobytes()


def test_without_the_library(made, tmp_path, monkeypatch):
    """Standard shards and compact ones by another decoder are read where hdf5plugin lacks blosc2."""
    (tmp_path / hdf5plugin_library().name).symlink_to(hdf5plugin_library())
    monkeypatch.setattr("hdf5plugin.PLUGIN_PATH", str(tmp_path))
    standard, compact = (reader.open(dataset, decoder="blosc").all for dataset in made)
    y = standard.y(0)
    with pytest.raises(reader.DatasetError, match="has no blosc2 library.*decoder='zstd'"):
        compact.y(0)
    assert np.array_equal(reader.open(made[1], decoder="zstd").all.y(0), y)


def hdf5plugin_library():
    (path,) = pathlib.Path(hdf5plugin.PLUGIN_PATH).glob("libh5blosc.*")
    return path


def test_a_damaged_shard(made, tmp_path):
    dataset = tmp_path / "dataset"
    shutil.copytree(made[1], dataset)
    shard = shards(dataset)[0]
    with h5py.File(shard) as file:
        place = file["y"].id.get_chunk_info(2).byte_offset
    with open(shard, "r+b") as file:
        file.seek(place + 140)
        byte = file.read(1)[0]
        file.seek(place + 140)
        file.write(bytes([byte ^ 4]))
    found = steadyset("verify", dataset, expect=1).stdout
    assert "y of sample 2" in found and "checksum" in found
    refused("unpack", dataset, "-o", tmp_path / "u", status=65, says=shard.name)
    assert not (tmp_path / "u/pack/manifest.json").exists()


def test_exports(made, tmp_path):
    """Zarr has no codec for such chunks; a virtual dataset reads them."""
    _, compact = made
    refused("export", "kerchunk", compact, "-o", tmp_path / "r.json", status=65, says="'compact'.*unpack")
    assert not (tmp_path / "r.json").exists()
    said = steadyset("export", "vds", compact, "-o", tmp_path / "v.h5").stdout
    assert "archive" not in said
    with h5py.File(tmp_path / "v.h5") as file, h5py.File(shards(compact)[0]) as shard:
        assert np.isfinite(file["y"][:]).all() and len(shard["y"]) > 0
