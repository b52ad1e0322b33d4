#!/usr/bin/env python3
"""Makes every shipped pipeline, and prints or writes what must stay the same: ids, digests of files, members of manifests.

    python scripts/tests/golden/ids.py --write [NAME...]    makes ids.json, or the named entries of it

The rule of what is cut: `CUTS`. All else is made whole. ids.json is only written anew where a change of ids or bytes is meant,
and then CHANGELOG.md says so. The digests of HDF5 files and of what repeats them hold for the versions of the HDF5 and zstd
libraries that ids.json names: with others, `comparable` leaves them out. Nothing else depends on the machine.
"""

import argparse
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
BINARY = pathlib.Path(os.environ.get("STEADYSET", REPOSITORY / ".build/release/steadyset"))
LIST = pathlib.Path(__file__).with_name("ids.json")

# What is cut, so that all of it takes half a minute on one core: samples per stratum, and epochs of training.
CUTS = {
    "paper": {"sampling": {"samples_per_stratum": 5}},
    "diffsolver": {"sampling": {"samples_per_stratum": 5}},
    "quickstart": {"sampling": {"samples_per_stratum": 10}},
    "curation": {"train": {"epochs": 4}},
    "train": {"sampling": {"samples_per_stratum": 50}, "train": {"epochs": 3}},
    "studies/data-reduced": {"sampling": {"samples_per_stratum": 50}},
    "studies/data-endless-reduced": {"sampling": {"samples_per_stratum": 52}},
    "studies/data-disks-reduced": {"sampling": {"samples_per_stratum": 100}},
    "studies/data-rings-reduced": {"sampling": {"samples_per_stratum": 1000}},
}
PIPELINES = sorted(
    str(path.relative_to(REPOSITORY / "pipelines").with_suffix(""))
    for path in [*(REPOSITORY / "pipelines").glob("*.yaml"), *(REPOSITORY / "pipelines/studies").glob("data-*.yaml")]
)
# Every rule of a round once, on a small lattice.
SMALL = {
    "format": 1,
    "name": "rules",
    "physics": {"lattice": [32, 32], "decay_rate": 0.02},
    "sampling": {"strata": [1, 2, 3], "samples_per_stratum": 30, "radius": 2, "seed": 5},
    "split": {"test_every": 5, "validation_every": 5},
    "pack": {"samples_per_shard": 20},
    "train": {
        "model": {"kind": "u-net", "width": 0.03125, "dropout": 0.2},
        "optimiser": {"learning_rate": 1e-3},
        "batch": 16,
        "epochs": 1,
        "selection": "S25%",
    },
}
RULES = {
    "top": {},
    "random-equal": {"acquisition": "random", "budget": "equal"},
    "power-by-score": {"acquisition": "power", "power": 2, "budget": "by-score"},
    "k-centre": {"acquisition": "k-centre"},
    "lcmd-random": {"acquisition": "lcmd", "random_share": 0.34},
    "bait": {"acquisition": "bait"},
    "estimate": {"score": "estimate", "by": "max"},
    "bound": {"score": "bound"},
    "variance": {"score": "variance", "passes": 3},
    "unselected-drop": {"candidates": "unselected", "drop": 4},
    "neighbours": {"neighbours": {"share": 0.5, "hardest": 5, "moves": 3, "values": 0.5}},
}


def run(*arguments):
    result = subprocess.run([str(BINARY), *map(str, arguments)], capture_output=True, text=True, timeout=600)
    if result.returncode:
        raise RuntimeError(f"{' '.join(map(str, arguments))} ended with {result.returncode}: {result.stderr}")
    return result.stdout


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def digest(value):
    return sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


# ------------------------------------------------------------------------------------------------- what is listed


def members(document):
    """A manifest's members, two levels of them: numbers and texts as they are, and the first half of others' digests."""
    found = {}
    for key, value in document.items():
        inner = {f"{key}.{name}": item for name, item in value.items()} if isinstance(value, dict) else {key: value}
        for name, item in inner.items():
            found[name] = digest(item)[:32] if isinstance(item, (dict, list)) else item
    return found


