"""Changes files as damage, mistakes and malice would, and looks at what the program makes of each: no signal, no internal error
(status 70), no end within seconds, no gigabyte, and nothing accepted whose meaning changed. `scripts/mutate` runs thousands."""

import collections
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import threading
import time

import h5py
import numpy as np

import reference

SECONDS = 10
PATIENCE = 120
KILOBYTES = 1 << 20
NUMBERS = [0, 1, -1, 2, 0.5, 1e-300, 255, 65536, 2**31 - 1, 2**31, 2**32, 2**40, 2**53, 2**53 + 2, 2**63, 2**64, 1e300, -(2**63)]
TEXTS = ["", "..", "../x", "/etc/passwd", "a/../b", "train/..", "~", ".", "a\0b", "é", "\u202e", "x" * 300, "0" * 64, "con", "a\\b", "%s%n", "-1", "\n"]

PIPELINE = """\
format: 1
name: mutated
physics: { lattice: [32, 32], decay_rate: 0.02 }
sampling: { strata: [1, 2], samples_per_stratum: 15, radius: 2, seed: 5 }
split: { test_every: 5, validation_every: 5 }
solver: { samples_per_part: 12 }
pack: { samples_per_shard: 10 }
train:
  model: { kind: u-net, width: 0.03125 }
  optimiser: { learning_rate: 1.0e-3 }
  batch: 8
  epochs: 1
  selection: S50%
rounds: { count: 1, add: 3, pool: 12 }
"""


class Outcome:
    """How a command ended: `status` (negative for a signal), seconds, kilobytes, and what it said."""

    def __init__(self, command, cwd):
        began = time.monotonic()
        with open(os.devnull, "rb") as null, open(cwd / "said", "wb+") as said:
            process = subprocess.Popen(
                [str(word) for word in command], stdin=null, stdout=said, stderr=said, cwd=cwd,
                env={**os.environ, "SWIFT_BACKTRACE": "enable=no"},
            )
            timer = threading.Timer(PATIENCE, lambda: process.send_signal(signal.SIGKILL))
            timer.start()
            _, code, usage = os.wait4(process.pid, 0)
            timer.cancel()
            process.returncode = os.waitstatus_to_exitcode(code)
            said.seek(0)
            self.said = said.read(100_000).decode(errors="replace")
        # Time of work: on a busy machine others take their share of the clock's.
        self.status, self.seconds, self.kilobytes = process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss
        self.hangs = time.monotonic() - began >= PATIENCE

    @property
    def wrong(self):
        """What no input may lead to, or None."""
        if self.hangs or self.seconds >= SECONDS:
            return f"no end within {PATIENCE if self.hangs else SECONDS} s"
        if self.status < 0 or self.status >= 128:
            return f"signal {-self.status}"
        if self.status == 70:
            return "status 70"
        if self.kilobytes > KILOBYTES:
            return f"{self.kilobytes} kB"
        return None


# ------------------------------------------------------------------------------------------------- changes of bytes


def change_bytes(data, random_):
    """Returns `data` with one to three changes: flipped bits, cut, inserted, doubled, zeroed."""
    data = bytearray(data)
    for _ in range(random_.choice([1, 1, 1, 2, 3])):
        size = len(data)
        place, length = random_.randrange(size + 1), random_.choice([1, 2, 4, 8, 64])
        match random_.randrange(8):
            case 0 | 1 | 2 if size:
                data[place % size] ^= 1 << random_.randrange(8)
            case 3:
                del data[random_.choice([place, size - 1, 0, 8]) :]
            case 4:
                data[place:place] = random_.randbytes(length)
            case 5:
                data[place:place] = data[place : place + 8 * length]
            case 6:
                data[place : place + length] = bytes(min(length, size - place))
            case _:
                data[place : place + length] = b"\xff" * min(length, size - place)
    return bytes(data)


