"""The documentation against the program, its schemas and its files: what can be compared is."""

import json
import pathlib
import re
import shlex
import subprocess
import sys
import tomllib

import pytest
import yaml
from conftest import BINARY, REPOSITORY, steadyset
from test_schemas import SCHEMAS, resolved

CATALOG = REPOSITORY / "Sources/steadyset/Documentation.docc"
ARTICLES = {path.stem: path.read_text() for path in sorted(CATALOG.glob("*.md"))}
README = (REPOSITORY / "README.md").read_text()
TEXTS = {"README.md": README, "scripts/python/README.md": (REPOSITORY / "scripts/python/README.md").read_text(),
         **{f"{name}.md": text for name, text in ARTICLES.items()}}  # fmt: skip
HELP = steadyset("--help").stdout if BINARY.exists() else ""
COMMANDS = re.findall(r"^  ([a-z]+) {2,}\S", HELP.partition("SUBCOMMANDS:")[2], re.M)
# Programs of the Python package, which are subcommands too.
COMPANIONS = re.findall(r"^  ([a-z]+) +\S", HELP.partition("are subcommands")[2].partition("Examples:")[0], re.M)
KINDS = {"Tutorial", "How-to guides", "Reference", "Explanation", "Studies and measurements"}
# Guides for one task each.
GUIDES = ("Own-configurations", "Own-physics", "Own-trainer", "Clusters", "Archive", "Publishing")
# What may have more than 1,500 words, as a script writes it whole: all commands, and tables of measurements.
LONG = {"Commands": "scripts/commands", "Study-curation": "scripts/study", "Study-online": "scripts/study"}
STAGES = re.findall(r"^  ([a-z]+) +\S", HELP.partition("stage by stage:")[2].partition("Each stage")[0], re.M)


def plain(text):
    """An article without its programs."""
    return re.sub(r"```.*?```", "", text, flags=re.S)


def table(text, first):
    """Returns the rows of the table whose first heading is `first`, lists of cells."""
    found = re.search(rf"^\| *{re.escape(first)} *\|.*\n\|[-|: ]+\|\n((?:\|.*\n)+)", text + "\n", re.M)
    assert found, f"there is no table '{first}'"
    return [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in found[1].splitlines()]


@pytest.mark.parametrize("name", TEXTS)
def test_headings_of_tables(name):
    """Each column of a table has one: who listens to a page hears it with every cell."""
    for heading in re.findall(r"^(\|.*\|)\n\|[-|: ]+\|$", plain(TEXTS[name]), re.M):
        assert all(cell.strip() for cell in re.split(r"(?<!\\)\|", heading)[1:-1]), heading


def anchors(text):
    titles = [re.sub("[`*]", "", title).strip() for title in re.findall(r"^#+ (.*)$", plain(text), re.M)]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", TEXTS)
def test_links_lead_somewhere(name):
    """Links and pictures are relative paths of files that are there, and of headings in them: a repository's page shows them."""
    folder = {"README.md": REPOSITORY, "scripts/python/README.md": REPOSITORY / "scripts/python"}.get(name, CATALOG)
    text = plain(TEXTS[name])
    assert "<doc:" not in text and "](doc:" not in text, "write [Name](Name.md) instead"
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        place = (folder / path).resolve() if path else folder / name
        assert place.is_file(), target
        if anchor:
            assert anchor in anchors(place.read_text()), target


def groups():
    """The articles that the landing page lists, by the headings of its lists."""
    found = re.split(r"^### (.*)$", ARTICLES["Steadyset"].partition("## Topics\n")[2], flags=re.M)
    return {name: re.findall(r"^- \[[^]]+\]\(([\w-]+)\.md\)$", body, re.M) for name, body in zip(found[1::2], found[2::2])}


