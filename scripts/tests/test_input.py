"""Bad input of every kind: its status, one message that says what and where, and nothing that looks whole."""

import json

import pytest
import yaml
from conftest import TAUGHT, TINY, changed, looks_finished, refused, steadyset, write
from steadyset.training.errors import TrainingError
from steadyset.training.pipeline import read_training

TEXT = yaml.safe_dump(TINY, sort_keys=False)


def line_of(text, start):
    """Returns the number of the line that starts with `start`, without its indentation."""
    lines = enumerate(text.splitlines(), 1)
    return next(n for n, line in lines if line.strip().removeprefix("" if start[0] == "-" else "- ").startswith(start))


def edited(old, new):
    assert old in TEXT
    return TEXT.replace(old, new, 1)


def case(name, text, *says, line=None):
    return pytest.param(text, says, line, id=name)


def at(name, old, new, *says, mark=None):
    """A pipeline with one edit; the message must name the line that `mark`, or the edit, stands on."""
    text = edited(old, new)
    return case(name, text, *says, line=line_of(text, mark or new.strip().splitlines()[-1].strip()))


PIPELINES = [
    at("misspelt key", "decay_rate:", "decay_rat:", "decay_rat", "did you mean 'decay_rate'"),
    at("misspelt section", "solver:", "sovler:", "sovler", "did you mean 'solver'"),
    at("unknown key", "radius: 3", "radius: 3\n  weather: 3", "weather"),
    at("unknown key in a window", "offset: 1", "offset: 1\n    ofset: 2", "ofset", mark="ofset"),
    at("another word", "sources: pinned", "sources: pined", "pined", "did you mean 'pinned'"),
    at("another boundary", "boundary: absorbing", "boundary: reflective", "boundary", "did you mean 'reflecting'"),
    at("word for a number", "diffusivity: 1", "diffusivity: fast", "physics.diffusivity"),
    at("quoted number", "diffusivity: 1", "diffusivity: '1'", "physics.diffusivity"),
    at("number for a word", "sources: pinned", "sources: 3", "physics.sources"),
    at("fractional seed", "seed: 7", "seed: 7.5", "sampling.seed"),
    at("negative seed", "seed: 7", "seed: -1", "sampling.seed"),
    at("seed of 33 bits", "seed: 7", "seed: 4294967296", "sampling.seed"),
    at("boolean", "radius: 3", "radius: true", "sampling.radius"),
    at("null", "radius: 3", "radius: null", "sampling.radius"),
    at("not a number", "decay_rate: 0.02", "decay_rate: .nan", "physics.decay_rate"),
    at("infinity", "decay_rate: 0.02", "decay_rate: .inf", "physics.decay_rate"),
    at("too large for a double", "decay_rate: 0.02", "decay_rate: 1e999", "1e999"),
    at("negative decay", "decay_rate: 0.02", "decay_rate: -1", "decay_rate"),
    at("nothing holds the field", "decay_rate: 0.02\n  boundary: absorbing\n  sources: pinned",
       "decay_rate: 0\n  boundary: periodic\n  sources: emitting", "nothing holds the field", mark="physics:"),
    at("unpaired periodic side", "boundary: absorbing",
       "boundary: {top: periodic, bottom: reflecting, left: absorbing, right: absorbing}", "top and bottom",
       mark="physics:"),
    at("side without a condition", "boundary: absorbing", "boundary: {top: reflecting}", "missing key 'bottom'"),
    at("misspelt coefficient", "diffusivity: 1",
       "diffusivity: {layred: {axis: rows, edges: [9], values: [1, 2]}}", "did you mean 'layered'"),
    at("two forms of a coefficient", "diffusivity: 1",
       "diffusivity: {layered: {axis: rows, edges: [9], values: [1, 2]}, random: {from: 1, to: 2, length: 5}}",
       "physics.diffusivity"),
    at("contrast", "diffusivity: 1", "diffusivity: {layered: {axis: rows, edges: [9], values: [1, 1001]}}", "contrast",
       mark="physics:"),
    at("contrast across directions", "diffusivity: 1", "diffusivity: {down: 1, across: 1001}", "contrast",
       mark="physics:"),
    at("one direction", "diffusivity: 1", "diffusivity: {down: 1}", "missing key 'across'"),
    at("too few values", "diffusivity: 1", "diffusivity: {layered: {axis: rows, edges: [9], values: [1]}}",
       "2 layers", mark="physics:"),
    at("edge outside", "diffusivity: 1", "diffusivity: {layered: {axis: columns, edges: [40], values: [1, 2]}}",
       "from 1 to 39", mark="physics:"),
    at("region off the lattice", "diffusivity: 1",
       "diffusivity: {regions: {background: 1, regions: [{row: 60, column: 9, value: 2, radius: 11}]}}",
       "region 0, the disk at row 60, column 9, covers no site", mark="physics:"),
    at("random field in the wrong order", "diffusivity: 1", "diffusivity: {random: {from: 2, to: 1, length: 9}}",
       "0 < from < to", mark="physics:"),
    at("random field of tiny length", "diffusivity: 1", "diffusivity: {random: {from: 1, to: 2, length: 1}}",
       "length", "at least 2"),
    at("radius from a range in the wrong order", "radius: 3", "radius: {from: 4, to: 3}", "from 4.0 to 3.0",
       mark="sampling:"),
    at("radius and shapes", "radius: 3", "radius: 3\n  shapes: [{disk: {radius: 3}}]", "not both", mark="sampling:"),
    at("unknown shape", "radius: 3", "shapes: [{elipse: {radii: [3, 4]}}]", "did you mean 'ellipse'"),
    at("polygon of two corners", "radius: 3", "shapes: [{polygon: {corners: 2, radius: 3}}]", "corners",
       "at least 3"),
    at("ring that may be empty", "radius: 3", "shapes: [{ring: {outer: {from: 3, to: 5}, inner: 2.5}}]",
       "may cover no site", mark="sampling:"),
    at("shape larger than the lattice", "radius: 3", "shapes: [{disk: {radius: 3}}, {rectangle: {halves: [3, 20]}}]",
       "largest sources do not fit", mark="sampling:"),
    at("half an angle", "radius: 3", "shapes: [{ellipse: {radii: [3, 4], angle: half}}]", "angle"),
    at("negative diffusivity", "diffusivity: 1", "diffusivity: -1", "diffusivity"),
    at("decay against diffusivity", "decay_rate: 0.02", "decay_rate: 11", "decay rate", mark="physics:"),
    at("small lattice", "- 48", "- 31", "lattice"),
    at("large lattice", "- 48", "- 4097", "lattice"),
    at("lattice of three", "- 48", "- 48\n  - 48", "lattice", mark="lattice:"),
    at("tolerance above one", "tolerance: 1.0e-06", "tolerance: 1.5", "solver.tolerance"),
    at("tolerance finer than the grid", "tolerance: 1.0e-06", "tolerance: 4.0e-07", "rounding", "grid_bits", mark="solver:"),
    at("grid of 25 bits", "grid_bits: 20", "grid_bits: 25", "grid_bits"),
    at("no samples a part", "samples_per_part: 25", "samples_per_part: 0", "samples_per_part"),
    at("compression", "compression_level: 3", "compression_level: 20", "compression_level"),
    at("codec", "codec: standard", "codec: fancy", "codec"),
    at("name", "name: tiny", "name: ../up", "name"),
    at("format", "format: 1", "format: 2", "format"),
    at("strata out of order", "- 1\n  - 2\n  - 4", "- 2\n  - 1", "strata", mark="sampling:"),
    at("no sources", "- 1\n  - 2\n  - 4", "- 0", "strata"),
    at("too many sources", "- 1\n  - 2\n  - 4", "- 1025", "strata"),
    at("no samples", "samples_per_stratum: 40", "samples_per_stratum: 0", "samples_per_stratum"),
    at("counts for other strata", "samples_per_stratum: 40", "samples_per_stratum: [1, 2]", "count", mark="sampling:"),
    at("test every sample", "test_every: 5", "test_every: 1", "test_every"),
    at("subsets shrink", "- 12.5\n  - 25", "- 25\n  - 12.5", "increase", mark="split:"),
    at("subsets end early", "- 50\n  - 100", "- 50", "100", mark="split:"),
    at("share too fine", "- 12.5\n  - 25", "- 12.50001\n  - 25", "decimals", mark="split:"),
    at("window's name", "name: A", "name: A/B", "name"),
    at("two windows of one name", "name: B", "name: A", "'A'", mark="split:"),
    at("disks that do not fit", "radius: 3", "radius: 20", "fit", "radius", mark="sampling:"),
    at("too many single sources", "samples_per_stratum: 40", "samples_per_stratum: 358", "only 357 different", mark="sampling:"),
    at("duplicate key", "seed: 7", "seed: 7\n  seed: 7", "seed", mark="seed"),
    at("duplicate section", "solver:", "physics:\n  lattice: [48, 40]\nsolver:", "physics", mark="physics:"),
    case("two documents", TEXT + "---\n" + TEXT, "more than one YAML document"),
    case("aliases", edited("diffusivity: 1\n  decay_rate: 0.02", "diffusivity: &one 1\n  decay_rate: *one"), "alias"),
    case("aliases in a row", "a: [&a 1, *a]\n", "alias"),
    case("aliases of containers", "a: [&a [], *a]\n", "alias"),
    case("aliases of aliases", "a: &a [1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
        f"{b}: &{b} [{', '.join(['*' + a] * 8)}]\n" for a, b in zip("abcdefghijklm", "bcdefghijklmn")), "alias"),
    case("alias of a mapping", "a: &a {b: 1}\nc: *a\n", "alias"),
    case("not YAML", "physics: [48, 40\nsampling: }", "not valid YAML"),
    case("tabs", "physics:\n\tlattice: [48, 40]\n", "not valid YAML"),
    case("a list", "- 1\n- 2\n", "must be"),
    case("a word", "steadyset\n", "must be"),
    case("empty", "", "is empty"),
    case("only a comment", "# nothing\n", "is empty"),
    case("no physics", "format: 1\nname: a\n", "physics"),
    case("no name", TEXT.replace("name: tiny\n", ""), "name"),
    case("no sampling", yaml.safe_dump({k: v for k, v in TINY.items() if k != "sampling"}), "--from"),
    at("a tag", "seed: 7", "seed: !!int 7", "tags are not supported"),
    at("a tag of one's own", "seed: 7", "seed: !foo 7", "tags are not supported"),
    at("a tag that says what is there", "seed: 7", "seed: !!str 7", "tags are not supported"),
    at("a tag of a text", "name: tiny", "name: !!str tiny", "tags are not supported"),
    at("a tag of a text in quotes", "seed: 7", 'seed: !!int "7"', "tags are not supported"),
    at("a tag without a name", "seed: 7", "seed: ! 7", "tags are not supported"),
    at("a tag after an anchor", "seed: 7", "seed: &a !!int 7", "tags are not supported"),
    at("a tag of nothing", "seed: 7", "seed: !!null", "tags are not supported"),
    at("a tag in braces", "values:", "values: !!map {rule: anchored}\n  val:", "tags are not supported", mark="values:"),
    at("a tag of a block", "solver:", "solver: !!map", "tags are not supported"),
    at("a tag of a list", "- 1\n  - 2\n  - 4", "- !!int 1", "tags are not supported"),
    at("a tag of a key", "seed: 7", "!!str seed: 7", "tags are not supported"),
    at("a tag after letters of many bytes", "seed: 7", "# ä€😀\n  seed: !!int 7 # €", "tags are not supported", mark="seed: !!int"),
    at("a tag behind letters of many bytes", "name: tiny", "name: {ä€😀: !!int 1}", "tags are not supported"),
    case("a key that is no word", TEXT + "? [a, b]\n: 1\n", "key"),
    case("deep nesting", "a: " + "[" * 5000 + "]" * 5000, "."),
    case("a binary file", "\x00\x01\x02" * 100, "."),
]


