"""The blocks of README and articles: programs and commands run as they are printed, or a list here says why one does not."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
import yaml
from conftest import BINARY, REPOSITORY, TAUGHT, changed, ran, steadyset, write
from test_docs import TEXTS
from walk import BLOCK, programs

# Followed whole by test_walks.py.
WALKED = {"Tutorial.md", "Own-configurations.md", "Own-physics.md", "Own-trainer.md", "Archive.md", "Publishing.md"}
# Written and compared by test_docs.py; each example is parsed by test_command_line.py.
WRITTEN = {"Commands.md"}
OTHERS = {name: text for name, text in TEXTS.items() if name not in WALKED | WRITTEN}

# Programs that are not run here, by what is in them, and why.
NOT_RUN = {
    "https://example.org": "there is no such server; test_reader_remote.py reads from one",
    "from streaming import": "a package that the tests do not have; scripts/check-exports opens an export so",
    "from the_well": "a package that the tests do not have; scripts/check-exports opens an export so",
    "import datasets": "test_card.py and scripts/check-exports load a dataset so",
    "import xarray": "test_exports.py runs it, on a dataset that it exports first",
    "import Surrogate": "needs a model of the paper's size; test_training_torch.py predicts by it",
}
# What programs take from the text around them.
BEFORE = {
    "Evaluation.md": "def model(samples):\n    return samples.read(range(len(samples)))[1]\n",
    "scripts/python/README.md": "import steadyset\ndataset = steadyset.open('quickstart')\n",
}
# Commands that are not run here, by a pattern of the line, and why.
COMMANDS_NOT_RUN = {
    r"\b(DATASET|PIPELINE|DIR|FORMAT|URL|POOL|OWNER|BUCKET)\b": "a form: words to be replaced; test_docs.py checks its options",
    r"^(pip|apt-get|hf) ": "installs packages, or needs an account",
    r"^(sudo|podman) |dist/steadyset|\$VIRTUAL_ENV": "needs the wheel, and root; scripts/wheel --check does it in a bare root",
    r"scripts/(wheel|install)": "builds for minutes; test_wheel.py looks at what it makes",
    r"scripts/(build|test|quickstart|check-\w+|release-notes)|^swift ": "what runs these tests, or test_once.py and the quickstart's own",
    r"^snakemake.*/slurm |^(scripts/slurm|sinfo|export PATH=/tmp/slurm)|--set-resources": "needs a cluster; test_workflow.py has one",
    r"scripts/(study|bench|judging|studies)|python scripts/bench": "measures for minutes; test_studies.py and test_bench.py run small ones",
    r"^steadyset bench": "measures for minutes; test_bench.py runs small ones",
    r"^steadyset run pipelines/train.yaml": "trains for a minute; test_train.py runs smaller ones",
    r"^h5dump|^export HDF5_PLUGIN_PATH": "needs h5dump; test_plugin.py runs it where it is",
    r"^steadyset status|--metrics ": "looks at a run that goes on; test_status.py and test_observation.py have one",
    r"steadyset (run pipelines/quickstart|verify quickstart)": "test_reading_examples.py compares what they print",
}
# Commands that are run, with what must be there before.
RUN = {
    "Exports.md": 'for size in 12.5 25 50; do steadyset export vds quickstart --output S$size.h5 --selection "S$size%"; done',
    "Plans.md": "steadyset step pipelines/tiny.yaml",
    "HDF5.md": "scripts/figure.py",
    "Cards.md": "steadyset export card quickstart --output card",
    "Clusters.md": "profiles/local",
    "Installation.md": "steadyset ",
    "README.md": "steadyset run curation",
    "Observing.md": "steadyset status quickstart",
}
STARTS = re.compile(
    r"^(for|export|steadyset|python3?|pip|torchrun|snakemake|sinfo|sudo|podman|apt-get|hf|h5dump|swift|(\./)?scripts/\S+|--set-\S+)\s"
)


def blocks(name, *languages):
    return [block for block in BLOCK.finditer(TEXTS[name]) if block[1] in languages]


def printed_below(name, block):
    """What an article says that a program prints, or None."""
    after = TEXTS[name][block.end() :]
    found = re.match(r"\n\n```text\n(.*?)```", after, re.S)
    line = re.match(r"\n\nIt prints `([^`]+)`", after)
    return found[1] if found else line[1] + "\n" if line else None


def commands(name):
    """Yields (command, its block) of the blocks of an article that have commands; a loop is one command."""
    for block in blocks(name, "sh", "text"):
        text = block[2].replace("\\\n", " ")
        for match in re.finditer(r"^for [\s\S]*?\bdone\b[^\n]*|^\S[^\n]*", text, re.M):
            if STARTS.match(match[0] + " "):
                yield re.sub(r"[ \t]+#.*|[ \t]{3,}[a-z].*", "", match[0]) if "\n" not in match[0] else match[0], block[2]


def why_not(command):
    return next((pattern for pattern in COMMANDS_NOT_RUN if re.search(pattern, command)), None)


@pytest.fixture(scope="module")
def folder(quickstart, once, tmp_path_factory):
    """A folder with what articles speak of: datasets, pipelines, an archive, a dataset with rounds, and a stand-in for rfc8785."""
    place = tmp_path_factory.mktemp("blocks")
    made = quickstart[0] / "quickstart"
    for name in ("quickstart", "train"):
        (place / name).symlink_to(made)
    (place / "pipelines").symlink_to(REPOSITORY / "pipelines")
    (place / "scripts").symlink_to(REPOSITORY / "scripts")
    (place / "paper.yaml").symlink_to(REPOSITORY / "pipelines/paper.yaml")
    shutil.copytree(made, place / "archive", ignore=shutil.ignore_patterns("pack"))
    steadyset("pack", REPOSITORY / "pipelines/quickstart.yaml", "-o", place / "archive", "--codec", "archive")
    rounds = {"count": 1, "add": 12, "pool": 60, "acquisition": "power"}
    curated = changed(TAUGHT, train={"selection": "S50%", "epochs": 2}, rounds=rounds)
    (place / "data").symlink_to(once("blocks", ran(curated, "--threads", "1"))[0] / "dataset")
    (place / "modules").mkdir()
    (place / "modules/rfc8785.py").write_text("import reference\n\n\ndef dumps(value):\n    return reference.canonical(value).encode()\n")
    return place


def environment(folder):
    path = f"{folder / 'modules'}:{REPOSITORY / 'scripts/tests'}:{os.environ['PYTHONPATH']}"
    return os.environ | {"PYTHONPATH": path, "STEADYSET": str(BINARY), "MPLBACKEND": "Agg", "HOME": str(folder)}


@pytest.mark.parametrize("name", [name for name in OTHERS if blocks(name, "python")])
def test_programs(name, folder):
    """One after another, as in a notebook; each prints what stands below it."""
    wanted, shown = [BEFORE.get(name, "")], [None]
    for block in blocks(name, "python"):
        if any(words in block[2] for words in NOT_RUN):
            continue
        missing = [one for one in ("torch", "jax") if re.search(rf"^(import|from) .*\b{one}\b|to_{one}\(", block[2], re.M) and not installed(one)]
        if not missing:
            wanted.append(block[2])
            shown.append(printed_below(name, block))
    driver = (
        "import json, sys\nscope = {'__name__': '__main__'}\n"
        "for program in json.load(sys.stdin):\n    exec(compile(program, 'block', 'exec'), scope)\n    print('\\0', end='')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", driver], input=json.dumps(wanted), cwd=folder, env=environment(folder), capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    said = ended.stdout.split("\0")[:-1]
    assert len(said) == len(wanted)
    for program, printed, expected in zip(wanted, said, shown):
        if expected is not None:
            assert printed == expected, program


def installed(package):
    return subprocess.run([sys.executable, "-c", f"import {package}"], capture_output=True).returncode == 0


def test_every_reason_is_needed():
    """Each entry of the lists of what is not run is about something that is there."""
    shown = [block[2] for name in OTHERS for block in blocks(name, "python")]
    assert [words for words in NOT_RUN if not any(words in block for block in shown)] == []
    found = {why_not(command) for name in OTHERS for command, _ in commands(name)}
    assert set(COMMANDS_NOT_RUN) - found == set()
    assert set(BEFORE) <= set(OTHERS)


@pytest.mark.parametrize("name", [name for name in OTHERS if any(commands(name))])
def test_commands(name, folder, tmp_path_factory):
    """What is in no list is run, in a folder with the shipped pipelines and a dataset called quickstart."""
    path = programs(tmp_path_factory.mktemp("path") / "bin", BINARY)
    for command, block in commands(name):
        if why_not(command):
            continue
        assert RUN.get(name, "") in block and name in RUN, f"{command}: neither run nor in COMMANDS_NOT_RUN"
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command], cwd=folder, capture_output=True, text=True,
            env=environment(folder) | {"PATH": f"{path}:{os.environ['PATH']}"},
        )  # fmt: skip
        assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"


def pipelines():
    """Yields (article, text) of the blocks of YAML that are a part of a pipeline."""
    for name in TEXTS:
        for block in blocks(name, "yaml"):
            if not block[2].startswith("format: 1"):
                yield pytest.param(name, block[2], id=name)


@pytest.mark.parametrize("name, text", [*pipelines()])
def test_parts_of_pipelines(name, text, tmp_path):
    """Each is accepted in a pipeline that has what it speaks of."""
    part = yaml.safe_load(text)
    base = {
        "format": 1, "name": "part", "physics": {"lattice": [128, 128], "decay_rate": 0.02},
        "sampling": {"strata": [2, 3], "samples_per_stratum": 400, "radius": 2, "seed": 5},
        "split": {"test_every": 5, "validation_every": 5, "subsets": [12.5, 25, 50, 100]},
    }  # fmt: skip
    if "shapes" in part:
        del base["sampling"]["radius"]
        base["sampling"]["shapes"] = part.pop("shapes")
    if "rounds" in part:
        part.setdefault("train", {"model": {"kind": "u-net"}})
    assert part.keys() <= {"train", "rounds", "physics"}
    steadyset("run", write(tmp_path, base | part), "--output", tmp_path / "dataset", "--dry-run")


def test_what_a_command_is():
    TEXTS["x"] = "```sh\nsteadyset run a.yaml -o b   # why\n# not this\nfor x in 1 2; do\n  echo\ndone\n```\n\n```text\nsteady 3\n```\n"
    try:
        assert [command for command, _ in commands("x")] == ["steadyset run a.yaml -o b", "for x in 1 2; do\n  echo\ndone"]
    finally:
        del TEXTS["x"]
    assert why_not("pip install jax") and not why_not("steadyset export card quickstart --output card")
    assert shlex.split(RUN["Exports.md"])
