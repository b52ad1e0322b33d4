"""Archives read by other programs: h5py, PyTables and h5dump through the HDF5 plugin, Zarr and xarray through references."""

import hashlib
import json
import os
import pathlib
import pickle
import select
import shutil
import signal
import subprocess
import sys
import threading

import forging
import h5py
import numcodecs
import numpy as np
import pytest
import steadyset as reader
import xxhash
import zstandard
from conftest import BINARY, REPOSITORY, TINY, changed, refused, steadyset, write
from steadyset import codec as _codec  # noqa: F401 - numcodecs may not be loaded yet when tests import the package
from test_engine_forks import in_child
from test_exports import MEDIA, bytes_of, checks

FILTER = 48217
CASES = {
    "tiny": TINY,
    "no-grid": changed(TINY, solver={"grid_bits": None}),
    "emitting": changed(TINY, physics={"sources": "emitting", "overlap": "sum"}, sampling={"values": None}),
    "sides": changed(
        TINY, physics={"boundary": {"top": "periodic", "bottom": "periodic", "left": "reflecting", "right": "absorbing"}},
        sampling={"samples_per_stratum": 20},
    ),
    "anisotropic": changed(TINY, physics=MEDIA["anisotropic"]),
    "emitting-medium": changed(TINY, physics={**MEDIA["anisotropic"], "sources": "emitting"}, sampling={"values": None}),
}  # fmt: skip
FILES = ["layers", "random-medium", "shapes"]


@pytest.fixture
def made(once):
    """Makes the standard dataset and the archive of a case, once; returns both folders. Not to be altered."""

    def make(name):
        def both(folder):
            text = REPOSITORY / f"pipelines/{name}.yaml" if name in FILES else write(folder, CASES[name])
            for codec in ("standard", "archive"):
                steadyset("run", text, "-o", folder / codec, "--codec", codec, "--until", "pack")

        folder, _ = once(f"plugin/{name}", both)
        return folder / "standard", folder / "archive"

    return make


@pytest.fixture
def archive(made, tmp_path):
    """(first shard of an archive that may be altered, y of the standard shard)"""
    standard, packed = made("tiny")
    with h5py.File(standard / "pack/train-00000.h5") as shard:
        y = shard["y"][:]
    return pathlib.Path(shutil.copy(packed / "pack/train-00000.h5", tmp_path)), y


def chunk_of(path, row=0):
    """(offset, bytes) of a chunk of y."""
    with h5py.File(path) as shard:
        info = shard["y"].id.get_chunk_info(row)
        return info.byte_offset, shard["y"].id.read_direct_chunk((row, 0, 0))[1]


def run(code, *arguments, **environment):
    """Runs Python that has this package, and returns what it prints."""
    named = {"STEADYSET": str(BINARY), **environment}
    kept = {name: value for name, value in os.environ.items() if name not in ("HDF5_PLUGIN_PATH", "STEADYSET")}
    command = [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, env=kept | named)
    assert result.returncode == 0, result.stderr
    return result.stdout


COMPARE = """
import glob, sys
for name in sys.argv[3].split():
    __import__(name)
import numpy as np
seen = 0
for path in sorted(glob.glob(sys.argv[1] + "/pack/*.h5")):
    if "tables" in sys.modules:
        a, b = (sys.modules["tables"].open_file(p) for p in (path, path.replace(sys.argv[1], sys.argv[2])))
        pairs = [(a.root[n][:], b.root[n][:]) for n in ("x", "y")]
    else:
        a, b = (sys.modules["h5py"].File(p) for p in (path, path.replace(sys.argv[1], sys.argv[2])))
        pairs = [(a[n][:], b[n][:]) for n in ("x", "y")]
    for first, second in pairs:
        assert first.dtype == second.dtype == np.float32 and first.tobytes() == second.tobytes()
    seen += len(pairs[0][0])
print(seen)
"""


