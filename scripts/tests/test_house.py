"""The walls of Sources/: what may import what, how large things may be, and no circles of types.

The build checks the arrows between modules; the arrows between folders of one module are checked
here, by the names of the types that are declared in them.
"""

import collections
import pathlib
import re

import pytest

from conftest import REPOSITORY

SOURCES = REPOSITORY / "Sources"
MODULES = sorted(path.name for path in SOURCES.iterdir() if any(path.rglob("*.swift")))

# Floors, from the ground up: a module imports those below it alone.
FLOORS = [
    {"Documents", "Parallel"},
    {"Fields"},
    {"Sampling", "Solving", "Learning", "Shards"},
    {"Datasets"},
    {"Pipeline", "Verification", "Exports", "Diagnosis"},
    {"Benchmarks", "Engine"},
    {"steadyset"},
]
# Walls inside the floors: what these modules must never know.
WALLS = {
    "Learning": {"Fields"} | {"Documents", "Parallel"},
    "Exports": {"Documents", "Parallel", "Fields", "Sampling", "Shards", "Datasets"},
    "Diagnosis": {"Documents", "Parallel", "Fields", "Shards", "Datasets"},
    "Engine": {"Documents", "Fields", "Sampling", "Solving", "Learning", "Shards", "Datasets", "Pipeline"},
}

# Arrows between the folders of a module: each may use those that are listed, and what stands in
# the module's own top folder. A new arrow is a decision.
ARROWS = {
    "Shards": {
        "": {"Codecs", "Files", "HDF5", "ShardFile"},
        "Codecs": set(),
        "Files": {"Codecs"},
        "HDF5": {"Codecs", "Files"},
        "Manifests": {"Files"},
        "Predictions": {"Codecs", "Files", "HDF5"},
        "ShardFile": {"Codecs", "Files", "HDF5"},
    },
    "Datasets": {
        "": {"Configurations", "Locks", "Manifests", "Progress", "Versions"},
        "Configurations": {"Manifests", "Progress"},
        "Locks": {"Progress"},
        "Manifests": set(),
        "Packing": {"Configurations", "Manifests", "Progress", "Samples"},
        "Progress": set(),
        "Samples": {"Configurations", "Manifests"},
        "Status": {"Configurations", "Manifests", "Progress"},
        "Tables": {"Configurations", "Manifests"},
        "Versions": {"Locks", "Manifests", "Packing", "Progress", "Samples", "Tables"},
    },
    "Pipeline": {
        "": {"Configuration", "Plan", "Resample", "Solve", "Stages"},
        "Configuration": {"Resample"},
        # The one list of stages knows them all; each of them knows what a stage is.
        "Stages": {"Configuration", "Sample", "Solve", "Split", "Pack", "Train", "Evaluate", "Resample"},
        "Plan": {"Configuration", "Solve", "Stages", "Train"},
        "Protection": {"Pack", "Sample", "Solve", "Stages", "Train"},
        "Sample": {"Protection", "Solve", "Stages"},
        "Solve": {"Stages"},
        "Split": {"Protection", "Stages"},
        "Pack": {"Protection", "Stages"},
        "Train": {"Stages"},
        "Evaluate": {"Configuration", "Stages", "Train"},
        "Resample": {"Configuration", "Evaluate", "Pack", "Sample", "Solve", "Split", "Stages", "Train"},
    },
}

STRIP = re.compile(r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*(?:.|\n)*?\*/')
DECLARATION = re.compile(
    r"^(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|private|fileprivate|final|indirect)\s+)*"
    r"(struct|class|enum|protocol|actor|extension|typealias)\s+([A-Z]\w*)",
    re.M,
)


def swift(folder):
    return sorted(folder.rglob("*.swift"))


def code(path):
    """The text without comments and literals; what is interpolated into a literal stays."""

    def plain(match):
        if match[0].startswith('"'):
            return " " + " ".join(re.findall(r"\\\(([^)]*)\)", match[0])) + " "
        return ""

    return STRIP.sub(plain, path.read_text())


def declarations(path):
    """Yields (kind, name, body) of everything declared at the top of a file."""
    text = code(path)
    found = list(DECLARATION.finditer(text))
    for match, following in zip(found, [*found[1:], None]):
        yield match[1], match[2], text[match.start() : following.start() if following else len(text)]


def uses(module):
    """Returns for each type of a module the types of the same module that it names, and its folder."""
    bodies, folder = collections.defaultdict(str), {}
    for path in swift(SOURCES / module):
        for kind, name, body in declarations(path):
            bodies[name] += body
            if kind != "extension":
                folder[name] = str(path.parent.relative_to(SOURCES / module)).replace(".", "")
    graph = {
        name: {word for word in re.findall(r"\b[A-Z]\w*", body) if word in folder and word != name}
        for name, body in bodies.items()
    }
    return graph, folder


def circles(graph):
    """Returns the strongly connected components of more than one type (Tarjan 1972)."""
    order, low, stack, found = {}, {}, [], []

    def visit(name):
        order[name] = low[name] = len(order)
        stack.append(name)
        for other in graph.get(name, ()):
            if other not in order:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], order[other])
        if low[name] == order[name]:
            members = []
            while not members or members[-1] != name:
                members.append(stack.pop())
            if len(members) > 1:
                found.append(sorted(members))

    for name in sorted(graph):
        if name not in order:
            visit(name)
    return found


def test_modules_are_those_of_the_floors():
    assert MODULES == sorted(set().union(*FLOORS))


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module):
    floor = next(number for number, names in enumerate(FLOORS) if module in names)
    allowed = WALLS.get(module, set().union(*FLOORS[:floor]))
    for path in swift(SOURCES / module):
        for name in re.findall(r"^\s*(?:\w+ )?import (\w+)$", path.read_text(), re.M):
            assert name not in MODULES or name in allowed, f"{path}: {module} must not know {name}"


@pytest.mark.parametrize("module", sorted(ARROWS))
def test_arrows_between_folders(module):
    graph, folder = uses(module)
    wrong = set()
    for path in swift(SOURCES / module):
        own = str(path.parent.relative_to(SOURCES / module)).replace(".", "").split("/")[0]
        words = set(re.findall(r"\b[A-Z]\w*", code(path)))
        for word in words & set(folder):
            other = folder[word].split("/")[0]
            if other not in (own, "") and other not in ARROWS[module].get(own, set()):
                wrong.add(f"{path.name} ({own or 'top'}) uses {word} of {other}")
    assert not wrong, "\n".join(sorted(wrong))


@pytest.mark.parametrize("module", MODULES)
def test_no_circle_of_more_than_three_types(module):
    graph, _ = uses(module)
    assert [circle for circle in circles(graph) if len(circle) > 3] == []


def test_sizes():
    for folder in (path for root in ("Sources", "Tests") for path in (REPOSITORY / root).rglob("*")):
        if folder.is_dir() and folder.name != "Golden":
            assert len(list(folder.glob("*.swift"))) <= 25, f"{folder}: too many files, find the groups"
    for path in [*swift(SOURCES), *swift(REPOSITORY / "Tests")]:
        if path.parent.name == "Golden":
            continue
        lines = path.read_text().splitlines()
        assert len(lines) <= 400, f"{path}: {len(lines)} lines, split it"
        for number, line in enumerate(lines, 1):
            # A raw string cannot be broken.
            assert len(line) <= 100 or '"' in line, f"{path}:{number}: {len(line)} columns"
