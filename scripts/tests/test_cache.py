"""What is read behind a URL is fetched once: by epochs, processes and threads, from disks that are damaged or full."""

import concurrent.futures
import fcntl
import multiprocessing
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
import steadyset as reader
from steadyset.cache import CachedFolder, Listed, default_folder, folder, ranges, room
from steadyset.cache.ranges import HEAD_BYTES, KeptRanges
from steadyset.storage import LocalFolder
import yaml
from conftest import REPOSITORY, changed, steadyset, write
from test_reader_remote import MOMENTARY, WRONG, body, impatient, server, transport, url  # noqa: F401 - fixtures


@pytest.fixture(scope="module")
def media(once):
    """The same samples, each with a medium of its own, in shards of every codec, by its name."""
    codecs = ["standard", "compact", "archive", "recipe"]

    def make(made):
        pipeline = yaml.safe_load((REPOSITORY / "pipelines/random-medium.yaml").read_text())
        text = write(made, changed(pipeline, pack={"samples_per_shard": 16}))
        for codec in codecs:
            steadyset("run", text, "-o", made / codec, "--codec", codec, "--until", "pack")

    made, _ = once("cache", make)
    return {codec: made / codec for codec in codecs}


def epoch(samples, number=0, **options):
    """The fields of an epoch, in the order of the samples."""
    fields = [None] * len(samples)
    for batch in samples.batches(16, order=reader.Order(5), epoch=number, **options):
        for k, x, y in zip(batch.index.tolist(), batch.x, batch.y):
            fields[k] = x.tobytes() + y.tobytes()
    return fields


def records(cache):
    return sum(len(keys(path)) for path in pathlib.Path(cache).glob("*.ranges"))


def keys(path):
    kept = KeptRanges(str(path), 1 << 40)
    kept.find(1 << 39, 1)
    return list(zip(kept._starts, kept._lengths))


def test_a_second_epoch_makes_no_request(transport, server, tiny, tmp_path):  # noqa: F811
    want = epoch(reader.open(tiny).all)
    samples = reader.open(url(server), cache=tmp_path / "cache").all
    assert epoch(samples) == want
    first = list(server.answers)
    assert len([name for name, _, _ in first if name.endswith(".h5")]) == len(samples)
    server.answers.clear()
    assert epoch(samples, 1) == epoch(samples, 2, threads=2) == want
    assert [samples.x(k).tobytes() + samples.y(k).tobytes() for k in range(len(samples))] == want
    assert server.answers == []
    # Another process asks for the manifest alone, as another dataset may have taken the place.
    text = "import sys, steadyset\nfor sample in steadyset.open(sys.argv[1], cache=sys.argv[2]).all: print(sample.y.max())"
    done = subprocess.run([sys.executable, "-c", text, url(server), tmp_path / "cache"], capture_output=True, text=True)
    assert done.stdout.splitlines() == [str(sample.y.max()) for sample in reader.open(tiny).all], done.stderr
    assert {name for name, _, _ in server.answers} == {"manifest.json"}
    files = list((tmp_path / "cache").iterdir())
    assert len(files) == len(samples.dataset._manifest.shards) + 1, "a file for each shard, and one for the table"


@pytest.mark.parametrize("codec", ["standard", "compact", "archive", "recipe"])
def test_codecs_and_columns(server, media, tmp_path, codec):  # noqa: F811
    server.folder = media[codec]
    local = reader.open(media[codec]).all
    samples = reader.open(url(server), cache=tmp_path).all

    def everything(of):
        return epoch(of), [of.sources(k).tobytes() for k in range(len(of))], [of[k].keys.tobytes() for k in range(len(of))]

    want = everything(local)
    assert everything(samples) == want
    if codec == "recipe":
        asked = [name for name, _, _ in server.answers if name.endswith(".h5")]
        assert len(asked) == len(set(asked)), "a shard of a recipe is fetched as a whole"
    server.answers.clear()
    assert everything(reader.open(url(server), cache=tmp_path).all) == want
    assert {name for name, _, _ in server.answers} == {"manifest.json"}


