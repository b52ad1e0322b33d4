"""The programs of the articles *Reading* and *Formats* run as they are printed, on the tiny dataset."""

import re
import shutil
import subprocess
import sys

import pytest
from conftest import REPOSITORY, TINY, steadyset, write

ARTICLES = REPOSITORY / "Sources/steadyset/Documentation.docc"
NEEDS_MORE = ("https://", "torch", "rfc8785")


def programs(article):
    """Yields (program, what is printed below it, or None)."""
    text = (ARTICLES / f"{article}.md").read_text()
    for match in re.finditer(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```)?", text, re.S):
        if not any(word in match[1] for word in NEEDS_MORE):
            yield match[1], match[2]


@pytest.mark.parametrize("article,least", [("Reading", 6), ("Formats", 2)])
def test_programs(article, least, tiny, tmp_path):
    (tmp_path / "quickstart").symlink_to(tiny)
    if article == "Formats":
        shutil.copytree(tiny, tmp_path / "archive")
        steadyset("pack", write(tmp_path, TINY), "-o", tmp_path / "archive", "--codec", "archive")
    found = list(programs(article))
    assert len(found) >= least
    before = ""
    for program, printed in found:
        # A program without imports continues the one before it.
        if "import" not in program and "def " not in program:
            program = before + program
        before = program
        result = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
        assert result.returncode == 0, program + result.stderr
        if "sample_at" in program:
            assert result.stdout == printed


def test_order_vectors_are_the_package_s():
    """What *Reading* prints of the order is what the package does."""
    from steadyset import Order

    ((_, printed),) = [found for found in programs("Reading") if "sample_at" in found[0]]
    lines = re.findall(r"^(\d+) (\d+) (\d+) \[(.*)\]$", printed, re.M)
    assert len(lines) >= 6
    for count, seed, epoch, samples in lines:
        want = [int(sample) for sample in samples.split(", ")]
        assert Order(int(seed)).indices(range(len(want)), int(count), int(epoch)).tolist() == want
