"""`steadyset new`: a pipeline file from options or answers, which says what its keys mean and runs."""

import os
import pty
import re
import subprocess

import pytest
import yaml
from conftest import BINARY, REPOSITORY, refused, steadyset
from test_schemas import SCHEMAS, resolved

BLOCKS = [key for key in SCHEMAS["pipeline"]["properties"] if key not in ("format", "name")]
SMALL = ("--lattice", "48x40", "--strata", "1-2", "--samples", "20")
WHOLE = ("--lattice", "64", "--strata", "2", "--samples", "200", "--model", "u-net", "--rounds", "2")


def uncommented(text):
    """The text with all lines that are left out; keys stand behind the # without a blank."""
    return re.sub(r"^(\s*)#(\w+: )", r"\1\2", text, flags=re.M)


def described(file, *path):
    """The description that a schema has of a key."""
    schema = SCHEMAS[file]
    for key in path:
        schema, file = next((part["properties"][key], place) for part, place in resolved(schema, file) if key in part.get("properties", {}))
    return next((part["description"] for part, _ in resolved(schema, file) if "description" in part), None)


@pytest.mark.parametrize("options", [SMALL, WHOLE], ids=["small", "whole"])
def test_every_key_stands_in_it_with_its_meaning(options):
    """Each key of the schemas, in its block, below what the schema says of it; defaults are left out."""
    text = steadyset("new", "-", *options).stdout
    words = " ".join(re.sub(r"^\s*#? ?", "", text, flags=re.M).split())
    for block in BLOCKS:
        assert described("pipeline", block) in words
        there = yaml.safe_load(text).get(block)
        assert (there is None) is (block == "about" or block in ("train", "rounds") and options is SMALL)
        if there is None:
            continue
        body = re.search(rf"^{block}:\n((?:  .*\n)+)", text, re.M)[1]
        keys = set(next(part["properties"] for part, _ in resolved(SCHEMAS["pipeline"]["properties"][block], "pipeline") if "properties" in part))
        shown = set(re.findall(r"^  #?(\w+): ", body, re.M))
        others = re.search(r"# Without a default: (.*)\n", body)
        assert shown | set(others[1].split(", ") if others else []) == keys, block
        assert set(there) <= shown and all(described("pipeline", block, key) in words for key in shown)
    assert all(len(line) <= 100 for line in text.splitlines() if "optimiser" not in line)


@pytest.mark.parametrize("options", [SMALL, WHOLE, (*SMALL, "--sources", "emitting")], ids=["small", "whole", "emitting"])
def test_what_is_left_out_is_the_default(options, tmp_path):
    """With all lines in, the pipeline has the same plan."""
    (tmp_path / "short.yaml").write_text(steadyset("new", "-", *options).stdout)
    (tmp_path / "long.yaml").write_text(uncommented((tmp_path / "short.yaml").read_text()))
    short, long = (yaml.safe_load((tmp_path / name).read_text()) for name in ("short.yaml", "long.yaml"))
    assert sum(map(len, (long[block] for block in BLOCKS if block in long))) > 15 + sum(len(short[b]) for b in BLOCKS if b in short) // 2
    assert steadyset("plan", tmp_path / "short.yaml").stdout == steadyset("plan", tmp_path / "long.yaml").stdout


@pytest.mark.parametrize("medium", ["constant", "layered", "regions", "random", "lognormal", "two_valued"])
def test_what_is_written_runs(medium, tmp_path):
    said = steadyset("new", "first.yaml", *SMALL, "--medium", medium, "--boundary", "reflecting", "--codec", "archive", "--seed", 7, cwd=tmp_path)
    assert said.stdout == "first.yaml: 20 samples on 48 × 40 sites; make them with: steadyset run first.yaml -o first\n"
    written = yaml.safe_load((tmp_path / "first.yaml").read_text())
    assert written["name"] == "first" and written["physics"]["boundary"] == "reflecting" and written["pack"]["codec"] == "archive"
    assert written["sampling"] == {"strata": {"from": 1, "to": 2}, "samples_per_stratum": 10, "seed": 7}
    steadyset("run", "first.yaml", "-o", "first", cwd=tmp_path)
    assert "0 findings" in steadyset("verify", "first", "--resolve", 3, cwd=tmp_path).stdout


def test_a_model_and_rounds_run(tmp_path):
    """The same with a model and a round, in few epochs."""
    steadyset("new", tmp_path / "p.yaml", "--lattice", 32, "--strata", "1-2", "--samples", 80, "--model", "u-net", "--rounds", 1)
    text = (tmp_path / "p.yaml").read_text()
    text = text.replace("{ kind: u-net }", "{ kind: u-net, width: 0.0625 }").replace("#epochs: 100", "epochs: 2").replace("#pool: 5000", "pool: 40")
    (tmp_path / "p.yaml").write_text(text)
    steadyset("run", tmp_path / "p.yaml", "-o", tmp_path / "d")
    assert "round-1" in steadyset("log", tmp_path / "d").stdout


def test_without_a_terminal_nothing_is_asked(tmp_path):
    said = steadyset("new", cwd=tmp_path, stdin=subprocess.DEVNULL)
    assert os.listdir(tmp_path) == ["pipeline.yaml"] and not said.stderr
    assert "400 samples on 512 × 512 sites" in said.stdout


