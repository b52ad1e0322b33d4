"""The tutorial and guides, followed to the letter: each file is written, each command run, and what it prints is what is printed."""

import pathlib
import re
import subprocess
import sys
import sysconfig
import venv

import pytest
from conftest import BINARY, REPOSITORY
from test_wheel import PART, PLUGIN, make_wheel
from walk import CATALOG, Step, Walk, loose, programs, steps, usual

TUTORIAL = (CATALOG / "Tutorial.md").read_text()
OWN_TRAINER = (CATALOG / "Own-trainer.md").read_text()
GUIDES = ("Own-configurations", "Own-physics", "Archive", "Publishing")
# What cannot be run, and why.
LEFT_OUT = {"python3 -m venv env\n": "installs packages from a network; the tests have theirs"}


def model(framework):
    """The file model.py that the article *Own trainer* shows for a framework."""
    found = [step.text for step in steps(OWN_TRAINER) if step.name == "model.py"]
    [jax] = [text for text in found if "import jax" in text]
    [numpy] = [text for text in found if text != jax]
    return {"jax": jax, "numpy": numpy}[framework]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return programs(tmp_path_factory.mktemp("path") / "bin", BINARY)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The programs of a virtual environment that has a wheel of what is tested, and no more of ours; other packages are those of the
    tests. The program in it is not linked as that of scripts/wheel is."""
    folder = tmp_path_factory.mktemp("wheel")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(make_wheel, "tools", lambda: pathlib.Path(sys.executable))
        patch.setattr(make_wheel, "audited", lambda path: "manylinux_2_35_x86_64")
        patch.setattr(make_wheel, "DIST", folder / "dist")
        made = make_wheel.make(BINARY, PLUGIN, [PART])
    venv.create(folder / "env", symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", folder / "env/bin/python", "install", "-q", "--no-deps", "--no-index", made]
    # The package as it stands, which the tests find first, counts as installed where somebody installed it.
    subprocess.run([*pip, "--ignore-installed", "--disable-pip-version-check"], check=True)
    [site] = (folder / "env/lib").glob("python3*/site-packages")
    (site / "tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "env/bin"


def follow(folder, path, replaced=None):
    """Follows the tutorial with another model.py; returns the numbers with a point that were printed since the first training, as
    they are in the article and as they came."""
    walk = Walk(folder, path, OMP_NUM_THREADS="1", PYTHONPATH=None, STEADYSET=None)
    numbers, trained, left_out = ([], []), False, set()
    for step in steps(TUTORIAL):
        if reason := next((line for line in LEFT_OUT if step.text.startswith(line)), None):
            left_out.add(reason)
            continue
        if step.name == "model.py" and replaced is not None:
            step = Step(replaced, "model.py")
        said, complaints = walk.do(step)
        trained = trained or "python trainer.py" in step.text
        assert "Traceback" not in complaints and "error" not in complaints.replace("mean absolute error", ""), complaints
        if step.printed is None:
            assert not said, f"{step.text}prints something that the article does not have:\n{said}"
        elif not trained:
            assert usual(said) == usual(step.printed), step.text
        else:
            (printed, expected), (lines, found) = loose(step.printed), loose(said)
            assert lines == printed, step.text
            numbers[0].extend(expected)
            numbers[1].extend(found)
    assert left_out == set(LEFT_OUT)
    return numbers


def test_what_a_walk_does(tmp_path, path):
    """Files, ends of files, variables that stay, what is printed, and a command that fails."""
    text = (
        "Write this into `a.txt`:\n\n```text\none\n```\n\nIt is short. Add this to the end of `a.txt`:\n\n```text\ntwo\n```\n\n"
        "```sh\nexport WORD=three\n```\n\n```sh\ncat a.txt\necho $WORD 1.5 s\n```\n\n```text\none\n\ntwo\nthree 2.0 s\n```\n\n"
        "A block of another kind:\n\n```yaml\nnot: run\n```\n\n```sh\nfalse\ntrue\n```\n"
    )
    found, walk = steps(text), Walk(tmp_path / "walk", path)
    assert [(step.name, step.adds) for step in found] == [("a.txt", False), ("a.txt", True), (None, False), (None, False), (None, False)]
    said = [walk.do(step)[0] for step in found[:4]]
    assert usual(said[3]) == usual(found[3].printed) and usual(said[3]) != usual(found[3].printed.replace("three", "four"))
    with pytest.raises(AssertionError, match="ended with 1"):
        walk.do(found[4])
    assert loose("id 0123456789abcdef 0.5 and 12") == (["id ID N and N"], [0.5])


def test_the_tutorial(tmp_path, wheel):
    """With the trainer in NumPy that *Own trainer* shows, which needs no more than the tests have."""
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    pytest.importorskip("vl_convert", reason="vl-convert-python is not installed")
    where, _ = Walk(tmp_path / "where", wheel, PYTHONPATH=None, STEADYSET=None).do(
        Step('python -c "import steadyset; print(steadyset.command(), steadyset.__file__)"; command -v steadyset steadyset-report')
    )
    assert all(str(wheel.parent) in word for word in where.split()), "everything is from the wheel"
    follow(tmp_path / "walk", wheel, replaced=model("numpy"))
    for name in ("samples.png", "worst.png", "tissue/report.html"):
        assert (tmp_path / "walk" / name).stat().st_size > 10_000, name


def test_the_tutorial_with_torch(tmp_path, wheel):
    """As it stands; errors are at most twice those that are printed, or half of them."""
    pytest.importorskip("torch", reason="PyTorch is not installed: scripts/test --torch")
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    pytest.importorskip("vl_convert", reason="vl-convert-python is not installed")
    printed, found = follow(tmp_path / "walk", wheel)
    assert len(printed) == len(found) > 20
    assert [(a, b) for a, b in zip(printed, found) if not a / 2 <= b <= 2 * a] == []


@pytest.mark.parametrize("framework", ["numpy", "jax"])
def test_trainers_of_other_frameworks(framework, shards, tmp_path, path):
    """Each model.py of *Own trainer* works with the tutorial's trainer.py, and predicts better than nothing at all."""
    pytest.importorskip(framework, reason=f"{framework} is not installed: scripts/test --torch")
    [trainer] = [step for step in steps(TUTORIAL) if step.name == "trainer.py"]
    walk = Walk(tmp_path / "walk", path, STEADYSET_DATA=str(shards), STEADYSET_SELECTION="train")
    walk.do(trainer)
    walk.do(Step(model(framework), "model.py"))
    said, _ = walk.do(Step("python trainer.py"))
    nothing, _ = walk.do(Step("python -c \"import steadyset; print(steadyset.open('$STEADYSET_DATA').select('test').read(range(9))[1].mean())\""))
    error = re.fullmatch(r"learnt from \d+ samples; mean error ([\d.]+), largest [\d.]+\n", said)
    assert error and float(error[1]) < float(nothing)


@pytest.mark.parametrize("name", GUIDES)
def test_guides(name, tmp_path, path):
    """Beside the shipped pipelines."""
    walk, compared = Walk(tmp_path / "walk", path), 0
    (walk.folder / "pipelines").symlink_to(REPOSITORY / "pipelines")
    for step in steps((CATALOG / f"{name}.md").read_text()):
        said, complaints = walk.do(step)
        assert "Traceback" not in complaints and "error:" not in complaints
        if step.printed is not None:
            assert usual(said) == usual(step.printed), step.text
            compared += 1
    assert compared or name == "Own-physics"