def test_every_article_is_listed():
    """Once, under its title, in a list of one of the kinds; studies in the article of that name."""
    assert {name.partition(":")[0] for name in groups()} == KINDS
    listed = [name for names in groups().values() for name in names]
    studies = {name for name in ARTICLES if name.startswith("Study-")}
    assert sorted(listed) == sorted(set(ARTICLES) - studies - {"Steadyset"})
    titles = re.findall(r"^- \[([^]]+)\]\(([\w-]+)\.md\)$", ARTICLES["Steadyset"], re.M)
    assert [(title, name) for title, name in titles if not ARTICLES[name].startswith(f"# {title}\n")] == []
    assert all(f"]({name}.md)" in ARTICLES["Studies"] for name in studies)
    assert "(Sources/steadyset/Documentation.docc/Steadyset.md)" in README


def test_articles_that_others_name():
    """Sources, schemas and scripts name articles that are there, by file or by title."""
    titles = {text.partition("\n")[0].removeprefix("# ") for text in ARTICLES.values()}
    found = {}
    for folder in ("Sources", "scripts", "schemas", "pipelines", "Tests"):
        for path in (REPOSITORY / folder).rglob("*"):
            if path.suffix in (".swift", ".py", ".json", ".yaml", ".c", ".h", "") and path.is_file() and "golden" not in path.parts:
                text = path.read_bytes().decode(errors="replace")
                for match in re.finditer(r"\barticle (?:\*([A-Z][^*]{2,40})\*|([A-Z][a-z-]+)\b)", text):
                    found.setdefault(" ".join((match[1] or match[2]).split()), path)
    assert len(found) > 10
    assert {name: path for name, path in found.items() if name not in titles | set(ARTICLES)} == {}


def words(text):
    """How many words a reader reads: those outside of programs and of tables that a script writes."""
    return len(re.sub(r"<!-- keys of .*?<!-- end of keys -->", "", plain(text), flags=re.S).split())


@pytest.mark.parametrize("name", [name for name in TEXTS if name.removesuffix(".md") not in LONG])
def test_articles_are_short(name):
    assert words(TEXTS[name]) <= 1500


@pytest.mark.parametrize("name", GUIDES)
def test_guides_are_shorter(name):
    assert name in groups()["How-to guides"] and 250 <= words(ARTICLES[name]) <= 700


def test_the_rule_of_length():
    """Those that may be longer are there, and are longer; what a script writes is recognised."""
    assert all(words(ARTICLES[name]) > 1500 for name in LONG)
    assert words("one two\n```text\nthree\n```\n<!-- keys of x -->\n| a |\n<!-- end of keys -->\nfour") == 3


def test_exit_statuses():
    """The table of *Messages* has what --help says, word for word, and the status of a training that failed is in no other."""
    said = " ".join(HELP.partition("EXIT STATUS")[2].partition("USAGE")[0].split())
    rows = [row for row in table(ARTICLES["Messages"], "status")]
    assert [int(row[0]) for row in rows] == sorted(int(row[0]) for row in rows)
    assert said == " ".join(f"{row[0]} {row[1].replace('`', '')}" for row in rows)
    for name, text in ARTICLES.items():
        for line in text.splitlines():
            if re.match(r"\| *[0-9]+ *\| *(done|.*(a trainer of your own|interrupted;))", line):
                assert name == "Messages" and [cell.strip() for cell in line.split("|")[1:-1]] in rows, line


def test_stages():
    """--help, the table of stages, the plan's schema and the schemas of manifests have the same stages."""
    assert STAGES == ["sample", "solve", "split", "pack", "train", "evaluate", "resample"]
    assert [row[0].strip("`") for row in table(ARTICLES["Steadyset"], "stage")] == STAGES
    assert {name.removeprefix("manifest-") for name in SCHEMAS if name.startswith("manifest-")} == set(STAGES)
    assert [row[0].strip("`") for row in table(ARTICLES["Manifests"], "stage")] == STAGES
    words = next(row[2] for row in table(ARTICLES["Manifests"], "member") if row[0] == "`stage`")
    assert re.findall("`(\\w+)`", words) == STAGES