@pytest.mark.parametrize("text, says, line", PIPELINES)
def test_pipeline(text, says, line, tmp_path):
    path = write(tmp_path, text)
    error = refused("run", path, "-o", tmp_path / "dataset", status=65, says=list(says))
    # A schema may find several things; one of the messages names the place.
    assert f"{path}:{line}: " in error if line else str(path) in error, error
    assert not looks_finished(tmp_path / "dataset")
    refused("plan", path, status=65, says=list(says))


def test_window_beyond_the_data(tmp_path):
    """Known only when there are samples: the first stages are done, the split is refused."""
    path = write(tmp_path, edited("offset: 1", "offset: 9"))
    refused("run", path, "-o", tmp_path / "dataset", status=65, says=["window 'B'", "offset 9"])
    assert not (tmp_path / "dataset/split/manifest.json").exists()


@pytest.mark.parametrize("radius, strata, says", [(3, [67], "do not fit"), (3, [60], "room for .* of them")])
def test_disks_that_cannot_be_placed_apart(radius, strata, says, tmp_path):
    pipeline = changed(TINY, physics={"overlap": "forbid"}, sampling={"strata": strata, "radius": radius})
    path = write(tmp_path, pipeline)
    refused("run", path, "-o", tmp_path / "dataset", status=65, says=[says, f"{path}:"])
    assert not looks_finished(tmp_path / "dataset")