def listing(folder):
    """What must stay the same of all files below `folder`: digests, members of manifests, fingerprints of finished steps."""
    folder = pathlib.Path(folder)
    if folder.is_file():
        return {"files": {folder.name: sha256(folder.read_bytes())}}
    found = {"files": {}, "manifests": {}, "steps": {}}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if ".steadyset" in name.parts:
            if "steps" in name.parts:
                document = json.loads(path.read_text()) if path.is_file() else {}
                if "fingerprint" in document:
                    found["steps"][str(name)] = document["fingerprint"]
        elif path.is_file() and name.name != "provenance.json":
            found["files"][str(name)] = sha256(path.read_bytes())
            if path.suffix == ".json":
                document = json.loads(path.read_text())
                if isinstance(document, dict) and document.get("format") == "steadyset-manifest":
                    found["manifests"][str(name)] = members(document)
    return {key: value for key, value in found.items() if value}


def libraries(folder):
    """The versions of libraries that a dataset was made with."""
    return json.loads((pathlib.Path(folder) / "pack/provenance.json").read_text())["libraries"]


# ------------------------------------------------------------------------------------------------- what is made


def shipped(name):
    """The dict of a shipped pipeline, cut."""
    pipeline = yaml.safe_load((REPOSITORY / f"pipelines/{name}.yaml").read_text())
    for section, keys in CUTS.get(name, {}).items():
        pipeline[section] |= keys
    return pipeline


def written(folder, pipeline):
    path = pathlib.Path(folder) / "pipeline.yaml"
    path.write_text(yaml.safe_dump(pipeline, sort_keys=False))
    return path


def make_pipeline(name, folder):
    pipeline = written(folder, shipped(name))
    plan = json.loads(run("plan", pipeline))
    run("run", pipeline, "-o", folder / "dataset")
    return {
        "plan": digest([[step["id"], step["fingerprint"], step["inputs"], step["outputs"]] for step in plan["steps"]]),
        **listing(folder / "dataset"),
    }


def make_rule(name, folder):
    """The version that a rule makes; the dataset that it starts from is the same for all, and listed once, in "model"."""
    pipeline = SMALL | {"rounds": {"count": 1, "add": 9} | RULES[name]}
    if "candidates" not in RULES[name]:
        pipeline["rounds"]["pool"] = 30
    run("run", written(folder, pipeline), "-o", folder / "dataset")
    return {
        group: {path: value for path, value in values.items() if path.startswith(("pack/", "rounds/"))}
        for group, values in listing(folder / "dataset").items()
        if group != "steps"
    }


def make_codec(codec, folder):
    """tiny with other codecs, and what they unpack to."""
    run("run", REPOSITORY / "pipelines/tiny.yaml", "-o", folder / "dataset", "--codec", codec)
    run("unpack", folder / "dataset", "-o", folder / "unpacked")
    return {"dataset": listing(folder / "dataset"), "unpacked": listing(folder / "unpacked")}


def configurations(dataset):
    """The lines of all configurations of a dataset, by index, then by number of sources."""
    lines = [line for path in (dataset / "sample").glob("*.jsonl") for line in path.read_text().splitlines()]
    return sorted(lines, key=lambda line: (json.loads(line)["index"], len(json.loads(line)["sources"])))


def make_import(_, folder):
    """The configurations of tiny, imported."""
    run("sample", REPOSITORY / "pipelines/tiny.yaml", "-o", folder / "drawn")
    own = [{"sources": json.loads(line)["sources"]} for line in configurations(folder / "drawn")[:25]]
    (folder / "own.jsonl").write_text("".join(json.dumps(line) + "\n" for line in own))
    run("run", REPOSITORY / "pipelines/tiny.yaml", "-o", folder / "dataset", "--from", folder / "own.jsonl")
    return listing(folder / "dataset")