@pytest.mark.parametrize("name", [*CASES, *FILES])
def test_same_bits(name, made, tmp_path):
    """Each kind of equation, by h5py in this process, and as one Zarr of references by xarray."""
    standard, packed = made(name)
    for path in sorted((standard / "pack").glob("*.h5")):
        with h5py.File(path) as one, h5py.File(packed / "pack" / path.name) as other:
            assert other["y"].dtype == np.float32 and other["y"].chunks == one["y"].chunks and "y_residual" not in other
            assert one["y"][:].tobytes() == other["y"][:].tobytes() and one["x"][:].tobytes() == other["x"][:].tobytes()
            assert (other.attrs["version"], one.attrs["version"]) == (4, 3)
            assert other["y"].id.get_storage_size() < one["y"].id.get_storage_size() / (1.5 if name == "no-grid" else 2)
    steadyset("export", "kerchunk", packed, "-o", tmp_path / "all.json")
    checks.check_kerchunk(checks.Truth(packed), tmp_path)


ORDERS = ["steadyset h5py hdf5plugin", "h5py hdf5plugin steadyset", "steadyset tables", "tables steadyset"]


@pytest.mark.parametrize("modules", ORDERS)
def test_either_order(modules, made):
    """The plugin is found whether a library of HDF5 was loaded before this package or after it."""
    standard, packed = made("random-medium")
    assert int(run(COMPARE, standard, packed, modules)) == len(reader.open(packed))


def test_both_libraries(made):
    """Two libraries of HDF5 in one process share the plugin, and its engine."""
    code = """
import os, sys, h5py, hdf5plugin, tables, steadyset
path = sys.argv[1] + "/pack/train-00000.h5"
with h5py.File(path) as one, tables.open_file(path) as other:
    assert one["y"][3].tobytes() == other.root.y[3].tobytes()
print(len(open(f"/proc/self/task/{os.getpid()}/children").read().split()))
"""
    assert run(code, made("tiny")[1]) == "1\n"


def test_the_environment(tmp_path):
    """Entries of the user's stay, one that forbids plugins is obeyed, and nothing is named twice."""
    code = "import os, importlib, steadyset; importlib.reload(steadyset); print(os.environ.get('HDF5_PLUGIN_PATH'))"
    folder = str(reader.plugin_path())
    assert run(code, HDF5_PLUGIN_PATH="/mine:/others").split() == [f"{folder}:/mine:/others"]
    assert run(code, HDF5_PLUGIN_PATH="::").split() == ["::"]
    assert run(code).strip().split(":")[0] == folder