def test_invalid_utf8(tmp_path):
    path = tmp_path / "pipeline.yaml"
    path.write_bytes(TEXT.encode().replace(b"name: tiny", b"name: t\xff\xfeny"))
    refused("run", path, "-o", tmp_path / "dataset", status=65, says=str(path))


def test_too_large(tmp_path):
    path = write(tmp_path, TEXT + "# padding\n" * 200_000)
    refused("run", path, "-o", tmp_path / "dataset", status=65, says=[str(path), "bytes"])


def test_missing(tmp_path):
    refused("run", tmp_path / "none.yaml", "-o", tmp_path / "d", status=66, says="none.yaml: there is no such file")
    refused("run", tmp_path, "-o", tmp_path / "d", status=66, says="is a folder")
    refused("run", write(tmp_path, TEXT), "-o", tmp_path / "d", "--from", tmp_path / "none.jsonl", status=66, says="none.jsonl")
    refused("run", write(tmp_path, TEXT), "-o", tmp_path / "d", "--from", tmp_path, status=66, says=str(tmp_path))
    assert not looks_finished(tmp_path / "d")
    refused("verify", tmp_path / "none", status=66, says="no such folder")
    refused("verify", tmp_path, status=66, says="manifest.json")
    refused("show", tmp_path / "none", status=66, says="none")
    refused("show", tmp_path, status=66, says="manifest.json")