def make_model(_, folder):
    """What is made with a model: predictions, errors with and without labels, features, certified fields, a version."""
    pipeline = written(folder, SMALL)
    run("run", pipeline, "-o", folder / "dataset")
    data, model = folder / "dataset", folder / "dataset/train"
    lines = folder / "configurations.jsonl"
    lines.write_text("".join(line + "\n" for line in configurations(data)))
    run("predict", "--model", model, "--from", lines, "-o", folder / "predicted.h5")
    run("evaluate", "--data", data, "--selection", "train", "--model", model, "-o", folder / "judged", "--features",
        "--dropout-samples", 2)  # fmt: skip
    run("evaluate", "--from", lines, "--model", model, "-o", folder / "guessed", "--no-labels")
    run("certify", "--data", data, "--model", model, "--tolerance", "1e-4", "-o", folder / "certified.h5")
    run("resample", written(folder, SMALL | {"rounds": {"count": 1, "add": 5, "candidates": "unselected"}}), "-o", data,
        "--scores", folder / "judged/evaluate/errors.csv", "--selection", "S25%", "--name", "chosen")  # fmt: skip
    run("tag", f"{data}@chosen", "best")
    names = ("dataset", "predicted.h5", "judged", "guessed", "certified.h5", "certified.csv")
    return {name: listing(folder / name) for name in names}


def make_export(format, folder):
    run("run", REPOSITORY / "pipelines/tiny.yaml", "-o", folder / "dataset")
    output = folder / f"exported{EXPORTS[format]}"
    run("export", format, folder / "dataset", "-o", output)
    return listing(output)


EXPORTS = {
    "kerchunk": ".json", "vds": ".h5", "mds": "", "the-well": "", "pdebench": ".hdf5", "croissant": "", "csv": ".csv", "card": "",
}  # fmt: skip
MAKERS = {
    **{name: (make_pipeline, name) for name in PIPELINES},
    **{f"rule {name}": (make_rule, name) for name in RULES},
    **{f"codec {name}": (make_codec, name) for name in ("compact", "archive", "recipe")},
    "import": (make_import, None),
    "model": (make_model, None),
    **{f"export {name}": (make_export, name) for name in EXPORTS},
}


def make(name, folder):
    """(entry of ids.json, versions of libraries) of a name in MAKERS, made in an empty folder."""
    maker, argument = MAKERS[name]
    folder = pathlib.Path(folder)
    return maker(argument, folder), libraries(folder / "dataset")


# ------------------------------------------------------------------------------------------------- comparison


def flat(value, path=()):
    """Yields (path, text or number) of a nested dict."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, (*path, key))
    else:
        yield path, value


def comparable(path, same_libraries):
    """Whether a value must be the same with these libraries."""
    if same_libraries or "steps" in path or path == ("plan",):
        return True
    if "manifests" in path:
        return path[-1] != "files"
    return path[-1].endswith((".csv", ".jsonl", ".npy", ".safetensors", "tags.json"))


def differences(found, listed, same_libraries=True):
    """Lines that name what is missing, new, or other than listed."""
    found, listed = dict(flat(found)), dict(flat(listed))
    lines = []
    for path in sorted(found.keys() | listed.keys()):
        if comparable(path, same_libraries) and found.get(path) != listed.get(path):
            lines.append(f"{': '.join(path)}: listed {listed.get(path, 'nothing')}, made {found.get(path, 'nothing')}")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="entries; all unless given")
    parser.add_argument("--write", action="store_true", help="write ids.json; else what differs is printed")
    options = parser.parse_args()
    document = json.loads(LIST.read_text()) if LIST.exists() else {"libraries": None, "made": {}}
    if not options.names:
        document["made"] = document["made"] if not options.write else {}
    different = 0
    for name in options.names or MAKERS:
        with tempfile.TemporaryDirectory() as folder:
            entry, versions = make(name, folder)
        if options.write:
            document["libraries"] = versions
            document["made"][name] = entry
        else:
            for line in differences(entry, document["made"].get(name, {}), versions == document["libraries"]):
                different += 1
                print(f"{name}: {line}")
    if options.write:
        LIST.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
