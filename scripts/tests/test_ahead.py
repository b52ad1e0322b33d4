"""What cannot be is refused before anything is made: contradictions of a pipeline, and what the disk cannot hold."""

import json
import pathlib
import shutil
import subprocess

import pytest
import steadyset as reader
from conftest import BINARY, REPOSITORY, TAUGHT, changed, looks_finished, manifest, refused, steadyset, write

# A model that learns in no time, and rounds that add nine samples.
BASE = changed(
    TAUGHT,
    train={"epochs": 1, "selection": "S25%", "model": {"kind": "u-net", "width": 0.03125}},
    rounds={"count": 1, "add": 9, "pool": 60},
)
SINGLE = {"strata": [1], "samples_per_stratum": 100}  # of 105 single disks of radius 2 that differ by more than a symmetry



def disks(first, count):
    """Lines of an import: single disks on a lattice of 32 × 32 sites, none of them another one seen from another side."""
    places = [(row, column) for row in range(2, 16) for column in range(row, 16)][first : first + count]
    return "".join(json.dumps({"sources": [{"row": r, "column": c, "radius": 2, "value": 1}]}) + "\n" for r, c in places)


CONTRADICTIONS = {
    "a selection that is not there": ({"train": {"selection": "S7%"}}, r":\d+: train.selection: .*no selection 'S7%'"),
    "a window that is not there": ({"train": {"selection": "S25%-B"}}, "no selection 'S25%-B'"),
    "a stratum that is not there": ({"train": {"selection": "n07"}}, "'n07' has no sample of the part 'train'.*1, 2, 3 sources"),
    "a selection of the test part": ({"train": {"selection": "test & n02"}}, "no sample of the part 'train'"),
    "a selection of a later version": ({"train": {"selection": "round-1"}}, "no selection 'round-1'"),
    "no validation part": ({"split": {"validation_every": None}}, r":\d+: train.judge: .*no validation part.*split.validation_every"),
    "an empty validation part": ({"split": {"validation_every": 50}}, "validation part.*has no sample.*number 62"),
    "no test part to judge by": ({"split": {"test_every": None}, "train": {"judge": "test"}}, None),
    "an empty test part": (
        {"split": {"test_every": 50}, "train": {"judge": "test"}}, "test part.*has no sample.*number 50 .* there are 40"),
    "a window beyond the samples": (
        {"split": {"windows": [{"name": "A", "percent": 50, "offset": 2}]}}, r":\d+: split: window 'A'"),
    "recipes to learn from": ({"pack": {"codec": "recipe"}}, r":\d+: pack.codec: recipes hold no fields"),
    "a pool that repeats itself": (
        {"sampling": {"strata": [1], "radius": {"from": 2, "to": 2.01}}, "rounds": {"pool": 100000}},
        r":\d+: rounds.pool: a pool of 100000 .*gives a pool of \d+ at most"),
    "a pool with none of some strata": ({"rounds": {"pool": 2, "add": 1}}, "pool of 2 candidates has none"),
    "more added than drawn": ({"rounds": {"add": 61}}, "rounds.add: round 1 is to add 61 samples, but there are 60"),
    "more added than single sources are left": ({"sampling": SINGLE, "rounds": {"add": 6, "pool": 700}}, "there are 5 candidates"),
    "more added than is not selected": (
        {"rounds": {"candidates": "unselected", "pool": None, "add": 90}}, "only 57 are not in 'S25%'"),
    "nothing that is not selected": (
        {"train": {"selection": "S100%"}, "rounds": {"candidates": "unselected", "pool": None}}, "only 0 are not in 'S100%'"),
    "more dropped than there is": ({"rounds": {"drop": 21}}, "rounds.drop: 21 samples are to leave 'S25%', which has 21"),
    "neighbours that are none": (
        {"rounds": {"neighbours": {"moves": 0, "values": 0, "symmetries": False}}}, "rounds.neighbours: .*no neighbours"),
    "neighbours of single sources": (
        {"sampling": {"strata": [1]}, "rounds": {"neighbours": {"moves": 0, "symmetries": False}}}, "rounds.neighbours"),
    "a stop rule without a part that judges": (
        {"split": {"test_every": None, "validation_every": None}, "train": {"judge": "none"},
         "rounds": {"stop": {"standard_errors": 2}}}, "rounds.stop: .*split.test_every"),
}  # fmt: skip
NULL = {"no test part to judge by", "a stop rule without a part that judges"}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradictions(name, tmp_path):
    sections, says = CONTRADICTIONS[name]
    pipeline = changed(BASE, **sections)
    if name in NULL:
        pipeline["split"]["test_every"] = None
    path, dataset = write(tmp_path, pipeline), tmp_path / "dataset"
    says = says or "no test part to choose the best epoch"
    for command in (
        ["run", path, "-o", dataset],
        ["run", path, "-o", dataset, "--dry-run"],
        ["plan", path],
        ["step", path, "sample", "--run", dataset],
    ):
        refused(*command, status=65, says=[says, str(path)])
    assert not dataset.exists()