def test_nothing_is_written_over(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("precious")
    refused("new", path, status=73, says=[str(path), "--replace"])
    assert path.read_text() == "precious"
    steadyset("new", path, "--replace")
    assert path.read_text().startswith("# A pipeline of steadyset")
    (tmp_path / "link.yaml").symlink_to(path)
    for place in (tmp_path, tmp_path / "link.yaml"):
        refused("new", place, "--replace", status=73, says=str(place))
    refused("new", tmp_path / "none/p.yaml", status=(66, 73, 74), says="none")
    assert sorted(os.listdir(tmp_path)) == ["link.yaml", "p.yaml"]


@pytest.mark.parametrize("options, says", [
    (("--samples", "7"), "20 or 40 can"), (("--lattice", "20"), "must be at least 32"), (("--rounds", "1"), "--model"),
    (("--lattice", "40", "--model", "u-net"), "multiples of 32"), (("--codec", "archve"), "archive"),
    (("--model", "u-net", "--codec", "recipe"), "no model can learn"),
])  # fmt: skip
def test_what_is_refused(options, says, tmp_path):
    refused("new", tmp_path / "p.yaml", *options, status=64, says=says)
    assert os.listdir(tmp_path) == []


def answered(folder, *answers):
    """Runs it on a terminal; returns its status and what it said."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen([BINARY, "new"], stdin=terminal, stdout=terminal, stderr=terminal, cwd=folder)
    os.close(terminal)
    os.write(controller, "".join(f"{answer}\n" for answer in answers).encode() + b"\x04")
    said = b""
    try:
        while data := os.read(controller, 65536):
            said += data
    except OSError:  # the terminal's other end was closed
        pass
    os.close(controller)
    return process.wait(), said.decode()


def test_questions_on_a_terminal(tmp_path):
    """An answer that is none is asked for again, an empty one takes the default."""
    status, said = answered(tmp_path, "96 x", "96x64", "1-3", "40", "30", "reflecting", "", "lognormal", "u-net", "2")
    assert status == 0, said
    written = yaml.safe_load((tmp_path / "pipeline.yaml").read_text())
    assert written["physics"]["lattice"] == [96, 64] and written["physics"]["boundary"] == "reflecting"
    assert written["physics"]["sources"] == "pinned" and "lognormal" in written["physics"]["diffusivity"]
    assert written["sampling"]["samples_per_stratum"] == 10 and written["train"]["model"]["kind"] == "u-net"
    assert written["rounds"]["count"] == 2
    assert "'96 x' is no answer" in said and "'40' is no answer" in said


def test_answers_that_end_early(tmp_path):
    status, said = answered(tmp_path, "64")
    assert status == 64 and "nothing was written" in said
    assert os.listdir(tmp_path) == []


PIPELINES = {path.stem: path for path in (REPOSITORY / "pipelines").glob("*.yaml")}


def test_pipelines_are_part_of_the_program(tmp_path):
    """All that are shipped, byte for byte; a name runs, also where a folder is called so, and a file of that name comes first."""
    listed = refused("new", "--like", "nothing", status=64, says="no pipeline 'nothing'").rpartition("; these do: ")[2]
    assert set(listed.strip().split(", ")) == set(PIPELINES)
    for name, path in PIPELINES.items():
        assert steadyset("new", "-", "--like", name).stdout == path.read_text()
    for said in ("solve   120 samples", "unchanged"):
        assert said in steadyset("run", "tiny", "-o", "tiny", cwd=tmp_path).stdout
    steadyset("new", "paper", "--like", "tiny", cwd=tmp_path)
    assert '"name": "tiny"' in steadyset("plan", "paper", cwd=tmp_path).stdout


def test_what_is_no_pipeline(tmp_path):
    refused("run", "tyni", "-o", tmp_path / "x", status=66, says=("no pipeline of that name", "tiny"))
    refused("run", "curatoin", "-o", tmp_path / "x", status=66, says=("no pipeline of that name", "did you mean 'curation'"))
    refused("run", "tyni.yaml", "-o", tmp_path / "x", status=66, says="tyni.yaml: there is no such file\n$")
    (tmp_path / "mine.yaml").write_text("mine\n")
    for options in (("--lattice", "64"), ("--seed", "2")):
        refused("new", tmp_path / "new.yaml", "--like", "tiny", *options, status=64, says="takes a pipeline as it is")
    refused("new", tmp_path / "mine.yaml", "--like", "tiny", status=73, says="mine.yaml")
    assert (tmp_path / "mine.yaml").read_text() == "mine\n" and os.listdir(tmp_path) == ["mine.yaml"]


def test_options_are_the_schemas_words():
    """Values that options take are those of the schemas."""
    said = steadyset("new", "--help").stdout
    forms = set(SCHEMAS["physics"]["$defs"]["forms"]["properties"]) | {"constant"}
    for words in (forms, SCHEMAS["physics"]["$defs"]["side"]["enum"], SCHEMAS["training"]["properties"]["model"]["properties"]["kind"]["enum"]):
        listed = [set(re.findall(r"[\w-]+", found)) for found in re.findall(r"\(values:\s+([^;)]*)", said)]
        assert set(words) in listed, words