def members(schema, file):
    """The members that a schema of a file allows."""
    found, never = set(), set()
    for part, place in resolved(schema, file):
        found |= set(part.get("properties", {}))
        never |= {key for key, value in part.get("properties", {}).items() if value is False}
        for form in part.get("oneOf", []) + part.get("anyOf", []) + part.get("allOf", []):
            found |= members(form, place)
    return found - never


@pytest.mark.parametrize("stage", STAGES)
def test_members_of_manifests(stage):
    """*Manifests* names every member that a stage's schema allows."""
    row = next(row for row in table(ARTICLES["Manifests"], "stage") if row[0] == f"`{stage}`")
    schema = SCHEMAS[f"manifest-{stage}"]
    for cell, section in zip(row[1:4], ("parameters", "content", "layout")):
        found = members(schema["properties"][section], f"manifest-{stage}")
        if (stage, section) == ("train", "parameters"):
            assert "block `train`" in cell
        else:
            assert found <= set(re.findall("`(\\w+)`", cell)), (section, found - set(re.findall("`(\\w+)`", cell)))
    files = schema["properties"]["files"]
    item = files.get("items", {})
    common = {"path", "bytes", "sha256", "samples"}
    named = set(re.findall("`(\\w+)`", row[4]))
    assert members(item, f"manifest-{stage}") - common <= named


def test_members_of_other_documents():
    """Provenance, records of steps, plans and tags: what the schemas have is named."""
    named = {word for row in table(ARTICLES["Records"].partition("## Provenance")[2], "member") for word in re.findall("`(\\w+)`", row[0])}
    schema = SCHEMAS["provenance"]
    assert members(schema, "provenance") == named
    for article, heading, name in (("Records", "Step records", "step"), ("Plans", "The file", "plan")):
        text = ARTICLES[article].partition(f"## {heading}\n")[2].partition("\n## ")[0]
        schema = SCHEMAS[name]
        found = members(schema, name)
        for part in ("stages", "steps"):
            if part in schema["properties"]:
                found |= members(schema["properties"][part]["items"], name)
        assert found <= set(re.findall("`([a-z_0-9]+)`", text)), name


def test_what_plans_decide(tmp_path):
    """`decides` is true of the steps that the article names, and of no other; every round has its steps."""
    plan = json.loads(steadyset("plan", REPOSITORY / "pipelines/curation.yaml").stdout)
    deciding = [step["id"] for step in plan["steps"] if step["decides"]]
    assert deciding == [f"round-{number:05}-resample" for number in range(1, len(deciding) + 1)] and deciding
    assert {step["round"] for step in plan["steps"]} == set(range(len(deciding) + 1))
    text = " ".join(ARTICLES["Plans"].split())
    assert "`decides`, true of the steps `round-…-resample`" in text


def test_codecs_and_exports():
    """The tables of codecs and of exports have what the program's help lists, in its order."""
    said = " ".join(steadyset("pack", "--help").stdout.split()).partition("How shards store labels;")[2].partition(" --")[0]
    codecs = re.findall(r"(?:given\.|;) ([a-z]+): ", said)
    rows = table(ARTICLES["Disk"].partition("\n## Codecs\n")[2], "codec")
    assert [row[0].strip("`") for row in rows] == codecs and len(codecs) >= 3
    assert all(f"`{name}`" in ARTICLES["Formats"] + ARTICLES["Shards"] + ARTICLES["Chunks"] + ARTICLES["Manifests"] for name in codecs)
    listed = steadyset("export", "--help").stdout.partition("Formats:")[2].partition("Values and ids")[0]
    formats = re.findall(r"^  ([a-z-]+) +\S", listed, re.M)
    assert [row[0].strip("`") for row in table(ARTICLES["Exports"], "format")] == [*formats, "none"]