def test_rounds_on_an_import_without_a_design(tmp_path):
    configurations = tmp_path / "own.jsonl"
    configurations.write_text(disks(0, 60))
    pipeline = {key: value for key, value in BASE.items() if key != "sampling"}
    path = write(tmp_path, pipeline)
    refused(
        "run", path, "-o", tmp_path / "dataset", "--from", configurations, status=65, says="rounds.candidates: there is no 'sampling'"
    )
    assert not (tmp_path / "dataset").exists()


def test_what_a_run_does_not_reach_is_not_asked(tmp_path):
    """A pipeline for a later version's selection still makes the data."""
    path = write(tmp_path, changed(BASE, train={"selection": "round-1"}))
    steadyset("run", path, "-o", tmp_path / "dataset", "--until", "pack")
    refused("step", path, "solve-00000", "--run", tmp_path / "dataset", status=65, says="round-1")


# ---------------------------------------------------------------------------------------------- rounds that end


def test_rounds_end_where_candidates_run_out(tmp_path):
    """57 samples are not selected: six rounds of nine, and the last model is judged; the same again afterwards."""
    pipeline = changed(BASE, rounds={"count": 30, "candidates": "unselected", "pool": None})
    path, dataset = write(tmp_path, pipeline), tmp_path / "dataset"
    said = steadyset("run", path, "-o", dataset).stderr
    tags = json.loads((dataset / "pack/tags.json").read_text())
    rounds = len(tags)
    assert 3 <= rounds <= 6 and f"no round {rounds + 1}: " in said and f"with {rounds} of at most 30" in said
    assert (dataset / f"rounds/{rounds}/evaluate/errors.csv").is_file()
    assert not (dataset / f"rounds/{rounds + 1}/work").exists()
    before = {p: p.read_bytes() for p in (dataset / "pack").iterdir()}
    again = steadyset("run", path, "-o", dataset)
    assert all(line.endswith("unchanged") for line in again.stdout.splitlines())
    assert {p: p.read_bytes() for p in (dataset / "pack").iterdir()} == before
    assert all(line.startswith("done ") for line in steadyset("run", path, "-o", dataset, "--dry-run").stdout.splitlines())
    assert "0 findings" in steadyset("verify", dataset).stdout


def test_rounds_of_a_trainer_end_too(tmp_path):
    """The program is not called again for a version that it has learnt from."""
    script = tmp_path / "trainer.py"
    script.write_text(
        "import os, steadyset\n"
        "print('round', os.environ['STEADYSET_ROUND'], file=open(os.path.dirname(__file__) + '/calls', 'a'))\n"
        "if 'STEADYSET_CANDIDATES' in os.environ:\n"
        "    data = steadyset.open(os.environ['STEADYSET_CANDIDATES'])\n"
        "    with open(os.environ['STEADYSET_ERRORS'], 'w') as file:\n"
        "        file.write('id,mae\\n' + ''.join(f'{s.id},1\\n' for s in data.select(os.environ['STEADYSET_CANDIDATES_SELECTION'])))\n"
    )
    import sys

    pipeline = changed(
        BASE,
        rounds={"count": 9, "add": 25, "candidates": "unselected", "pool": None, "trainer": {"command": f"{sys.executable} {script}"}},
    )
    dataset = tmp_path / "dataset"
    said = steadyset("run", write(tmp_path, pipeline), "-o", dataset).stderr
    assert "no round 3" in said and sorted(json.loads((dataset / "pack/tags.json").read_text())) == ["round-1", "round-2"]
    assert (tmp_path / "calls").read_text().split("\n")[:-1] == ["round 0", "round 1", "round 2"]


