"""Makes the corpora of scripts/fuzz anew, from real files of a small dataset: python scripts/fuzzing/seeds.py

What begins with `good` must be accepted, with `bad` refused; files called otherwise, such as those that once led to a bug,
are left alone. Run it with the tests' Python (.venv/bin/python); STEADYSET names another program than
.build/release/steadyset."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import h5py
import hdf5plugin  # noqa: F401
import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CORPUS = REPOSITORY / "scripts/fuzzing/corpus"
BINARY = pathlib.Path(os.environ.get("STEADYSET", REPOSITORY / ".build/release/steadyset")).resolve()
LARGEST = 20_000

PIPELINE = """\
format: 1
name: seeds
physics: { lattice: [32, 32], decay_rate: 0.02 }
sampling: { strata: [1, 2], samples_per_stratum: 6, radius: 2, seed: 5 }
split: { test_every: 4, validation_every: 4 }
pack: { samples_per_shard: 2 }
train:
  model: { kind: u-net, width: 0.001 }
  batch: 2
  epochs: 2
rounds: { count: 1, add: 2, pool: 4 }
"""
RANDOM = """\
format: 1
name: random
physics:
  lattice: [32, 32]
  sources: emitting
  boundary: { top: reflecting, bottom: absorbing, left: periodic, right: periodic }
  diffusivity: { random: { from: 0.5, to: 2, length: 8 } }
sampling: { strata: [1], samples_per_stratum: 6, radius: { from: 2, to: 3 }, seed: 5 }
split: { test_every: 4, validation_every: 4 }
pack: { samples_per_shard: 2 }
"""
CURATED = PIPELINE[: PIPELINE.index("rounds:")] + """\
  selection: endless
  samples_per_epoch: 8
  curation: { candidates: 4 }