def test_what_looks_like_a_tag_and_is_none(tmp_path):
    """A text in quotes, a comment, and a colon without a value before the next key."""
    text = TEXT.replace("name: tiny", "name: 'tiny'  # !!str\n# !foo")
    steadyset("plan", write(tmp_path, text))


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_byte_order_mark(ending, tmp_path):
    """YAML 1.2 allows one, Notepad and PowerShell write it; lines count as without."""
    path = tmp_path / "p.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", ending).encode())
    assert json.loads(steadyset("plan", path).stdout) == json.loads(steadyset("plan", write(tmp_path, TEXT)).stdout)
    path.write_bytes(b"\xef\xbb\xbf" + edited("seed: 7", "seed: !!int 7").replace("\n", ending).encode())
    refused("plan", path, status=65, says=rf"p.yaml:{line_of(TEXT, 'seed:')}: .*tags")


READ = ["7", "07", "+7", "7.", "7.0", "7e0", ".7e1", "&a 7", "7 # !!str 7"]
REFUSED = ["!!str 7", "!!int 7", "!foo 7", "!<tag:yaml.org,2002:int> 7", '!!int "7"', "! 7", "&a !!int 7", "!!int &a 7", "!!null", "'7'", '"7"',
           "0x7", "0o7", "1_0", "1e400", ".inf", ".nan", "~", "null", "yes", "7 7", "-0.5", "|\n    7", "{a: 7}", "[7]", ""]  # fmt: skip