def test_rounds_that_use_up_single_sources(tmp_path):
    """Every round draws from the 105 disks that there are; the dataset has more and more of them."""
    pipeline = changed(
        BASE, sampling={"strata": [1], "samples_per_stratum": 60}, train={"selection": "S25%"},
        rounds={"count": 20, "add": 20, "pool": 784},
    )  # fmt: skip
    said = steadyset("run", write(tmp_path, pipeline), "-o", tmp_path / "dataset").stderr
    assert "no round 3: " in said and "Rounds end here, with 2 of at most 20" in said


# ---------------------------------------------------------------------------------------------- no test part


def test_no_test_part_is_said(tmp_path):
    pipeline = changed(BASE, train={"judge": "none"})
    pipeline["split"] = {"test_every": None}
    del pipeline["rounds"]
    path, dataset = write(tmp_path, pipeline), tmp_path / "dataset"
    said = steadyset("run", path, "-o", dataset, "--dry-run").stderr
    assert "warning: there is no test part" in said and "samples that it has learnt from" in said
    said = steadyset("run", path, "-o", dataset).stderr
    assert said.index("there is no test part") < said.index("sample: 120")
    assert manifest(dataset, "evaluate")["parameters"]["selection"] == "train"
    pipeline["split"]["validation_every"] = 5
    said = steadyset("run", write(tmp_path, pipeline), "-o", tmp_path / "other").stderr
    assert "judged on the validation part" in said


# ---------------------------------------------------------------------------------------------- resample


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """(folder, dataset of emitting sources that was imported, pool, scores)."""
    folder = tmp_path_factory.mktemp("imported")

    (folder / "own.jsonl").write_text(disks(0, 30))
    (folder / "pool.jsonl").write_text(disks(60, 8))
    pipeline = {key: value for key, value in BASE.items() if key not in ("sampling", "train")}
    pipeline["rounds"] = {"add": 3, "candidates": "unselected"}
    pipeline["train"] = BASE["train"] | {"selection": "S100%", "judge": "none"}
    path = write(folder, pipeline)
    steadyset("run", path, "-o", folder / "dataset", "--from", folder / "own.jsonl", "--sources", "emitting", "--until", "pack")
    steadyset("run", path, "-o", folder / "ids", "--from", folder / "pool.jsonl", "--sources", "emitting", "--until", "sample")
    ids = [json.loads(line)["id"] for p in sorted((folder / "ids/sample").glob("*.jsonl")) for line in p.open()]
    (folder / "scores.csv").write_text("id,mae\n" + "".join(f"{id},{k + 1}\n" for k, id in enumerate(ids)))
    return folder


def copy_of(imported, tmp_path):
    return pathlib.Path(shutil.copytree(imported / "dataset", tmp_path / "dataset"))


def test_resample_of_an_import(imported, tmp_path):
    """Sources of the dataset, not of the pipeline, which says nothing of them."""
    dataset = copy_of(imported, tmp_path)
    steadyset(
        "resample", imported / "pipeline.yaml", "-o", dataset, "--from", imported / "pool.jsonl", "--scores", imported / "scores.csv"
    )
    assert len(reader.open(dataset, version="round-1").select("round-1")) >= 3
    assert "0 findings" in steadyset("verify", dataset, "--resolve", "40").stdout


def test_resample_with_too_few_candidates_leaves_what_is_there(imported, tmp_path):
    dataset = copy_of(imported, tmp_path)
    command = ["resample", imported / "pipeline.yaml", "-o", dataset, "--from", imported / "pool.jsonl", "--scores", imported / "scores.csv"]
    for _ in range(2):
        refused(*command, "--add", "9", status=65, says="is to add 9 samples, but there are 8 candidates")
        assert not list((dataset / ".steadyset/steps").glob("round-*")) and not (dataset / "rounds/1/work").exists()


def test_resample_of_an_import_without_its_sample_stage(imported, tmp_path):
    dataset = copy_of(imported, tmp_path)
    shutil.rmtree(dataset / "sample")
    command = ["resample", imported / "pipeline.yaml", "-o", dataset, "--from", imported / "pool.jsonl", "--scores", imported / "scores.csv"]
    refused(*command, status=65, says=['physics.sources is "emitting" in', '"pinned" in', "--sources"])
    assert not (dataset / "rounds").exists()
    steadyset(*command, "--sources", "emitting")