def change_number(data, random_):
    """Returns a text in which one number is another."""
    import re

    text = data.decode("utf-8", "surrogateescape")
    found = list(re.finditer(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", text))
    if not found:
        return change_bytes(data, random_)
    place = random_.choice(found)
    return (text[: place.start()] + str(random_.choice(NUMBERS)) + text[place.end() :]).encode("utf-8", "surrogateescape")


# ------------------------------------------------------------------------------------------------- changes of JSON


def places(value, path=()):
    """Yields the path of every value in a document."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from places(value[index], (*path, index))


def change_json(document, random_):
    """Returns a copy of `document` with one value changed, removed, doubled, or of another type."""
    document = json.loads(json.dumps(document))
    path = random_.choice([p for p in places(document) if p])
    owner = document
    for step in path[:-1]:
        owner = owner[step]
    last = path[-1]
    old = owner[last]
    match random_.randrange(10):
        case 0:
            del owner[last]
        case 1:
            if isinstance(owner, list):
                owner.insert(last, old)
            else:
                owner[random_.choice(TEXTS)] = old
        case 2:
            owner[last] = random_.choice([None, [], {}, True, "", 0, [old], {"": old}])
        case 3 if isinstance(old, list):
            owner[last] = old * random_.choice([2, 100])
        case 4 if isinstance(old, list) and old:
            random_.shuffle(old)
        case _:
            if isinstance(old, bool) or old is None:
                owner[last] = random_.choice([not old, 1, "x"])
            elif isinstance(old, (int, float)):
                owner[last] = random_.choice([old + 1, old - 1, -old, 2 * old, *NUMBERS])
            elif isinstance(old, str):
                flipped = old[:-1] + ("1" if old[-1:] == "0" else "0")
                owner[last] = random_.choice([*TEXTS, flipped, old + "x", old.upper(), old[1:]])
            else:
                owner[last] = random_.choice([None, [], {}])
    return document


# ------------------------------------------------------------------------------------------------- changes of HDF5 records


def lookup3(data):
    """The checksum of HDF5's records (Jenkins 2006)."""
    mask = 0xFFFFFFFF
    a = b = c = (0xDEADBEEF + len(data)) & mask

    def turned(value, bits):
        return (value << bits | value >> (32 - bits)) & mask

    while len(data) > 12:
        x, y, z = struct.unpack("<III", data[:12])
        a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
        a = ((a - c) & mask) ^ turned(c, 4); c = (c + b) & mask  # noqa: E702
        b = ((b - a) & mask) ^ turned(a, 6); a = (a + c) & mask  # noqa: E702
        c = ((c - b) & mask) ^ turned(b, 8); b = (b + a) & mask  # noqa: E702
        a = ((a - c) & mask) ^ turned(c, 16); c = (c + b) & mask  # noqa: E702
        b = ((b - a) & mask) ^ turned(a, 19); a = (a + c) & mask  # noqa: E702
        c = ((c - b) & mask) ^ turned(b, 4); b = (b + a) & mask  # noqa: E702
        data = data[12:]
    if data:
        x, y, z = struct.unpack("<III", bytes(data).ljust(12, b"\0"))
        a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
        c = ((c ^ b) - turned(b, 14)) & mask
        a = ((a ^ c) - turned(c, 11)) & mask
        b = ((b ^ a) - turned(a, 25)) & mask
        c = ((c ^ b) - turned(b, 16)) & mask
        a = ((a ^ c) - turned(c, 4)) & mask
        b = ((b ^ a) - turned(a, 14)) & mask
        c = ((c ^ b) - turned(b, 24)) & mask
    return c


def records(data):
    """Returns (start, end) of every record of a file that ends with its checksum, the checksum not included."""
    found = []
    for start in range(len(data) - 8):
        kind = data[start : start + 4]
        if start == 0 and data[:4] == b"\x89HDF" and data[8] in (2, 3):
            found.append((0, 44))
        elif kind in (b"OHDR", b"OCHK", b"FAHD", b"FADB", b"BTHD", b"BTLF", b"EAHD", b"EAIB", b"FRHP", b"FHDB"):
            # The end is where the checksum fits: records are short.
            limit = min(len(data) - 4, start + 4096)
            for end in range(start + 8, limit):
                if lookup3_fits(data, start, end):
                    found.append((start, end))
                    break
    return found


def lookup3_fits(data, start, end):
    # Comparing first what is cheap: three of four ends are no ends of records.
    return struct.unpack_from("<I", data, end)[0] == lookup3(data[start:end])


def forge(data, known, random_):
    """Changes one to three bytes of HDF5's own records and makes their checksums right; `known` is `records(data)`."""
    data = bytearray(data)
    if not known:
        return change_bytes(data[: 1 << 13], random_) + bytes(data[1 << 13 :])
    for _ in range(random_.choice([1, 1, 2, 3])):
        start, end = random_.choice(known)
        place = random_.randrange(start + 4, end)
        match random_.randrange(4):
            case 0:
                data[place] ^= 1 << random_.randrange(8)
            case 1:
                data[place] = random_.choice([0, 1, 2, 3, 4, 8, 127, 128, 255])
            case 2:
                data[place] = random_.randrange(256)
            case _:
                size = random_.choice([2, 4, 8])
                if place + size <= end:
                    data[place : place + size] = random_.choice(
                        [b"\xff" * size, bytes(size), b"\0" * (size - 1) + b"\x80", struct.pack("<Q", len(data))[:size]]
                    )
        data[end : end + 4] = struct.pack("<I", lookup3(bytes(data[start:end])))
    return bytes(data)


# ------------------------------------------------------------------------------------------------- kinds of input


class Base:
    """Datasets of every form, made once in `folder` by the program `binary`."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, pathlib.Path(folder)
        (self.folder / "p.yaml").write_text(PIPELINE)
        self.run("run", "p.yaml", "-o", "d", "--threads", "2")
        for codec in ("archive", "recipe"):
            self.run("run", "p.yaml", "-o", codec, "--until", "pack", "--codec", codec)
        self.run("evaluate", "--data", "d", "--model", "d/train", "-o", "e", "--features", check=False)
        lines = sorted((self.folder / "d/sample").glob("*.jsonl"))
        keep = ("sources", "keys")
        text = [json.loads(line) for path in lines for line in path.read_text().splitlines()]
        (self.folder / "own.jsonl").write_text(
            "".join(json.dumps({key: line[key] for key in keep if key in line}) + "\n" for line in text[:8])
        )
        self.predict()
        for form in ("old", "new", "gzip", "chunked"):
            self.run("evaluate", "--data", "d", "--selection", "test", "--predictions", f"predictions-{form}.h5", "-o", form)

    def run(self, *arguments, check=True):
        result = subprocess.run(
            [str(self.binary), *arguments], cwd=self.folder, capture_output=True, text=True, timeout=300
        )
        assert not check or result.returncode == 0, f"{arguments}: {result.returncode}: {result.stderr}"

    def predict(self):
        """Files of predictions of the test part, as several writers make them."""
        found = []
        for path in sorted((self.folder / "d/pack").glob("test-*.h5")):
            with h5py.File(path) as file:
                found.append((file["id"][:], np.zeros((len(file["id"]), 32, 32), "f4")))
        ids, y = (np.concatenate(column) for column in zip(*found))
        forms = {
            "old": ({}, {}), "new": ({"libver": ("v110", "v110")}, {}),
            "gzip": ({}, {"chunks": (1, 32, 32), "compression": "gzip"}),
            "chunked": ({"libver": ("v110", "v110")}, {"chunks": (2, 32, 32), "compression": "gzip", "shuffle": True}),
        }
        for name, (how, options) in forms.items():
            with h5py.File(self.folder / f"predictions-{name}.h5", "w", **how) as file:
                file.create_dataset("id", data=ids)
                file.create_dataset("y", data=y, **options)


def first(pattern):
    return lambda folder: sorted(folder.glob(pattern))[0].relative_to(folder)


def named(name):
    return lambda folder: pathlib.Path(name)


VERIFY = [["verify", "d"]]
EVALUATE = [["evaluate", "--data", "d", "--selection", "test", "--predictions", "{f}", "-o", "out"]]
JSON_KINDS = {
    # name: file, commands, whether a change of meaning must be found
    **{f"manifest-{s}": (named(f"d/{s}/manifest.json"), [["verify", "d"], ["show", "d"]], True)
       for s in ("sample", "solve", "split", "pack", "train", "evaluate")},
    "version": (first("d/pack/version-*.json"), [["verify", "d"], ["log", "d"]], True),
    "tags": (named("d/pack/tags.json"), [["log", "d"], ["verify", "d"]], False),
    "step": (first("d/.steadyset/steps/pack-*.json"), [["run", "p.yaml", "-o", "d", "--dry-run"]], False),
    "provenance": (named("d/pack/provenance.json"), [["verify", "d/pack"], ["show", "d"]], False),
}  # fmt: skip
KINDS = {
    "pipeline": (named("p.yaml"), [["plan", "p.yaml"]], False),
    "own-configurations": (named("own.jsonl"), [["sample", "p.yaml", "--from", "own.jsonl", "-o", "out"]], False),
    "configurations": (named("d/sample/configurations-00000.jsonl"), VERIFY, True),
    "choices": (first("d/pack/choices-*.csv"), VERIFY, True),
    "locations": (named("d/pack/locations.npy"), VERIFY, True),
    "part": (named("d/solve/part-00000.h5"), [["verify", "d"], ["show", "{f}"]], True),
    "shard": (named("d/pack/train-00000.h5"), [["verify", "d"], ["show", "{f}"]], True),
    "archive": (named("archive/pack/train-00000.h5"), [["verify", "archive"], ["unpack", "archive", "-o", "out"]], True),
    "recipe": (named("recipe/pack/train-00000.h5"), [["verify", "recipe"], ["unpack", "recipe", "-o", "out"]], True),
    "weights": (named("d/train/weights.safetensors"), [["verify", "d"], ["evaluate", "--data", "d", "--model", "{f}", "-o", "out"]], True),
    "metrics": (named("d/train/metrics.jsonl"), VERIFY, True),
    "errors": (named("d/evaluate/errors.csv"), [["verify", "d"]], True),
    "checkpoint": (named("d/.steadyset/train.safetensors"), [["train", "longer.yaml", "-o", "d"]], False),
    **{f"predictions-{form}": (named(f"predictions-{form}.h5"), EVALUATE, False) for form in ("old", "new", "gzip", "chunked")},
}  # fmt: skip
# Records of HDF5 files with right checksums, in a pack or alone; nothing can be found but what contradicts itself.
FORGED = {
    "forged-shard": (named("d/pack/train-00000.h5"), [["show", "{f}"], ["verify", "d/pack"], ["export", "csv", "d", "--output", "out"]]),
    "forged-archive": (named("archive/pack/train-00000.h5"), [["show", "{f}"], ["unpack", "archive", "-o", "out"]]),
    "forged-recipe": (named("recipe/pack/train-00000.h5"), [["show", "{f}"], ["verify", "recipe/pack"]]),
    "forged-predictions": (named("predictions-chunked.h5"), EVALUATE),
}  # fmt: skip
RESIGNED = {
    f"resigned-{name}": JSON_KINDS[name][:2] for name in ("manifest-sample", "manifest-solve", "manifest-split", "manifest-pack", "manifest-train", "manifest-evaluate")
}  # fmt: skip
NAMES = [*JSON_KINDS, *RESIGNED, *KINDS, *FORGED]


def sign(pack):
    """Makes sizes and digests of a manifest's files right, as a forger would."""
    path = pack / "manifest.json"
    document = json.loads(path.read_text())
    for entry in document["files"]:
        data = (pack / entry["path"]).read_bytes()
        entry["bytes"], entry["sha256"] = len(data), hashlib.sha256(data).hexdigest()
    document["id"] = reference.manifest_id(document)
    path.write_text(json.dumps(document))


class Trial:
    """One kind of input in a copy of the base's files, which is restored after each change."""

    def __init__(self, base, kind, folder, seed):
        self.base, self.kind, self.folder = base, kind, pathlib.Path(folder)
        shutil.copytree(base.folder, self.folder, dirs_exist_ok=True)
        self.random = random.Random(f"{seed} {kind}")
        self.file, self.commands, self.is_found = (
            JSON_KINDS.get(kind) or KINDS.get(kind) or (*(RESIGNED.get(kind) or FORGED[kind]), False)
        )
        self.file = self.file(self.folder)
        if kind == "checkpoint":
            (self.folder / "longer.yaml").write_text(PIPELINE.replace("epochs: 1", "epochs: 2"))
            if not (self.folder / self.file).exists():
                shutil.copy(self.folder / "d/train/weights.safetensors", self.folder / self.file)
        self.good = (self.folder / self.file).read_bytes()
        self.records = records(self.good) if kind in FORGED else []
        self.statuses = collections.Counter()
        self.slowest, self.largest = 0.0, 0

    def change(self):
        """Returns the changed file, and whether its meaning is still the same."""
        good = self.good
        if self.kind in FORGED:
            bad = forge(good, self.records, self.random)
            return bad, bad == good
        if self.kind in RESIGNED or (self.kind in JSON_KINDS and self.random.random() < 0.6):
            document = change_json(json.loads(good), self.random)
            if self.kind in RESIGNED and isinstance(document, dict):
                document["id"] = reference.manifest_id(document)
            bad = json.dumps(document, indent=2).encode("utf-8", "surrogatepass")
        elif not self.file.suffix.endswith((".h5", ".npy", ".safetensors")) and self.random.random() < 0.4:
            bad = change_number(good, self.random)
        else:
            bad = change_bytes(good, self.random)
        same = bad == good
        if self.kind in JSON_KINDS:
            try:
                same = json.loads(bad, object_pairs_hook=strict) == json.loads(good)
            except (ValueError, RecursionError):
                same = False
        return bad, same

    def perform(self):
        """Makes one change, runs every command, and returns what went wrong, or None."""
        bad, same = self.change()
        if self.kind == "pipeline" and asks_for_much(bad):
            return None
        path = self.folder / self.file
        path.write_bytes(bad)
        if self.kind in FORGED and self.file.parts[-2:-1] == ("pack",):
            sign(path.parent)
        problem = None
        for number, command in enumerate(self.commands):
            out = self.folder / "out"
            if out.is_dir() and not out.is_symlink():
                shutil.rmtree(out)
            else:
                out.unlink(missing_ok=True)
            words = [word.replace("{f}", str(self.file)) for word in command]
            outcome = Outcome([self.base.binary, *words], self.folder)
            self.statuses[outcome.status] += 1
            self.slowest, self.largest = max(self.slowest, outcome.seconds), max(self.largest, outcome.kilobytes)
            wrong = outcome.wrong
            if wrong is None and number == 0 and self.is_found and not same and outcome.status == 0:
                wrong = "a changed file was accepted"
            if wrong:
                problem = f"{self.kind}: {' '.join(words)}: {wrong}: {outcome.said[-300:]}"
                self.bad = bad
                break
        path.write_bytes(self.good)
        for name in ("manifest.json", "provenance.json") if self.kind in FORGED else ():
            source = self.base.folder / self.file.parent / name
            if source.exists():
                shutil.copy(source, path.parent / name)
        if self.kind == "checkpoint":
            shutil.rmtree(self.folder / "d")
            shutil.copytree(self.base.folder / "d", self.folder / "d")
            if not path.exists():
                shutil.copy(self.folder / "d/train/weights.safetensors", path)
        return problem


def strict(pairs):
    """Members of an object, of which none may be there twice."""
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key is there twice")
    return dict(pairs)


def asks_for_much(data):
    """Whether a pipeline asks for so many samples that its plan may well take long."""
    import yaml

    try:
        document = yaml.safe_load(data)
        sampling = document["sampling"]
        counts, strata = sampling["samples_per_stratum"], sampling["strata"]
        count = sum(counts) if isinstance(counts, list) else counts * (len(strata) if isinstance(strata, list) else 1024)
        return count > 10_000 or max(document["physics"]["lattice"]) > 512
    except Exception:  # noqa: BLE001 - it is the program's turn to say what is wrong
        return False