@pytest.mark.parametrize("value", READ + REFUSED)
def test_both_readers_agree(value, tmp_path):
    """What `steadyset` takes for a number the PyTorch trainer's reader does, and nothing else."""
    path = tmp_path / "p.yaml"
    path.write_bytes((yaml.safe_dump(TAUGHT, sort_keys=False) + f"  seed: {value}\n").encode())
    said = steadyset("plan", path, expect=(0, 65))
    if value in READ:
        assert said.returncode == 0 and read_training(path).seed == 7, said.stderr
    else:
        line = path.read_text().count("\n", 0, path.read_text().rindex("  seed:")) + 1
        assert said.returncode == 65 and f"p.yaml:{line}: " in said.stderr.replace(f":{line + 1}: ", f":{line}: "), said.stderr
        with pytest.raises(TrainingError):
            read_training(path)


def test_id_and_index_of_an_import_are_ignored(tmp_path):
    """Whatever they hold; any other member is refused with its line."""
    path, pipeline = tmp_path / "own.jsonl", write(tmp_path, changed(TINY, split={"windows": None}))
    extras = ['"id":"my-sample-1"', '"id":7,"index":"last"', '"id":null,"index":-1', '"id":{"a":[1]},"index":1.5', '"index":[]']
    lines = [f'{{{extra},"sources":[{{"row":{9 + k},"column":20,"radius":3,"value":1}}]}}' for k, extra in enumerate(extras)]
    path.write_text("\n".join(lines) + "\n")
    steadyset("run", pipeline, "-o", tmp_path / "dataset", "--from", path)
    found = [json.loads(line) for p in (tmp_path / "dataset/sample").glob("*.jsonl") for line in p.open()]
    assert [line["index"] for line in found] == [0, 1, 2, 3, 4] and all(len(line["id"]) == 16 for line in found)
    for member in ("ids", "Index", "name", "rank", "physics", ""):
        path.write_text(GOOD + "\n" + OTHER.replace('"sources"', f'"{member}": 1, "sources"') + "\n")
        refused("run", pipeline, "-o", tmp_path / "d", "--from", path, status=65, says=rf"own.jsonl:2: .*'{member}'")


GOOD = '{"sources": [{"row": 20, "column": 20, "radius": 3, "value": 1}]}'
OTHER = '{"sources": [{"row": 21, "column": 20, "radius": 3, "value": 1}, {"row": 9, "column": 9, "radius": 2, "value": 0.5}]}'
LINES = {
    "NaN": (GOOD.replace("1}", "NaN}"), r""),
    "Infinity": (GOOD.replace("1}", "Infinity}"), r""),
    "1e999": (GOOD.replace("1}", "1e999}"), r"large|range|1e999"),
    "unknown key": (GOOD.replace('"radius"', '"radios"'), r"sources.0: .*radi"),
    "unknown member": (GOOD.replace("}]}", '}], "colour": 1}'), r"colour"),
    "no sources": ('{"sources": []}', r"sources"),
    "fractional row": (GOOD.replace("20,", "20.5,", 1), r"sources.0.row"),
    "negative row": (GOOD.replace("20,", "-1,", 1), r"sources.0.row"),
    "value 0": (GOOD.replace("1}", "0}"), r"sources.0.value"),
    "value 2": (GOOD.replace("1}", "2}"), r"sources.0.value"),
    "value as text": (GOOD.replace("1}", '"1"}'), r"sources.0.value"),
    "no value": (GOOD.replace(', "value": 1', ""), r"value"),
    "duplicate key": (GOOD.replace('"row": 20', '"row": 20, "row": 20'), r"row"),
    "disk over the edge": (GOOD.replace("20,", "2,", 1), r"does not fit"),
    "radius too large": (GOOD.replace('"radius": 3', '"radius": 20'), r"radius"),
    "two shapes": (GOOD.replace('"radius": 3', '"radius": 3, "ring": {"outer": 4, "inner": 2}'), r"sources.0: .*more than one"),
    "no shape": (GOOD.replace('"radius": 3, ', ""), r"sources.0: .*radius"),
    "unknown shape": (GOOD.replace('"radius": 3', '"star": 5'), r"star"),
    "polygon of two corners": (GOOD.replace('"radius": 3', '"polygon": [[0, 0], [3, 3]]'), r"polygon: has 2 elements"),
    "polygon without a site": (
        GOOD.replace('"radius": 3', '"polygon": [[0.1, 0.1], [0.1, 0.9], [0.9, 0.1]]'), r"covers no site"),
    "angle of a half turn": (GOOD.replace('"radius": 3', '"ellipse": {"radii": [3, 4], "angle": 180}'), r"angle"),
    "ring inside out": (GOOD.replace('"radius": 3', '"ring": {"outer": 2, "inner": 2}'), r"inner"),
    "shape over the edge": (GOOD.replace('"radius": 3', '"rectangle": {"halves": [1, 21]}'), r"does not fit"),
    "key too many": (GOOD.replace("]}", '], "keys": [1]}'), r"1 keys are given"),
    "repeated": (GOOD, r"same configuration as line 1"),
    "repeated in another order": (
        GOOD + "\n" + OTHER + "\n"
        + '{"sources": [{"row": 9, "column": 9, "radius": 2, "value": 0.5}, {"row": 21, "column": 20, "radius": 3, "value": 1}]}',
        r"same configuration as line 1",
    ),
    "blank": ("", r"is empty"),
    "white space": ("   ", r"is empty"),
    "not JSON": ("row 20", r""),
    "half a line": (GOOD[:30], r""),
    "two values": (GOOD + " " + GOOD, r""),
    "a list": ("[1]", r""),
    "deep": ("[" * 100_000, r""),
}


