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
import subprocess
import threading
import time

import h5py
import numpy as np

import mutations_scores
import reference
from changes import change_bytes, change_json, change_number, forge, records
from mutations_scores import change_array, change_table

SECONDS = 10
PATIENCE = 120
KILOBYTES = 1 << 20

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


# ------------------------------------------------------------------------------------------------- kinds of input


class Base:
    """Datasets of every form, made once in `folder` by the program `binary`."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, pathlib.Path(folder)
        (self.folder / "p.yaml").write_text(PIPELINE)
        self.run("run", "p.yaml", "-o", "d", "--threads", "2")
        for codec in ("compact", "archive", "recipe"):
            self.run("run", "p.yaml", "-o", codec, "--until", "pack", "--codec", codec)
        self.run("evaluate", "--data", "d", "--model", "d/train", "-o", "e", "--features", check=False)
        lines = sorted((self.folder / "d/sample").glob("*.jsonl"))
        keep = ("sources", "keys")
        text = [json.loads(line) for path in lines for line in path.read_text().splitlines()]
        (self.folder / "own.jsonl").write_text(
            "".join(json.dumps({key: line[key] for key in keep if key in line}) + "\n" for line in text[:8])
        )
        mutations_scores.prepare(self.run, self.folder, PIPELINE)
        self.interrupt()
        self.predict()
        for form in ("old", "new", "gzip", "chunked"):
            self.run("evaluate", "--data", "d", "--selection", "test", "--predictions", f"predictions-{form}.h5", "-o", form)

    def run(self, *arguments, check=True):
        result = subprocess.run(
            [str(self.binary), *arguments], cwd=self.folder, capture_output=True, text=True, timeout=300
        )
        assert not check or result.returncode == 0, f"{arguments}: {result.returncode}: {result.stderr}"

    def interrupt(self):
        """A dataset `t` whose training was killed after its first epochs, and `trained`, the same that was not."""
        text = PIPELINE.replace("epochs: 1", "epochs: 40")
        (self.folder / "t.yaml").write_text(text[: text.index("rounds:")])
        self.run("run", "t.yaml", "-o", "t", "--until", "pack")
        shutil.copytree(self.folder / "t", self.folder / "trained")
        self.run("train", "t.yaml", "-o", "trained")
        while not (self.folder / "t/.steadyset/train.safetensors").exists():
            shutil.rmtree(self.folder / "t/train", ignore_errors=True)
            process = subprocess.Popen(
                [str(self.binary), "train", "t.yaml", "-o", "t"], cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            while process.poll() is None and not (self.folder / "t/.steadyset/train.safetensors").exists():
                time.sleep(0.001)
            process.kill()
            process.wait()

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
    "compact": (named("compact/pack/train-00000.h5"), [["verify", "compact"], ["unpack", "compact", "-o", "out"]], True),
    "archive": (named("archive/pack/train-00000.h5"), [["verify", "archive"], ["unpack", "archive", "-o", "out"]], True),
    "recipe": (named("recipe/pack/train-00000.h5"), [["verify", "recipe"], ["unpack", "recipe", "-o", "out"]], True),
    "weights": (named("d/train/weights.safetensors"), [["verify", "d"], ["evaluate", "--data", "d", "--model", "{f}", "-o", "out"]], True),
    "metrics": (named("d/train/metrics.jsonl"), VERIFY, True),
    "errors": (named("d/evaluate/errors.csv"), [["verify", "d"]], True),
    "features": (named("scored/evaluate/features.npy"), [["verify", "scored"]], True),
    "checkpoint": (named("t/.steadyset/train.safetensors"), [["train", "t.yaml", "-o", "t"]], False),
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
# What `resample` is given, which no digest protects; where it is accepted, what follows from it is looked at.
GIVEN = {
    kind: (named(f"{folder}/{file}"), [mutations_scores.command(kind), ["verify", "r"]], False)
    for kind, (file, folder, _, _) in mutations_scores.KINDS.items()
}
NAMES = [*JSON_KINDS, *RESIGNED, *KINDS, *FORGED, *GIVEN]


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
            JSON_KINDS.get(kind) or KINDS.get(kind) or GIVEN.get(kind) or (*(RESIGNED.get(kind) or FORGED[kind]), False)
        )
        self.file = self.file(self.folder)
        self.good = (self.folder / self.file).read_bytes()
        self.records = records(self.good) if kind in FORGED else []
        self.statuses = collections.Counter()
        self.slowest, self.largest = 0.0, 0
        self.made = False  # a version, of a file that was accepted

    def change(self):
        """Returns the changed file, and whether its meaning is still the same."""
        good = self.good
        if self.kind in FORGED:
            bad = forge(good, self.records, self.random)
            return bad, bad == good
        if self.kind in GIVEN and self.random.random() < 0.6:
            bad = (change_table if self.file.suffix == ".csv" else change_array)(good, self.random)
        elif self.kind in RESIGNED or (self.kind in JSON_KINDS and self.random.random() < 0.6):
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
            if wrong is None and self.kind == "checkpoint":
                # A checkpoint that is damaged is told by its digest, and training begins anew, or is refused.
                weights = "train/weights.safetensors"
                if outcome.status not in (0, 73) or (
                    outcome.status == 0
                    and (self.folder / "t" / weights).read_bytes() != (self.folder / "trained" / weights).read_bytes()
                ):
                    wrong = "not the weights of a training that was not disturbed"
            if wrong is None and self.kind in GIVEN:
                if number == 0 and outcome.status == 0:
                    self.made = True
                    wrong = mutations_scores.problem(self.kind, self.folder, bad)
                elif number == 1 and outcome.status != 0:
                    wrong = "what was made is not sound"
            if wrong:
                problem = f"{self.kind}: {' '.join(words)}: {wrong}: {outcome.said[-300:]}"
                self.bad = bad
                break
        path.write_bytes(self.good)
        for name in ("manifest.json", "provenance.json") if self.kind in FORGED else ():
            source = self.base.folder / self.file.parent / name
            if source.exists():
                shutil.copy(source, path.parent / name)
        if self.made:
            self.made = False
            shutil.rmtree(self.folder / "r")
            shutil.copytree(self.base.folder / "r", self.folder / "r")
        if self.kind == "checkpoint":
            shutil.rmtree(self.folder / "t")
            shutil.copytree(self.base.folder / "t", self.folder / "t")
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