def test_what_a_stranger_writes(archive):
    """The chunk byte for byte, decoded as Formats says by another program: constant coefficients, absorbing sides, pinned
    sources."""
    path, y = archive
    with h5py.File(path) as shard:
        ((number, flags, values, name),) = [shard["y"].id.get_create_plist().get_filter(0)]
        physics, x = shard.attrs["physics"], shard["x"][2].astype(float)
    assert (number, name, values[:4]) == (FILTER, b"steadyset-archive", (1, 48, 40, 20))
    assert np.array(values[5:], "<u4").tobytes()[: values[4]] == physics and len(values) == 5 + -(-values[4] // 4)
    _, chunk = chunk_of(path, 2)
    assert chunk[:8] == b"SSAC\1\0\0\0" and int.from_bytes(chunk[8:16], "little") == xxhash.xxh64_intdigest(chunk[16:])
    length, keys = (int.from_bytes(chunk[k : k + 4], "little") for k in (24, 28))
    assert chunk[16:24] == bytes(8) and keys == 0
    frames = chunk[32 : 32 + length], chunk[32 + length :]
    with h5py.File(path) as shard:
        assert frames[0] == shard["x"].id.read_direct_chunk((2, 0, 0))[1]
    assert frames[1][:4] == bytes((2, 1, 0x91, 4)) and int.from_bytes(frames[1][12:16], "little") == len(frames[1])
    planes = np.frombuffer(zstandard.ZstdDecompressor().decompress(frames[1][24:]), np.uint8).reshape(4, 48, 40)
    code = sum(planes[k].astype(np.uint32) << 8 * k for k in range(4))
    residual = (code >> 1).astype(np.int32) ^ -(code & 1).astype(np.int32)
    q = np.zeros((49, 42))  # a row and two columns of absorbing ghost sites
    q[1, 1:-1] = np.cumsum(residual[0])
    for i in range(1, 48):
        c = q[i, 1:-1]
        p = c + (((c - q[i - 1, 1:-1]) + 1.0 * ((c - q[i, :-2]) + (c - q[i, 2:]))) + 0.02 * c)
        p = np.where(x[i] != 0, x[i] * 2**20, np.where(x[i - 1] != 0, c, p))
        q[i + 1, 1:-1] = np.rint(p) + residual[i]
    assert np.array_equal((q[1:, 1:-1] / 2**20).astype(np.float32), y[2])


def test_damage(archive):
    """Any changed byte of a chunk, and its end that is missing, is one exception that says so; the next read goes well."""
    path, y = archive
    good = path.read_bytes()
    offset, chunk = chunk_of(path, 3)
    for place in [0, 4, 9, 20, 24, 28, 33, 60, len(chunk) // 2, len(chunk) - 1]:
        data = bytearray(good)
        data[offset + place] ^= 0x41
        path.write_bytes(data)
        with h5py.File(path) as shard:
            with pytest.raises(OSError, match="archive of Steadyset: .*chunk"):
                shard["y"][3]
            assert np.array_equal(shard["y"][4], y[4])
        with pytest.raises(reader.DatasetError, match="chunk"):
            codec_of(path).decode(bytes(data[offset : offset + len(chunk)]))
    path.write_bytes(good)
    with pytest.raises(reader.DatasetError, match="chunk"):
        codec_of(path).decode(chunk[:-7])


def codec_of(path):
    with h5py.File(path) as shard:
        physics = json.loads(shard.attrs["physics"])
    return numcodecs.get_codec({"id": "steadyset-archive", "physics": physics, "grid_bits": 20})


def test_the_codec(archive):
    """It comes again from its configuration and from a pickle, writes into what it is given, and encodes nothing."""
    path, y = archive
    codec, (_, chunk) = codec_of(path), chunk_of(path)
    assert codec.decode(chunk).tobytes() == y[0].tobytes()
    out = np.empty(y[0].size, np.float32)
    numcodecs.get_codec(json.loads(json.dumps(codec.get_config()))).decode(np.frombuffer(chunk, np.uint8), out)
    assert out.tobytes() == y[0].tobytes() == pickle.loads(pickle.dumps(codec)).decode(memoryview(chunk)).tobytes()
    with pytest.raises(NotImplementedError, match="steadyset pack"):
        codec.encode(y[0])


WRITE = """
import json, sys, h5py
for place, (values, chunk) in enumerate(json.load(open(sys.argv[1]))):
    with h5py.File(f"{sys.argv[1]}-{place}.h5", "w") as file:
        creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        creation.set_chunk((1, 48, 40))
        creation.set_filter(48217, h5py.h5z.FLAG_OPTIONAL, tuple(values))
        space = h5py.h5s.create_simple((1, 48, 40))
        data = h5py.h5d.create(file.id, b"y", h5py.h5t.IEEE_F32LE, space, creation)
        data.write_direct_chunk((0, 0, 0), bytes.fromhex(chunk))
"""


def test_forged_client_data(archive, tmp_path):
    path, y = archive
    _, chunk = chunk_of(path)
    with h5py.File(path) as shard:
        good = shard["y"].id.get_create_plist().get_filter(0)[2]
    text = np.array(good[5:], "<u4").tobytes()[: good[4]]

    def of(text, *head):
        padded = text + bytes(-len(text) % 4)
        return (*(head or good[:4]), len(text), *np.frombuffer(padded, "<u4").tolist())

    forged = {
        "no client data": good[:5],
        "another version": (2, *good[1:]),
        "the physics .* are damaged": (*good[:4], 1 << 31, *good[5:]),
        "lattice .* not possible": (1, 1 << 31, 1 << 31, *good[3:]),
        "contradict": of(text, 1, 64, 40, 20),
        "cannot be multiples": of(text, 1, 48, 40, 77),
        "unexpected end": of(b'{"lattice":[48,40]'),
        "lattice": of(text.replace(b"[48,40]", b"[8,40]"), 1, 8, 40, 20),
    }
    chunks = [b"x", b"SSAC" + bytes(200), np.random.default_rng(3).bytes(5000)]
    wanted = [*((says, values, chunk) for says, values in forged.items()), *(("chunk", good, other) for other in chunks)]
    wanted.append((None, good, chunk))
    (tmp_path / "all").write_text(json.dumps([[[int(v) for v in values], data.hex()] for _, values, data in wanted]))
    run(WRITE, tmp_path / "all", HDF5_PLUGIN_PATH="::")
    for place, (says, _, _) in enumerate(wanted):
        with h5py.File(f"{tmp_path / 'all'}-{place}.h5") as file:
            if says is None:
                assert file["y"][0].tobytes() == y[0].tobytes()
                continue
            with pytest.raises(OSError, match=f"archive of Steadyset: .*{says}"):
                file["y"][0]


def engines(process="self"):
    """The processes that this one started."""
    process = os.getpid() if process == "self" else process
    return {int(one) for one in pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()}


def own_engine(shard):
    """The engine of the plugin in this process."""
    before = engines()
    os.environ["STEADYSET"] = str(BINARY)
    shard["y"][0]
    found = {one for one in engines() if b"steadyset-hdf5\0" in pathlib.Path(f"/proc/{one}/cmdline").read_bytes()}
    assert len(found) == 1, (before, found)
    return found.pop()


def test_an_engine_that_is_killed(archive):
    """Another one takes its place, at once."""
    path, y = archive
    with h5py.File(path) as shard:
        first = own_engine(shard)
        os.kill(first, signal.SIGKILL)
        assert shard["y"][1].tobytes() == y[1].tobytes()
        assert own_engine(shard) != first and first not in engines()


def test_forks(archive):
    """A child has an engine of its own, and the parent keeps its own."""
    path, y = archive
    with h5py.File(path) as shard:
        first = own_engine(shard)

        def child():
            assert shard["y"][2].tobytes() == y[2].tobytes()
            assert own_engine(shard) != first
            in_child(lambda: shard["y"][5].tobytes() == y[5].tobytes() or os._exit(9))

        in_child(child)
        assert shard["y"][3].tobytes() == y[3].tobytes() and own_engine(shard) == first


def test_threads(archive):
    path, y = archive
    wrong = []

    def work(k):
        with h5py.File(path) as shard:
            for row in range(len(y)):
                if shard["y"][(row + k) % len(y)].tobytes() != y[(row + k) % len(y)].tobytes():
                    wrong.append((k, row))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_descriptors_that_the_host_closes(archive):
    """What it opens in their place is not touched."""
    code = """
import os, sys, h5py, hdf5plugin, steadyset
path = sys.argv[1]
with h5py.File(path) as shard:
    want = shard["y"][:3].tobytes()
os.closerange(10, 200)
held = [os.open("/dev/null", os.O_RDONLY) for _ in range(60)]
with h5py.File(path) as shard:
    assert shard["y"][:3].tobytes() == want
for descriptor in held:
    os.fstat(descriptor)
print(len(open(f"/proc/self/task/{os.getpid()}/children").read().split()))
"""
    assert run(code, archive[0]) == "1\n"


@pytest.mark.parametrize("end", ["exit", "kill"])
def test_nothing_is_left(archive, end):
    """The engine ends with its host, however that ends."""
    code = """
import sys, h5py, hdf5plugin, steadyset
shard = h5py.File(sys.argv[1])
shard["y"][0]
print("read", flush=True)
sys.stdin.read()
"""
    host = subprocess.Popen([sys.executable, "-c", code, archive[0]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert host.stdout.readline() == "read\n"
    (engine,) = engines(host.pid)
    descriptor = os.pidfd_open(engine)
    host.stdin.close() if end == "exit" else host.kill()
    assert host.wait(60) == (0 if end == "exit" else -signal.SIGKILL)
    assert select.select([descriptor], [], [], 60)[0], "the engine goes on"
    os.close(descriptor)
    host.stdout.close()


WITHOUT = """
import sys, h5py, hdf5plugin, steadyset
try:
    h5py.File(sys.argv[1])["y"][0]
except OSError as error:
    print(error)
"""


def test_without_the_program(archive, tmp_path):
    """One error says what is missing, or what does not work; the process goes on."""
    assert "$STEADYSET names '/nowhere'" in run(WITHOUT, archive[0], STEADYSET="/nowhere")
    assert "put it on the PATH" in run(WITHOUT, archive[0], STEADYSET="", PATH="/nowhere")
    program = tmp_path / "bin/steadyset"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    said = run(WITHOUT, archive[0], STEADYSET="", PATH=f"{program.parent}:/bin")
    assert "does not work as an engine, it ended with status 3" in said
    fake = REPOSITORY / "scripts/tests/fake_engine.py"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{fake}" "$@"\n')
    other = json.dumps({"engine": 1})
    assert "of another release" in run(WITHOUT, archive[0], STEADYSET=str(program), FAKE_ENGINE=other)


def test_an_engine_that_ends_twice(archive, tmp_path):
    """What ends two engines is not tried a third time."""
    program = tmp_path / "steadyset"
    program.write_text(
        f"#!{sys.executable}\nimport os, socket\nends = socket.socket(fileno=0)\n"
        "hello = b'{\"engine\":2,\"version\":\"0.1.0\"}'\nends.sendall(len(hello).to_bytes(8, 'little') + hello)\n"
        f"open({str(tmp_path / 'starts')!r}, 'a').write('.')\nends.recv(9)\nos.kill(os.getpid(), 11)\n"
    )
    program.chmod(0o755)
    said = run(WITHOUT, archive[0], STEADYSET=str(program))
    assert "an engine was ended by signal 11 in the midst of a chunk, and the one before it was ended by signal 11" in said
    assert (tmp_path / "starts").read_text() == ".."


@pytest.mark.skipif(not shutil.which("h5dump"), reason="there is no h5dump here: apt-get install hdf5-tools")
def test_h5dump(archive):
    """The tool of the HDF5 library, without Python."""
    path, y = archive
    environment = os.environ | {"HDF5_PLUGIN_PATH": str(reader.plugin_path()), "STEADYSET": str(BINARY)}
    command = ["h5dump", "-d", "/y", "-s", "2,20,0", "-c", "1,1,40", "-y", "-w", "0", "-m", "%.9g", path]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    numbers = said.partition("DATA {")[2].partition("}")[0].replace(",", " ").split()
    assert np.array_equal(np.array(numbers, np.float32), y[2, 20])


def test_the_filter_only_reads(archive, tmp_path):
    """Nothing is written through it; copies of the dataset carry the chunks over."""
    path, y = archive
    with h5py.File(path, "r+") as shard:
        with pytest.raises(OSError, match="encoding is disabled|required filter"):
            shard["y"][1] = y[0]
        with h5py.File(tmp_path / "copy.h5", "w") as other:
            shard.copy("y", other)
    for copied in (path, tmp_path / "copy.h5"):
        with h5py.File(copied) as shard:
            assert shard["y"][:].tobytes() == y.tobytes()


def test_exports_of_archives(made, tmp_path):
    """Every format holds the same values as of standard shards; what copies chunks, or has no fields, says so."""
    standard, packed = made("random-medium")
    for kind, name in {"mds": "mds", "the-well": "well", "csv": "all.csv", "vds": "all.h5"}.items():
        for dataset, place in ((standard, "a"), (packed, "b")):
            (tmp_path / place).mkdir(exist_ok=True)
            steadyset("export", kind, dataset, "-o", tmp_path / place / name)
    # The card says how each was made.
    one, other = (bytes_of(tmp_path / place / "mds") for place in "ab")
    made_by = {"pipeline.json", "export.json"}
    assert made_by <= one.keys() == other.keys()
    assert {name for name in one if one[name] != other[name]} <= made_by
    with h5py.File(tmp_path / "a/all.h5") as one, h5py.File(tmp_path / "b/all.h5") as other:
        assert one["y"][:].tobytes() == other["y"][:].tobytes()
    refused("export", "the-well", packed, "-o", tmp_path / "c", "--codec", "blosc", status=65, says="leave it out, or unpack")
    assert not (tmp_path / "c").exists()


def test_an_archive_of_an_earlier_release(made, tmp_path):
    """Both readers refuse it and say what to do."""
    dataset = pathlib.Path(shutil.copytree(made("tiny")[1], tmp_path / "old"))
    shard = dataset / "pack/train-00000.h5"
    with h5py.File(shard, "r+") as file:
        file.attrs.modify("version", np.int64(3))
    refused("show", shard, status=65, says="another version of the shard format than 4: make the dataset anew")
    table = np.load(dataset / "pack/locations.npy")
    fields = [(n, table.dtype[n]) for n in table.dtype.names]
    place = [n for n, _ in fields].index("x_bytes")
    old = np.zeros(len(table), [*fields[:place], ("source_factor", "<f8"), *fields[place:]])
    for name, _ in fields:
        old[name] = table[name]
    np.save(dataset / "pack/locations.npy", old)
    data = (dataset / "pack/locations.npy").read_bytes()
    entry = {"path": "locations.npy", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    forging.sign(dataset, "pack", lambda document: document["layout"].update(locations=entry))
    with pytest.raises(reader.DatasetError, match="an archive of an earlier release"):
        reader.open(dataset)