@pytest.mark.parametrize("name", LINES)
def test_configurations(name, tmp_path):
    """The message names file and line; nothing is left behind."""
    line, says = LINES[name]
    path = tmp_path / "own.jsonl"
    path.write_text(f"{GOOD}\n{line}\n{OTHER}\n")
    error = refused("run", write(tmp_path, TEXT), "-o", tmp_path / "dataset", "--from", path, status=65, says=says)
    assert f"{path}:2: " in error or f"{path}, line 2, " in error
    assert not looks_finished(tmp_path / "dataset")


def test_configurations_as_bytes(tmp_path):
    """What is wrong with a file as a whole; and what is not."""
    path, pipeline = tmp_path / "own.jsonl", write(tmp_path, changed(TINY, split={"windows": None}))
    path.write_bytes(b"")
    refused("run", pipeline, "-o", tmp_path / "dataset", "--from", path, status=65, says=["own.jsonl", "is empty"])
    path.write_bytes(GOOD.encode() + b'\n{"sources\xff": 1}\n')
    refused("run", pipeline, "-o", tmp_path / "dataset", "--from", path, status=65, says="own.jsonl.* line 2, .*UTF-8")
    path.write_bytes(b" " * (3 << 20))
    refused("run", pipeline, "-o", tmp_path / "dataset", "--from", path, status=65, says="own.jsonl")
    assert not looks_finished(tmp_path / "dataset")
    # Without a last line feed, with a byte order mark, carriage returns and spaces, it is fine.
    path.write_bytes(b"\xef\xbb\xbf" + f"{GOOD}\r\n  {OTHER}  ".encode())
    steadyset("run", pipeline, "-o", tmp_path / "dataset", "--from", path)
    assert "0 findings" in steadyset("verify", tmp_path / "dataset", "--resolve", "9").stdout
    lines = "".join(p.read_text() for p in (tmp_path / "dataset/sample").glob("*.jsonl")).splitlines()
    assert [json.loads(line)["sources"] for line in lines] == [json.loads(line)["sources"] for line in (GOOD, OTHER)]


def test_import_forbids_overlap(tmp_path):
    path = tmp_path / "own.jsonl"
    path.write_text('{"sources": [{"row": 20, "column": 20, "radius": 3, "value": 1}, {"row": 22, "column": 20, "radius": 3, "value": 1}]}')
    pipeline = write(tmp_path, TEXT)
    refused("run", pipeline, "-o", tmp_path / "d", "--from", path, "--overlap", "forbid", status=65, says=["own.jsonl:1: ", "overlap"])