def test_versions_of_formats():
    """The numbers in the article are those of the schemas and of the Python reader."""
    from steadyset.manifest import VERSION

    versions = {
        name: next((part["properties"]["version"]["const"] for part, _ in resolved(schema, name) if "version" in part.get("properties", {})), None)
        for name, schema in SCHEMAS.items()
    }
    assert {version for name, version in versions.items() if name.startswith("manifest-")} == {VERSION}
    said = f"Manifests and shards are of version {VERSION}, plans of version {versions['plan']}, all other formats of version 1"
    assert said in " ".join(ARTICLES["Formats"].split())
    assert next(row for row in table(ARTICLES["Manifests"], "member") if row[0] == "`version`")[2] == str(VERSION)
    assert next(row for row in table(ARTICLES["Shards"], "attribute") if row[0] == "`version`")[2] == str(VERSION)
    assert {version for name, version in versions.items() if not name.startswith(("manifest", "plan"))} - {None} == {1}


def test_tables_of_keys():
    """The tables of keys are what `scripts/keys` makes of the schemas, each in its article."""
    result = subprocess.run([sys.executable, REPOSITORY / "scripts/keys", "--check"], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    for article, keys in (("Pipelines", ["physics.lattice", "pack.codec"]), ("Training", ["model.kind"]), ("Rounds", ["stop"])):
        assert set(keys) <= {row[0].strip("`") for row in table(ARTICLES[article], "key")}


def test_the_article_of_commands():
    """It is what `scripts/commands` makes of the program's and the package's help."""
    result = subprocess.run(
        [sys.executable, REPOSITORY / "scripts/commands", "--check", "--steadyset", BINARY], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert sorted(re.findall(r"^## ([a-z]+)$", ARTICLES["Commands"], re.M)) == sorted([*COMMANDS, *COMPANIONS])


def blocks(schema, file, place=""):
    """Yields (place, key, its schema, the block's own) of every key of a schema, in forms and definitions too."""
    for part, inner in resolved(schema, file):
        for key, value in part.get("properties", {}).items():
            if isinstance(value, dict):
                yield f"{place}.{key}", key, value, inner, part
                yield from blocks(value, inner, f"{place}.{key}")
        for form in part.get("oneOf", []):
            yield from blocks(form, inner, place)


def test_every_key_of_a_pipeline_says_what_holds_without_it():
    """A key that may be left out has a default, perhaps on a condition, or its description says "without it"."""
    tried = 0
    for place, key, value, file, block in blocks(SCHEMAS["pipeline"], "pipeline"):
        shape = len(block.get("required", [])) == 0 and block.get("maxProperties") == 1
        alternatives = {name for form in block.get("oneOf", []) for name in form.get("required", [])}
        if key in block.get("required", []) or shape or key in alternatives or "type" not in block:
            continue
        conditions = [block, *block.get("allOf", [])]
        sides = [part.get(side, {}) for part in conditions for side in ("then", "else")]
        told = any("default" in side.get("properties", {}).get(key, {}) or key in side.get("required", []) for side in sides)
        text = " ".join(part.get("description", "") for part, _ in resolved(value, file)).lower()
        assert "default" in value or told or "without it" in text, place
        tried += 1
    assert tried > 50


def test_commands():
    """The README's table lists every command of --help, and no other."""
    listed = [word for row in table(README, "command") for word in re.findall(r"`(?:steadyset )?([a-z]+)\b", row[0])]
    assert len(COMMANDS) > 15 and sorted(listed) == sorted([*COMMANDS, *COMPANIONS])


def invocations(text):
    """Yields (command, options) of every `steadyset COMMAND …` in programs of the shell and between backticks."""
    blocks = re.findall(r"```(?:text|sh)\n(.*?)```", text, re.S)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    lines += re.findall(r"`(steadyset [^`]+)`", plain(text))
    for line in lines:
        for match in re.finditer(r"(?:^|; |do |&& )steadyset ([a-z]+)\b([^;&#]*)", line.strip()):
            yield match[1], re.findall(r"(?<![\w-])--[a-z][a-z-]*", match[2])


def help_of(command):
    if command in COMMANDS:
        return steadyset("help", command).stdout
    scripts = tomllib.loads((REPOSITORY / "scripts/python/pyproject.toml").read_text())["project"]["scripts"]
    module, function = scripts[f"steadyset-{command}"].split(":")
    said = ""
    for words in [["--help"], *([name, "--help"] for name in ("verify", "log", "clean") if command == "remote")]:
        code = f"import sys; sys.argv[1:] = {words}; from {module} import {function}; {function}()"
        said += subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return said


@pytest.mark.parametrize("name", TEXTS)
def test_options_are_known(name):
    """Every command that a text shows exists, with every option."""
    helps = {}
    for command, options in invocations(TEXTS[name]):
        if command in ("help",):
            continue
        assert command in COMMANDS or command in COMPANIONS, command
        if command not in helps:
            helps[command] = help_of(command)
            if command == "export":
                helps[command] += "".join(steadyset("help", command, kind).stdout for kind in re.findall(
                    r"^  ([a-z-]+) {2,}", helps[command].partition("SUBCOMMANDS:")[2], re.M))  # fmt: skip
        for option in options:
            assert re.search(rf"(?<![\w-]){option}(?![\w-])", helps[command]), (command, option)


def test_every_pipeline_is_listed():
    shipped = {path.name for path in (REPOSITORY / "pipelines").glob("*.yaml")}
    assert {row[0].strip("`") for row in table(ARTICLES["Pipelines"], "file")} - {"studies/data-….yaml"} == shipped
    assert set(re.findall(r"^\| \[`([\w.-]+)`\]\(pipelines/", README, re.M)) == shipped
    for row in table(README, "file"):
        path = REPOSITORY / "pipelines" / re.search(r"`([\w.-]+)`", row[0])[1]
        lattice = yaml.safe_load(path.read_text())["physics"]["lattice"]
        assert row[2] == f"{lattice[0]} × {lattice[1]}", path.name


def test_scripts_are_there():
    """Every scripts/NAME that a text names exists, and its options are those of its --help."""
    for name, text in TEXTS.items():
        for match in re.finditer(r"(?<![\w/.])(?:\./)?(scripts/[\w./-]*\w)((?: --[a-z-]+)*)", text):
            path = REPOSITORY / match[1]
            assert path.exists(), (name, match[0])
            for option in re.findall("--[a-z-]+", match[2]):
                assert option in path.read_text(), (name, match[0])


def test_defaults_of_judging():
    """What *Judging* says was measured is what its script does."""
    script = (REPOSITORY / "scripts/judging").read_text()
    said = re.search(r"\((\d+) samples, (\d+) epochs\)", ARTICLES["Judging"])
    assert re.search(r'"--epochs", type=int, default=(\d+)', script)[1] == said[2] == re.search(r"\[--epochs (\d+)\]", script)[1]
    # Of 1,000 samples a fifth is test, a tenth of the others validation.
    assert int(said[1]) == 1000 - 200 - 80


def test_words_of_the_shell():
    """Programs of the shell in the README are whole: quotes end."""
    for block in re.findall(r"```sh\n(.*?)```", README, re.S):
        assert shlex.split(block, comments=True)


def test_the_tests_find_what_is_wrong():
    """Each kind of comparison fails on an article with the fault that it is for."""
    assert table("| a | b |\n|---|---|\n| `x` | 1 \\| 2 |\n", "a") == [["`x`", "1 | 2"]]
    assert list(invocations("`steadyset run P --output D`, `steadyset` alone\n```text\nsteadyset plan P --from F\n```")) == [
        ("plan", ["--from"]), ("run", ["--output"])]  # fmt: skip
    assert anchors("# A\n## Your own `x` data\n```sh\n# none\n```") == {"a", "your-own-x-data"}
    assert pathlib.Path(CATALOG / "Resources").is_dir()