@pytest.mark.parametrize(
    ("sections", "options", "status", "says"),
    [
        ({"solver": {"tolerance": 1e-5}}, [], 65, "tolerance is 0?.?0*1e?-?0?6? in"),
        ({"solver": {"grid_bits": 22}}, [], 65, "another problem"),
        ({"physics": {"decay_rate": 0.03}}, [], 65, "physics.decay_rate is 0.02 in"),
        ({}, ["--overlap", "max"], 65, "physics.overlap is"),
        ({}, ["--name", "a b"], 64, "a b"),
        ({}, ["--name", "S100%"], 64, "S100%"),
    ],
)
def test_resample_says_what_differs_before_solving(sections, options, status, says, imported, tmp_path):
    dataset = copy_of(imported, tmp_path)
    import yaml

    pipeline = changed(yaml.safe_load((imported / "pipeline.yaml").read_text()), **sections)
    refused(
        "resample", write(tmp_path, pipeline), "-o", dataset, "--from", imported / "pool.jsonl", "--scores", imported / "scores.csv",
        *options, status=status, says=says,
    )  # fmt: skip
    assert not (dataset / "rounds").exists() and not (dataset / "pack/tags.json").exists()


def test_sources_go_with_from(imported, tmp_path):
    refused(
        "resample", imported / "pipeline.yaml", "-o", imported / "dataset", "--scores", imported / "scores.csv", "--sources", "pinned",
        status=64, says="--sources and --overlap go with --from",
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------- codes


def test_a_code_that_is_asked_for_counts(taught, tmp_path):
    """Keys of the pipeline that a code sets give way to it; what is changed beside it is recorded."""
    _, dataset = taught
    own = {"selection": "S25%", "loss": {"kind": "mae"}, "prefactor": {"exponential": {"scale": 1}}, "epochs": 2}
    pipeline = write(tmp_path, changed(TAUGHT, train=own))
    steadyset("train", pipeline, "-o", tmp_path / "model", "--data", dataset, "--code", "80S2", "--epochs", "1")
    found = manifest(tmp_path / "model", "train")["parameters"]
    assert (found["selection"], found["loss"], found["epochs"]) == ("S1.25%", {"kind": "mse"}, 1)
    assert found["prefactor"] == {"step": {"a": 6000, "b": 10}} and found["optimiser"]["learning_rate"] == 1e-4
    assert found["batch"] == TAUGHT["train"]["batch"], "what a code does not set stays the pipeline's"
    facts = json.loads((tmp_path / "model/train/provenance.json").read_text())
    assert (facts["code"], facts["code_changed"]) == ("80S2", ["epochs"])
    # In the file the keys beside a code stand above it, as ever, and that is recorded.
    pipeline = write(tmp_path, changed(TAUGHT, train=own | {"code": "80S2"}))
    steadyset("train", pipeline, "-o", tmp_path / "other", "--data", dataset)
    facts = json.loads((tmp_path / "other/train/provenance.json").read_text())
    assert facts["code_changed"] == ["epochs", "loss", "optimiser.learning_rate", "prefactor", "selection"]


# ---------------------------------------------------------------------------------------------- samples, disk, time


def test_what_a_run_will_take(tmp_path):
    """Said before, within a factor of what it takes; nothing is said where nothing is left."""
    pipeline = changed(BASE)
    del pipeline["train"], pipeline["rounds"]
    path, dataset = write(tmp_path, pipeline), tmp_path / "dataset"
    first = steadyset("run", path, "-o", dataset, "--dry-run").stdout.splitlines()[0]
    assert first.startswith("120 samples, 120 of them to be solved: about ") and " are free" in first
    [event, *steps] = map(json.loads, steadyset("run", path, "-o", dataset, "--dry-run", "--json").stdout.splitlines())
    assert event["event"] == "forecast" and (event["samples"], event["unsolved"]) == (120, 120)
    assert event["free"] > 1e6 and event["seconds"] > 0 and all("step" in step for step in steps)
    assert not dataset.exists()
    result = steadyset("run", path, "-o", dataset, "--json")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert events[0] == events[0] | {key: event[key] for key in ("event", "samples", "unsolved")}
    # A shard is its part under a second name.
    written = sum({s.st_ino: s.st_size for s in (p.stat() for p in dataset.rglob("*") if p.is_file())}.values())
    assert 0.5 * written < event["bytes"] < 2 * written
    assert "to be solved" not in steadyset("run", path, "-o", dataset).stderr
    grown = write(tmp_path, changed(pipeline, sampling={"samples_per_stratum": 80}))
    assert "240 samples, 120 of them to be solved" in steadyset("run", grown, "-o", dataset, "--dry-run").stdout


@pytest.mark.parametrize("codec", ["standard", "compact", "archive", "recipe"])
def test_bytes_of_every_codec(codec, tmp_path):
    pipeline = changed(BASE, pack={"codec": codec}, physics={"lattice": [96, 96]})
    del pipeline["train"], pipeline["rounds"]
    path, dataset = write(tmp_path, pipeline), tmp_path / "dataset"
    event = json.loads(steadyset("run", path, "-o", dataset, "--dry-run", "--json").stdout.splitlines()[0])
    steadyset("run", path, "-o", dataset)
    # A shard is its part under a second name.
    written = sum({s.st_ino: s.st_size for s in (p.stat() for p in dataset.rglob("*") if p.is_file())}.values())
    assert 0.5 * written < event["bytes"] < 2 * written


SMALL = """
mount -t tmpfs -o size=200k tmpfs "$2" || exit 99
"$3" run "$4" -o "$2/dataset" $5
echo "status $?"; find "$2" -type f
"""


def on_a_small_disk(tmp_path, pipeline, *options):
    """Runs in a file system of 200 kB; returns (what was said, files)."""
    (tmp_path / "disk").mkdir(exist_ok=True)
    command = ["unshare", "-rm", "sh", "-c", SMALL, "sh", "0", tmp_path / "disk", BINARY, pipeline, " ".join(options)]
    try:
        result = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
    except FileNotFoundError:
        pytest.skip("there is no unshare")
    if result.returncode == 99 or "unshare" in result.stderr:
        pytest.skip(f"no file system can be mounted here: {result.stderr.strip()}")
    lines = result.stdout.splitlines()
    number = next(k for k, line in enumerate(lines) if line.startswith("status "))
    return lines[number], result.stdout + result.stderr, lines[number + 1 :]


def test_what_the_disk_cannot_hold(tmp_path):
    pipeline = changed(BASE)
    del pipeline["train"], pipeline["rounds"]
    path = write(tmp_path, pipeline)
    status, said, files = on_a_small_disk(tmp_path, path)
    assert status == "status 74" and not files
    assert "the disk cannot hold what is to come" in said and "--ignore-space" in said and "free some space" in said
    status, said, files = on_a_small_disk(tmp_path, path, "--dry-run")
    assert status == "status 74" and not files and "--ignore-space" in said
    # Told to go on, it does as much as there is room for.
    status, said, files = on_a_small_disk(tmp_path, path, "--ignore-space")
    assert status == "status 74" and files and "the disk cannot hold" not in said
    status, said, files = on_a_small_disk(tmp_path, path, "--dry-run", "--ignore-space")
    assert status == "status 0"


def test_more_than_any_disk_can_hold(tmp_path):
    """261 million samples: refused at once, without drawing them; a selection that none of them is in is found at once too."""
    pipeline = changed(
        BASE, physics={"lattice": [1024, 1024]}, rounds={"pool": 900}, solver={"samples_per_part": 1000},
        sampling={"strata": {"from": 2, "to": 901}, "samples_per_stratum": 290_000, "radius": {"from": 2, "to": 3}},
    )  # fmt: skip
    path = write(tmp_path, pipeline)
    for options in ([], ["--dry-run"]):
        refused("run", path, "-o", tmp_path / "dataset", *options, status=74, says="TB more", timeout=60)
    path = write(tmp_path, changed(pipeline, train={"selection": "n1000"}))
    refused("run", path, "-o", tmp_path / "dataset", status=65, says="'n1000' has no sample.*2 to 901 sources", timeout=60)
    assert not (tmp_path / "dataset").exists()


def test_the_paper_s_dataset_is_forecast():
    """400,000 samples of 512² sites: hundreds of gigabytes, from three of them."""
    result = steadyset("run", REPOSITORY / "pipelines/quickstart.yaml", "-o", "/nonexistent/dataset", "--dry-run", "--ignore-space")
    assert "400 samples, 400 of them to be solved" in result.stdout
    assert not looks_finished("/nonexistent")