def test_keys_of_imported_configurations(tmp_path):
    """Where coefficients are drawn, every line needs as many keys as the pipeline leaves open."""
    down, across = ({"random": {"from": low, "to": 2, "length": 9}} for low in (0.5, 0.6))
    pipeline = write(tmp_path, changed(TINY, physics={"diffusivity": {"down": down, "across": across}}))
    path = tmp_path / "own.jsonl"
    for line, says in [
        (GOOD, "0 keys are given, .* 2 random"),
        (GOOD.replace("]}", '], "keys": [1]}'), "1 keys are given"),
        (GOOD.replace("]}", '], "keys": [1, 2, 3]}'), "3 keys are given"),
        (GOOD.replace("]}", '], "keys": [1, 4294967296]}'), "keys.1"),
        (GOOD.replace("]}", '], "keys": [1, 0.5]}'), "keys.1"),
    ]:
        path.write_text(line + "\n")
        refused("run", pipeline, "-o", tmp_path / "d", "--from", path, status=65, says=rf"own.jsonl:1: .*{says}")
    lines = [GOOD.replace("]}", f'], "keys": {keys}}}') for keys in ("[1, 2]", "[2, 1]")]
    path.write_text("\n".join(lines))
    steadyset("sample", pipeline, "-o", tmp_path / "d", "--from", path)
    written = "".join(p.read_text() for p in (tmp_path / "d/sample").glob("*.jsonl")).splitlines()
    assert [json.loads(line)["keys"] for line in written] == [[1, 2], [2, 1]]
    assert len({json.loads(line)["id"] for line in written}) == 2


USAGE = [
    (["run"], "pipeline"),
    (["run", "PIPELINE"], "output"),
    (["run", "PIPELINE", "-o", ""], "--output"),
    (["run", "PIPELINE", "-o", "OUT", "--threads", "0"], "--threads must be from 1 to 1024, not 0"),
    (["run", "PIPELINE", "-o", "OUT", "--threads", "1025"], "--threads"),
    (["run", "PIPELINE", "-o", "OUT", "--threads", "two"], "threads"),
    (["run", "PIPELINE", "-o", "OUT", "--sources", "pinned"], "go with --from"),
    (["run", "PIPELINE", "-o", "OUT", "--overlap", "max"], "go with --from"),
    (["run", "PIPELINE", "-o", "OUT", "--sources", "glowing"], "sources"),
    (["run", "PIPELINE", "-o", "OUT", "--until", "polish"], "until"),
    (["run", "PIPELINE", "-o", "OUT", "--colour"], "colour"),
    (["run", "PIPELINE", "PIPELINE", "-o", "OUT"], ""),
    (["polish", "PIPELINE"], ""),
    (["step", "PIPELINE", "polish", "--run", "MADE"], "no step 'polish'"),
    (["step", "PIPELINE", "solve-00099", "--run", "MADE"], "solve-00099"),
    (["step", "PIPELINE", "../../x", "--run", "MADE"], "no step"),
    (["step", "PIPELINE", "sample", "--run", "OUT", "--threads", "0"], "--threads"),
    (["plan", "PIPELINE", "--threads", "-3"], "threads"),
    (["verify", "MADE", "--resolve", "-1"], "resolve"),
    (["verify", "MADE", "--threads", "0"], "--threads"),
    (["verify"], "path"),
]


@pytest.mark.parametrize("arguments, says", USAGE, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_usage(arguments, says, tiny, tmp_path):
    import shutil

    names = {"PIPELINE": write(tmp_path, TEXT), "OUT": tmp_path / "out"}
    if "MADE" in arguments:
        names["MADE"] = shutil.copytree(tiny, tmp_path / "made")
    arguments = [names.get(argument, argument) for argument in arguments]
    refused(*arguments, status=64, says=says)
    assert not (tmp_path / "out").exists()