def test_a_part_of_what_is_kept(server, tiny, tmp_path):  # noqa: F811
    """Fields are found in what was read of a sample, and the other way round."""
    samples, local = reader.open(url(server), cache=tmp_path).all, reader.open(tiny).all
    pairs = [(samples.x(3), local.x(3)), (samples.y(3), local.y(3)), (samples[4].x, local[4].x)]
    server.answers.clear()
    pairs += [(samples[3].x, local.x(3)), (samples[3].y, local.y(3)), (samples.y(4), local.y(4)), (samples.x(4), local.x(4))]
    assert all(np.array_equal(found, want) for found, want in pairs) and server.answers == []


DAMAGE = {
    "a bit of each record": lambda data: bytes(byte ^ (k % 500 == 100) for k, byte in enumerate(data)),
    "cut off": lambda data: data[: len(data) * 2 // 3],
    "cut off in the first head": lambda data: data[:20],
    "nothing": lambda data: b"",
    "zeros": lambda data: bytes(len(data)),
    "something behind": lambda data: data + b"SSR1" + bytes(100),
    "another place": lambda data: data[HEAD_BYTES:] + data[:HEAD_BYTES],
}


@pytest.mark.parametrize("name", DAMAGE)
@pytest.mark.parametrize("when", ["while open", "before"])
def test_a_damaged_cache(server, tiny, tmp_path, name, when):  # noqa: F811
    want = epoch(reader.open(tiny).all)
    samples = reader.open(url(server), cache=tmp_path).all
    assert epoch(samples) == want
    for path in tmp_path.iterdir():
        path.write_bytes(DAMAGE[name](path.read_bytes()))
    server.answers.clear()
    if when == "before":
        samples = reader.open(url(server), cache=tmp_path).all
    assert epoch(samples) == want
    assert bool([found for found in server.answers if found[0].endswith(".h5")]) == (name != "something behind")
    # A file that is damaged was given up, so what had been read of it before is fetched anew too.
    assert epoch(samples) == want
    server.answers.clear()
    assert epoch(samples) == want and server.answers == []
    for _ in range(2):  # what a new process finds damaged is mended by its first epoch
        server.answers.clear()
        assert epoch(reader.open(url(server), cache=tmp_path).all) == want
    assert {found[0] for found in server.answers} == {"manifest.json"}


def test_another_dataset_takes_the_place(server, tiny, media, tmp_path):  # noqa: F811
    """By name and place all is as before; what is kept goes by the digest."""
    for dataset in (tiny, media["standard"], media["compact"], tiny):
        server.folder = dataset
        assert epoch(reader.open(url(server), cache=tmp_path).all) == epoch(reader.open(dataset).all)
    # A dataset that was opened before gets no field of another one, and keeps none of its bytes.
    before = reader.open(url(server), cache=tmp_path / "new")
    server.folder = media["standard"]
    with pytest.raises(reader.DatasetError, match="is damaged|ends too early|does not exist"):
        epoch(before.all)
    with pytest.raises(reader.DatasetError, match="not what the manifest lists .*another dataset took its place"):
        before.all.sources(0)
    assert [path.name for path in (tmp_path / "new").iterdir()] == [f"{before._manifest.locations[2]}.ranges"]


def wrong(data):
    return data[:-1] + bytes([data[-1] ^ 1])


def test_a_wrong_range_is_fetched_once_more(transport, server, tiny, tmp_path):  # noqa: F811
    samples, local = reader.open(url(server), cache=tmp_path).all, reader.open(tiny).all
    server.faults = {"train-": [body(wrong)]}
    server.answers.clear()
    assert np.array_equal(samples[3].y, local[3].y) and len(server.answers) == 1
    server.faults = {"train-": [body(wrong)] * 2}
    with pytest.raises(reader.DatasetError, match="train-0000..h5 is damaged: .* does not have the checksum"):
        samples[4]
    assert server.faults == {"train-": []}
    assert np.array_equal(samples[4].y, local[4].y), "nothing wrong was kept"
    # Without a cache too.
    server.faults = {"train-": [body(wrong)]}
    assert epoch(reader.open(url(server)).all) == epoch(local) and server.faults == {"train-": []}


@pytest.mark.parametrize("name", [*WRONG, *MOMENTARY])
def test_a_server_that_lies(server, tiny, tmp_path, name):  # noqa: F811
    """Whatever it sends, nothing of it is kept; what was right is."""
    samples, want = reader.open(url(server), cache=tmp_path).all, epoch(reader.open(tiny).all)
    right = samples[0].y
    server.faults = {"train-": [WRONG[name][0] if name in WRONG else MOMENTARY[name]] * 1000}
    with pytest.raises(reader.DatasetError):
        epoch(samples)
    assert np.array_equal(samples[0].y, right)
    server.faults = {}
    assert epoch(samples) == want
    server.answers.clear()
    assert epoch(samples) == want and server.answers == []


@pytest.mark.parametrize("codec", ["standard", "archive", "recipe"])
def test_a_wrong_range_without_checksums(server, media, tmp_path, monkeypatch, codec):  # noqa: F811
    """Where nothing here computes checksums of chunks, zstd's own tells, or the engine; sources tell by the shard's digest."""
    monkeypatch.setattr("steadyset.dataset.make_checksum", lambda: None)
    monkeypatch.setattr(folder, "_SMALL", 0 if codec != "recipe" else folder._SMALL)
    server.folder = media[codec]
    samples, local = reader.open(url(server), cache=tmp_path).all, reader.open(media[codec]).all
    middle = body(lambda data: bytes(byte ^ (abs(k - len(data) // 2) < 99) for k, byte in enumerate(data)))
    server.faults = {"train-": [middle]}
    assert np.array_equal(samples[3].y, local[3].y) and server.faults == {"train-": []}
    server.answers.clear()
    assert np.array_equal(samples[3].y, local[3].y) and server.answers == []
    server.faults = {"t": [middle] * 100}
    with pytest.raises(reader.DatasetError, match="t[a-z]*-0000"):
        epoch(samples)
    server.faults = {}
    assert epoch(samples) == epoch(local), "nothing wrong stays"


def test_columns_of_large_shards(server, tiny, tmp_path, monkeypatch):  # noqa: F811
    """They are read as ranges; h5py notices what is no HDF5, and what is kept is forgotten then."""
    monkeypatch.setattr(folder, "_SMALL", 0)
    samples, local = reader.open(url(server), cache=tmp_path).all, reader.open(tiny).all
    server.faults = {"train-": [body(lambda data: bytes(len(data)))]}
    assert np.array_equal(samples.sources(0), local.sources(0))
    server.answers.clear()
    again = reader.open(url(server), cache=tmp_path).all
    assert np.array_equal(again.sources(0), local.sources(0))
    assert {name for name, _, _ in server.answers} == {"manifest.json"}


def test_a_shard_of_another_size_is_not_kept(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_SMALL", 0)
    shutil.copytree(tiny / "pack", tmp_path / "pack")
    opened = reader.open(f"file://{tmp_path}", cache=tmp_path / "cache")
    path = opened._manifest.shards[0].path
    with open(tmp_path / "pack" / path, "ab") as shard:
        shard.write(b"more")
    want = reader.open(tiny).all.sources(0)
    assert np.array_equal(opened.all.sources(0), want)
    assert records(tmp_path / "cache") == records_of_table(tmp_path / "cache", opened)


def records_of_table(cache, opened):
    return len(keys(pathlib.Path(cache) / f"{opened._manifest.locations[2]}.ranges"))


def read_all_of(place, cache):
    samples = reader.open(place, cache=cache).all
    assert epoch(samples) == epoch(samples, threads=3)
    return [sample.y.max() for sample in samples]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_share_a_cache(server, tiny, tmp_path, method):  # noqa: F811
    with concurrent.futures.ProcessPoolExecutor(4, mp_context=multiprocessing.get_context(method)) as pool:
        found = list(pool.map(read_all_of, [url(server)] * 4, [tmp_path] * 4))
    samples = reader.open(tiny).all
    assert found == [[sample.y.max() for sample in samples]] * 4
    shards = [path for path in tmp_path.iterdir() if len(keys(path)) > 1]
    assert sum(len(keys(path)) for path in shards) == len(samples), "each range is kept once"
    for path in shards:
        size = sum(HEAD_BYTES + length for _, length in keys(path))
        assert path.stat().st_size == size


def last_of(samples):
    return samples[-1].y.tobytes()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_an_open_dataset_goes_to_other_processes(server, tiny, tmp_path, method):  # noqa: F811
    samples = reader.open(url(server), cache=tmp_path).all
    want = epoch(samples)
    server.answers.clear()
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
        assert pool.submit(epoch, samples).result(timeout=60) == want
        assert pool.submit(last_of, samples).result(timeout=60) == last_of(reader.open(tiny).all)
    assert {name for name, _, _ in server.answers} <= {"locations.npy"}


def test_a_fork_while_another_thread_reads(server, tiny, tmp_path):  # noqa: F811
    """A lock that is held at the fork is never released in the child."""
    samples = reader.open(url(server), cache=tmp_path).all
    want = epoch(samples)
    child = multiprocessing.get_context("fork").Process(target=lambda: os._exit(42 if epoch(samples) == want else 1))
    with samples.dataset._storage._lock:
        child.start()
        child.join(60)
    child.kill()
    child.join()
    assert child.exitcode == 42


def test_one_writes_at_a_time(tmp_path, monkeypatch):
    path, tried = tmp_path / "file.ranges", []

    def locked(descriptor, data, place, write=ranges._write):
        with open(path) as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        tried.append(place)
        write(descriptor, data, place)

    monkeypatch.setattr(ranges, "_write", locked)
    kept = KeptRanges(str(path), 1000)
    kept.add([(0, memoryview(bytes(10))), (500, memoryview(bytes(20)))])
    assert len(tried) == 4
    with open(path) as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_what_lies_behind_the_last_record_is_cut_off(tmp_path):
    path = tmp_path / "file.ranges"
    KeptRanges(str(path), 1000).add([(0, memoryview(bytes(10)))])
    path.write_bytes(path.read_bytes() + bytes(5000))
    KeptRanges(str(path), 1000).add([(500, memoryview(bytes(20)))])
    assert path.stat().st_size == 2 * HEAD_BYTES + 30 and keys(path) == [(0, 10), (500, 20)]


def test_what_another_one_cut_off_and_went_on_from(tmp_path):
    """Who was there before goes on behind what is there now, not in the midst of it."""
    path = tmp_path / "file.ranges"
    before, after = KeptRanges(str(path), 1000), KeptRanges(str(path), 1000)
    before.add([(0, memoryview(bytes(10))), (100, memoryview(bytes(10)))])
    os.truncate(path, HEAD_BYTES + 10)
    after.add([(200, memoryview(bytes(300)))])
    before.add([(600, memoryview(bytes(5)))])
    assert keys(path) == [(0, 10), (200, 300), (600, 5)]


def test_threads_share_a_cache(server, tiny, tmp_path):  # noqa: F811
    samples = reader.open(url(server), cache=tmp_path).all
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda k: epoch(samples, k), range(6)))
    assert found == [epoch(reader.open(tiny).all)] * 6
    server.answers.clear()
    assert epoch(samples) == found[0] and server.answers == []


def test_a_killed_writer(server, tiny, tmp_path):  # noqa: F811
    """What a process left half written is cut off by the next one."""
    samples = reader.open(url(server), cache=tmp_path).all
    want = [samples[k].y.tobytes() for k in range(20)]
    path = max(tmp_path.iterdir(), key=lambda path: len(keys(path)))
    whole = path.read_bytes()
    for end in random.Random(3).sample(range(len(whole)), 25):
        path.write_bytes(whole[:end])
        again = reader.open(url(server), cache=tmp_path).all
        assert [again[k].y.tobytes() for k in range(20)] == want
        assert path.stat().st_size == len(whole) and sorted(keys(path)) == sorted(set(keys(path)))


def size_of(cache):
    return sum(path.stat().st_size for path in pathlib.Path(cache).iterdir())


def test_the_limit(server, tiny, media, tmp_path):  # noqa: F811
    """What was used last stays; a dataset that does not fit alone keeps what did fit."""
    cache = tmp_path / "cache"
    epoch(reader.open(url(server), cache=cache).all)
    whole = size_of(cache)
    former = {path.name for path in cache.iterdir()}
    server.folder = media["compact"]
    # What another process may be reading stays.
    opened = reader.open(url(server), cache=cache, cache_bytes=whole + 1000)
    assert epoch(opened.all) == epoch(reader.open(media["compact"]).all)
    assert {path.name for path in cache.iterdir()} == former and size_of(cache) == whole
    ages = sorted(former)
    for k, name in enumerate(ages):
        os.utime(cache / name, (0, time.time() - 4000 + k))
    reader.open(url(server), cache=cache, cache_bytes=whole + 1000).all.read([0, 1])
    gone = former - {path.name for path in cache.iterdir()}
    assert 0 < len(gone) < 5 and gone == set(ages[: len(gone)]) and size_of(cache) <= whole + 1000
    # As many samples as fit are found again in each epoch.
    small = tmp_path / "small"
    server.folder = tiny
    samples = reader.open(url(server), cache=small, cache_bytes=whole // 2).all
    want = epoch(samples)
    kept = records(small)
    assert whole // 4 < size_of(small) <= whole // 2
    server.answers.clear()
    assert epoch(samples, 1) == want == epoch(reader.open(tiny).all)
    assert len(server.answers) <= len(samples) - kept // 2 and size_of(small) <= whole // 2
    # Nothing goes that this process used, however old it seems.
    samples = reader.open(url(server), cache=small, cache_bytes=whole // 2).all
    names = {path.name for path in small.iterdir()}
    for name in names:
        samples.dataset._storage._room.use(name)
        os.utime(small / name, (0, 0))
    assert epoch(samples) == want and {path.name for path in small.iterdir()} == names


def test_a_file_that_another_process_removed(server, tiny, tmp_path):  # noqa: F811
    samples, want = reader.open(url(server), cache=tmp_path).all, epoch(reader.open(tiny).all)
    assert epoch(samples) == want
    for path in tmp_path.iterdir():
        path.unlink()
    assert epoch(samples) == want, "an open file stays"
    other = reader.open(url(server), cache=tmp_path).all
    assert epoch(other, 7) == want
    for kept in samples.dataset._storage._kept.values():
        kept.close()
    server.answers.clear()
    assert epoch(samples) == want and server.answers == [], "the new files are read"


@pytest.mark.parametrize("place", ["file/cache", "file"])
def test_no_folder_can_be_made(server, tiny, tmp_path, place):  # noqa: F811
    (tmp_path / "file").write_text("")
    with pytest.warns(UserWarning, match="cannot be used .*nothing more of http") as caught:
        samples = reader.open(url(server), cache=tmp_path / place).all
        assert epoch(samples) == epoch(samples, 1) == epoch(reader.open(tiny).all)
    assert len(caught) == 1


FULL = """
import resource, sys, warnings
import steadyset
samples = steadyset.open(sys.argv[1], cache=sys.argv[2]).all
resource.setrlimit(resource.RLIMIT_FSIZE, (9000, resource.RLIM_INFINITY))
for number in (0, 1):
    for batch in samples.batches(16, order=steadyset.Order(5), epoch=number):
        print(*batch.y.max((1, 2)))
"""


def test_a_disk_that_is_full(server, tiny, tmp_path):  # noqa: F811
    """The system refuses to write more than some bytes of a file, in the midst of a record: one warning, and all fields."""
    done = subprocess.run([sys.executable, "-c", FULL, url(server), tmp_path], capture_output=True, text=True)
    want = []
    for number in (0, 1):
        for batch in reader.open(tiny).all.batches(16, order=reader.Order(5), epoch=number):
            want.append(" ".join(str(value) for value in batch.y.max((1, 2))))
    assert done.stdout.splitlines() == want, done.stderr
    assert done.stderr.count("cannot be used") == 1 and "File too large" in done.stderr
    for path in tmp_path.iterdir():
        assert path.stat().st_size == sum(HEAD_BYTES + length for _, length in keys(path)), "no record is half there"


def test_a_disk_with_little_room(server, tiny, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr(room, "_LEFT_FREE", 1 << 60)
    samples = reader.open(url(server), cache=tmp_path).all
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert epoch(samples) == epoch(reader.open(tiny).all)
    assert list(tmp_path.iterdir()) == []


def test_where_it_is(server, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_folder() == str(tmp_path / "xdg/steadyset")
    monkeypatch.delenv("STEADYSET_CACHE")
    places = []
    named = str(tmp_path / "named")
    for cache, named in [(None, ""), (None, named), (None, "off"), (False, ""), (True, "off"), (tmp_path / "a", "off")]:
        monkeypatch.setenv("STEADYSET_CACHE", named)
        storage = reader.open(url(server), cache=cache)._storage
        places.append(storage._folder if isinstance(storage, CachedFolder) else None)
    default, named = str(tmp_path / "xdg/steadyset"), str(tmp_path / "named")
    assert places == [default, named, None, None, default, str(tmp_path / "a")]
    assert (tmp_path / "xdg/steadyset").stat().st_mode & 0o777 == 0o700
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert default_folder() == "/home/somebody/.cache/steadyset"
    monkeypatch.setenv("STEADYSET_CACHE_BYTES", "7 GB")
    with pytest.raises(ValueError, match="STEADYSET_CACHE_BYTES is a number of bytes such as 34359738368, not '7 GB'"):
        reader.open(url(server), cache=tmp_path)
    with pytest.raises(ValueError, match="cache_bytes is a number of bytes"):
        reader.open(url(server), cache=tmp_path, cache_bytes=-1)


def test_a_local_folder_has_no_cache(tiny, tmp_path, monkeypatch):
    assert isinstance(reader.open(tiny, cache=tmp_path)._storage, LocalFolder)
    monkeypatch.setenv("STEADYSET_CACHE", str(tmp_path))
    assert not isinstance(reader.open(f"file://{tiny}")._storage, CachedFolder) and not list(tmp_path.iterdir())


def test_ranges_of_any_kind(tmp_path):
    """Ranges that overlap, lie in one another, or lack a byte between: what is found is what a file in memory has."""
    content = random.Random(7).randbytes(5000)
    (tmp_path / "file.h5").write_bytes(content)
    for seed in range(20):
        random_ = random.Random(seed)
        listed = {"file.h5": Listed(f"{seed:064x}", len(content))}
        storages = [CachedFolder(LocalFolder(str(tmp_path)), tmp_path / "cache", 1 << 40, listed) for _ in range(2)]
        known = set()
        for _ in range(200):
            start = random_.randrange(len(content))
            length = random_.randrange(1, min(300, len(content) - start) + 1)
            storage = random_.choice(storages)
            missing = storage._fetch_missing([wanted := (folder.Range("file.h5", start, length))], lambda k, data: True)
            assert bool(missing) != set(range(start, start + length)).issubset(known), seed
            if missing:
                known |= set(range(start, start + length))
            assert storage.read([wanted], lambda k, data: True)(0).tobytes() == content[start : start + length], seed
            assert not storage._fetch_missing([wanted], None), seed
