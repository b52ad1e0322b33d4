"""The limits in the article *Threat model* are those of the code."""

import re

import pytest
from conftest import REPOSITORY

ARTICLE = (REPOSITORY / "Sources/steadyset/Documentation.docc/Threat-model.md").read_text()
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
# The row, the file below Sources, what stands before the number there, and the number that the row says, by its words.
LIMITS = [
    ("a pipeline", "Pipeline/Configuration/PipelineFile.swift", "maximumBytes =", "1 MiB", MIB),
    ("a pipeline", "Documents/YAMLDocument.swift", "maximumDepth =", "64 levels", 64),
    ("a JSON document", "Documents/JSON+Parsing.swift", "maximumBytes =", "128 MiB", 128 * MIB),
    ("a JSON document", "Documents/JSON+Parsing.swift", "maximumDepth: Int =", "64 levels", 64),
    ("a JSON document", "Documents/JSON+Parsing.swift", "maximumMemory =", "384 MiB of memory", 384 * MIB),
    ("a number in JSON, or in a cell", "Documents/JSONParser.swift", "maximumNumber =", "1024 characters", 1024),
    ("a number in JSON, or in a cell", "Datasets/Tables/DecimalNumber.swift", "maximumLength =", "1024 characters", 1024),
    ("a file of configurations of a dataset", "Datasets/Configurations/ConfigurationsFile.swift", "maximumBytes =", "1 GiB",
     GIB),
    ("a line of own configurations", "Datasets/Configurations/ImportedConfigurations.swift", "maximumLine =", "1 MiB", MIB),
    ("sources of a configuration", "Fields/Configuration.swift", "maximumSources =", "1024", 1024),
    ("a lattice", "Fields/Lattice.swift", "sides = 32...", "4096 × 4096 sites", 4096),
    ("samples of a shard", "Shards/ShardLayout.swift", "maximumSamples =", "10,000,000", 10_000_000),
    ("names in a shard", "Shards/ShardFile/ShardFile.swift", "maximumNames =", "64", 64),
    ("the header of an object in a shard", "Shards/ShardFile/ShardFile+Records.swift", "maximumBytes) = (128,", "1 MiB", MIB),
    ("content of a chunk", "Shards/Codecs/BloscFrame.swift", "maximumContent =", "128 MiB", 128 * MIB),
    ("a table of scores", "Datasets/Tables/ScoreTable.swift", "maximumBytes =", "512 MiB", 512 * MIB),
    ("a record of a table", "Datasets/Tables/DelimitedText.swift", "maximumRecord =", "1 MiB", MIB),
    ("a record of a table", "Datasets/Tables/DelimitedText.swift", "maximumColumns =", "10,000 fields", 10_000),
    ("a table of choices", "Datasets/Tables/ChosenSample.swift", "maximumBytes =", "1 GiB", GIB),
    ("the header of a file of weights", "Learning/Weights/Safetensors.swift", "maximumHeader =", "16 MiB", 16 * MIB),
    ("the header of a file of weights", "Learning/Weights/Safetensors.swift", "maximumTensors =", "4096 tensors", 4096),
    ("a file of weights", "Datasets/Tables/WeightsFile.swift", "maximumBytes =", "16 GiB", 16 * GIB),
    ("an answer of the process that reads predictions", "Shards/Predictions/ReaderProcess.swift", "patience =", "120 s", 120),
    ("a message to a person", "Documents/ForeignText.swift", "longestMessage =", "4000 characters", 4000),
]  # fmt: skip


def rows():
    table = ARTICLE[ARTICLE.index("| what | at most |") :]
    return dict(line.strip("| ").split(" | ", 1) for line in table[: table.index("\n\n")].splitlines()[2:])


@pytest.mark.parametrize("row, file, before, words, number", LIMITS, ids=[f"{row}-{words}" for row, _, _, words, _ in LIMITS])
def test_limits(row, file, before, words, number):
    found = re.search(re.escape(before) + r"\s*([\d_]+)(?:\s*<<\s*(\d+))?", (REPOSITORY / "Sources" / file).read_text())
    assert int(found[1]) << int(found[2] or 0) == number
    assert words in rows()[row]


def test_each_row_is_compared():
    assert set(rows()) == {row for row, *_ in LIMITS}