"""

YAML = {
    "good-styles": "a: 'it''s'\nb: \"\\u00e9\\t\\x41\"\nc: |\n  one\n  two\nd: >-\n  folded\n  text\n"
    "e: [1, 2.5e-3, -0, true, null, ~, '']\n",
    "good-nested": "a:\n- b:\n  - c: {d: [e, {f: g}]}\n  - 1\n? long key\n: value\n",
    "good-mark": "\ufeffa: 1 # a comment\r\nb: 2\r\n",
    "bad-alias": "a: &x [1, 2]\nb: *x\n",
    "bad-tag": "a: !!str 7\n",
    "bad-twice": "a: 1\na: 2\n",
    "bad-two": "a: 1\n---\nb: 2\n",
    "bad-deep": "[" * 70 + "]" * 70 + "\n",
}
JSON = {
    "good-all": '{"a":[1,-0.5e-7,1e300,true,false,null,"x\\u00e9\\ud83d\\ude00\\n"],"b":{},"c":[],"\\u0000":" "}',
    "good-numbers": "[0,-0,1,12345678901234567890,0.1,1e-320,2.2250738585072014e-308,9007199254740993,12.345e-30]",
    "bad-twice": '{"a":1,"a":2}',
    "bad-surrogate": '"\\ud800"',
    "bad-range": "1e999",
    "bad-deep": "[" * 65 + "]" * 65,
}
WORDS = {
    "selection": {"good-all": "train/S1.25%-B & n07 | test|validation", "good-short": "B1.25% & round-1", "bad-none": "S5% &"},
    "paths": {
        "good-nested": "a/b-c/d.e_f", "good-name": "train-00000.h5", "bad-up": "a/../b", "bad-root": "/etc/passwd",
        "bad-back": "a\\b",
    },
    "text": {"good-plain": "a name\nof é and \t日本\n", "good-escapes": "\x1b[31mred\x07\u202e\u200d\ue000\U000e0041\r"},
}


# What tells of the machine and the time, and what stands in its place.
SCRUBBED = {"host": "machine", "system": "system", "boot": "00000000-0000-0000-0000-000000000000", "pid": 1, "start": 1}


def scrubbed(content):
    """A record without what tells of the machine."""
    members = json.loads(content, object_hook=lambda found: {key: SCRUBBED.get(key, found[key]) for key in found})
    return json.dumps(members)


def run(folder, *words):
    result = subprocess.run([str(BINARY), *words], cwd=folder, capture_output=True, text=True)
    if result.returncode != 0:
        raise SystemExit(f"steadyset {' '.join(words)}: {result.stderr}")


def put(parser, name, content):
    """Writes a file of a corpus."""
    if isinstance(content, str):
        content = content.encode()
    assert len(content) <= LARGEST, f"{parser}/{name} has {len(content)} bytes"
    (CORPUS / parser).mkdir(parents=True, exist_ok=True)
    (CORPUS / parser / name).write_bytes(content)


def chunks(path, name):
    """The first chunks of a dataset, as they are stored."""
    with h5py.File(path) as file:
        dataset = file[name]
        return [dataset.id.read_direct_chunk((row, 0, 0))[1] for row in range(min(2, len(dataset)))]


def main():
    for path in CORPUS.glob("*/*"):
        if path.name.startswith(("good", "bad")):
            path.unlink()
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        for name, text in (("p", PIPELINE), ("r", RANDOM), ("c", CURATED)):
            (folder / f"{name}.yaml").write_text(text)
        run(folder, "run", "p.yaml", "-o", "d", "--threads", "1")
        run(folder, "run", "r.yaml", "-o", "r", "--until", "pack", "--threads", "1")
        run(folder, "run", "c.yaml", "-o", "c", "--until", "train", "--threads", "1")
        for codec in ("compact", "archive", "recipe"):
            run(folder, "run", "p.yaml", "-o", codec, "--until", "pack", "--codec", codec)
        run(folder, "run", "r.yaml", "-o", "r-archive", "--until", "pack", "--codec", "archive")
        run(folder, "evaluate", "--data", "d", "--model", "d/train", "-o", "e", "--features")
        collect(folder)
    for parser in sorted(CORPUS.iterdir()):
        sizes = [path.stat().st_size for path in parser.iterdir()]
        print(f"{parser.name:16} {len(sizes):3} files {sum(sizes):7} bytes")


def collect(folder):
    for name, text in (("p", PIPELINE), ("r", RANDOM), ("c", CURATED)):
        put("pipeline", f"good-{name}", text)
        put("yaml", f"good-{name}", text)
    for name in ("layers", "shapes", "curation", "quickstart", "random-medium"):
        put("pipeline", f"good-{name}", (REPOSITORY / f"pipelines/{name}.yaml").read_bytes())
    put("pipeline", "bad-key", PIPELINE.replace("seed:", "sed:"))
    for name, text in YAML.items():
        put("yaml", name, text)
    for name, text in JSON.items():
        put("json", name, text)
    for stage in ("sample", "solve", "split", "pack", "train", "evaluate", "resample"):
        for path in sorted(folder.glob(f"d/**/{stage}/manifest.json"))[:1]:
            document = json.loads(path.read_text())
            put("manifest", f"good-{stage}", json.dumps(document))
            put("json", f"good-{stage}", path.read_bytes())
    for codec in ("d", "r", "archive", "recipe"):
        put("locations", f"good-{codec}", (folder / codec / "pack/locations.npy").read_bytes())
    put("locations", "bad-cut", (folder / "d/pack/locations.npy").read_bytes()[:-1])
    put("tags", "good-tags", (folder / "d/pack/tags.json").read_bytes())
    put("tags", "bad-id", (folder / "d/pack/tags.json").read_bytes().replace(b"0", b"g"))
    version = sorted(folder.glob("d/pack/version-*.json"))[0].read_text()
    put("manifest", "good-version", json.dumps(json.loads(version)))
    put("manifest", "bad-altered", json.dumps({**json.loads(version), "parameters": {}}))
    for name in ("provenance.json", "tags.json"):
        put("records", name, scrubbed((folder / "d/pack" / name).read_bytes()))
    put("records", "step.json", sorted(folder.glob("d/.steadyset/steps/solve-*.json"))[0].read_bytes())
    put("records", "epoch.json", (folder / "d/train/metrics.jsonl").read_bytes().splitlines()[0])
    progress = sorted(folder.glob("d/.steadyset/progress/*.json"))[0]
    put("records", "good-progress", scrubbed(progress.read_bytes()))
    lines = {}
    for name, text in (("d", PIPELINE), ("r", RANDOM)):
        physics = yaml.safe_load(text)["physics"]
        found = (folder / name / "sample/configurations-00000.jsonl").read_text().splitlines()
        members = [json.loads(line) for line in found[:3]]
        lines[name] = [{key: line[key] for key in ("sources", "keys") if key in line} for line in members]
        put("configurations", f"good-{name}", "".join(json.dumps(line) + "\n" for line in [physics, *lines[name]]))
    put("configurations", "bad-key", json.dumps(physics) + "\n" + json.dumps({"sources": [{"row": 5}]}) + "\n")
    for name in ("d", "r", "compact", "archive", "recipe", "r-archive"):
        put("shard", f"good-{name}", sorted((folder / name / "pack").glob("validation-*.h5"))[0].read_bytes())
    put("shard", "good-part", sorted((folder / "r/solve").glob("part-*.h5"))[-1].read_bytes())
    put("shard", "bad-cut", sorted((folder / "d/pack").glob("validation-*.h5"))[0].read_bytes()[:5000])
    shard = sorted((folder / "d/pack").glob("train-*.h5"))[0]
    for number, frame in enumerate(chunks(shard, "x")):
        put("chunk", f"good-plain-{number}", b"\0" + frame)
    for number, frame in enumerate(chunks(shard, "y")):
        put("chunk", f"good-planes-{number}", b"\2" + frame)
    medium = sorted((folder / "r/pack").glob("train-*.h5"))[0]
    put("chunk", "good-shuffled", b"\1" + chunks(medium, "diffusivity")[0])
    compact = sorted((folder / "compact/pack").glob("train-*.h5"))[0]
    put("chunk", "good-differences", b"\3" + chunks(compact, "y")[0])
    for number, name in enumerate(("archive", "archive", "r-archive", "r-archive")):
        frames = chunks(sorted((folder / name / "pack").glob("train-*.h5"))[0], "y")
        put("archive", f"good-{number}", bytes([number]) + frames[number % 2 % len(frames)])
    put("weights", "good-model", (folder / "d/train/weights.safetensors").read_bytes())
    put("scores", "good-errors", (folder / "e/evaluate/errors.csv").read_bytes())
    quoted = '"id","a ""b"" c",R4,mae\r\n00000000000000a1,"x,\ny",1,2.5e-3\r\n00000000000000a2,,2,.5\r\n\r\n'
    put("scores", "good-quoted", quoted)
    put("scores", "bad-negative", "id,mae\n00000000000000a1,-1\n")
    put("choices", "good-round", sorted(folder.glob("d/pack/choices-*.csv"))[0].read_bytes())
    put("features", "good-features", (folder / "e/evaluate/features.npy").read_bytes())
    # Shapes whose products are no numbers of 64 bits.
    for name, shape in (("columns", (1, 2**61)), ("bytes", (2**59 - 1, 4)), ("rows", (2**62, 4))):
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
        put("features", f"bad-{name}", b"\x93NUMPY\1\0\x76\0" + header.encode() + bytes(16))
    put("curation-log", "good-log", (folder / "c/train/curation.jsonl").read_bytes())
    for parser, files in WORDS.items():
        for name, text in files.items():
            put(parser, name, text)


if __name__ == "__main__":
    if shutil.which(str(BINARY)) is None:
        raise SystemExit(f"there is no {BINARY}: build it first")
    main()
