"""Does what an article says, step by step in an empty folder: writes the files that it shows, and runs its commands.

    python scripts/tests/walk.py Tutorial FOLDER        does it, and writes what the commands printed into the article

A block below a paragraph that ends with "Write this into `NAME`:" is that file, one below "Add this to the end of `NAME`:" goes to its
end. Blocks of `sh` are run one after another, as in one shell, and so are other blocks of `python`. A block of `text` right below one is
what it prints on standard output.
"""

import argparse
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CATALOG = REPOSITORY / "Sources/steadyset/Documentation.docc"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Step:
    """A file to write (`name`, and whether at the end of it), or commands or a program to run with what they print."""

    text: str
    name: str | None = None
    adds: bool = False
    is_python: bool = False
    printed: str | None = None
    place: tuple[int, int] | None = None
    """Where what is printed stands in the article."""


def steps(article):
    """Returns the steps of an article, in order. A block of another language that no paragraph calls a file is none."""
    found, blocks = [], list(BLOCK.finditer(article))
    for number, block in enumerate(blocks):
        before = article[blocks[number - 1].end() if number else 0 : block.start()]
        paragraph = " ".join(before.strip().rpartition("\n\n")[2].split())
        if named := re.search(r"(Write|Add) (?:this|it) (?:in)?to (?:the end of )?`([\w.-]+)`:$", paragraph):
            found.append(Step(block[2], named[2], named[1] == "Add"))
        elif block[1] in ("sh", "python"):
            after = blocks[number + 1] if number + 1 < len(blocks) else None
            is_printed = after is not None and after[1] == "text" and not article[block.end() : after.start()].strip()
            printed, place = (after[2], after.span(2)) if is_printed else (None, None)
            found.append(Step(block[2], is_python=block[1] == "python", printed=printed, place=place))
    return found


def programs(folder, binary):
    """Makes a folder for the PATH in which `steadyset`, its companions and `python` are those of the tests."""
    folder.mkdir(parents=True)
    (folder / "steadyset").symlink_to(binary)
    scripts = tomllib.loads((REPOSITORY / "scripts/python/pyproject.toml").read_text())["project"]["scripts"]
    words = {"python": "", "python3": "", "snakemake": "-m snakemake"}
    for name, place in scripts.items():
        module, function = place.split(":")
        words[name] = f"-c 'import sys; from {module} import {function}; sys.exit({function}())'"
    for name, program in words.items():
        (folder / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {program} "$@"\n')
        (folder / name).chmod(0o755)
    return folder


class Walk:
    """A folder in which an article is followed. `path` stands first in the PATH; a variable that is None is taken out."""

    def __init__(self, folder, path, **environment):
        self.folder, self.state = pathlib.Path(folder), pathlib.Path(f"{folder}.state")
        self.folder.mkdir(parents=True)
        self.state.write_text("")
        package = {"PYTHONPATH": str(REPOSITORY / "scripts/python"), "STEADYSET_CACHE": "off"}
        given = os.environ | package | {"PATH": f"{path}:{os.environ['PATH']}"} | environment
        self.environment = {name: value for name, value in given.items() if value is not None}

    def do(self, step):
        """Does a step; returns (what it printed on standard output, on standard error). Raises `AssertionError` where it fails."""
        if step.name is not None:
            with open(self.folder / step.name, "a" if step.adds else "w") as file:
                file.write("\n" * step.adds + step.text)
            return "", ""
        state = shlex.quote(str(self.state))
        if step.is_python:
            step = Step(f"python -c {shlex.quote(step.text)}\n")
        script = f"set -euo pipefail\n. {state}\n{step.text}\nexport -p > {state}\n"
        ended = subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env=self.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        assert ended.returncode == 0, f"{step.text}ended with {ended.returncode}\n{ended.stdout}{ended.stderr}"
        return ended.stdout, ended.stderr


def usual(text):
    """A text without what differs from machine to machine: times, sizes, and how columns are filled."""
    text = re.sub(r"\b\d+(\.\d+)? (ms|s|min|h)\b", "TIME", text)
    text = re.sub(r"\b\d+(\.\d+)? ([kMG]?B|bytes)\b", "SIZE", text)
    return [" ".join(line.split()) for line in text.strip().splitlines()]


def loose(text):
    """A text without its numbers and ids, and those numbers that have a point."""
    lines, numbers = [], []
    for line in usual(text):
        line = re.sub(r"\b(?=[0-9a-f]*\d)[0-9a-f]{16}\b", "ID", line)
        numbers += [float(found) for found in re.findall(r"\b\d+\.\d+\b", line)]
        lines.append(re.sub(r"\d+(\.\d+)?", "N", line))
    return lines, numbers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("article")
    parser.add_argument("folder", type=pathlib.Path, help="where to do it; must not exist")
    parser.add_argument("--pipelines", action="store_true", help="with the shipped pipelines in it")
    parser.add_argument("--binary", type=pathlib.Path, default=REPOSITORY / ".build/release/steadyset")
    options = parser.parse_args()
    path = CATALOG / f"{options.article}.md"
    text, said = path.read_text(), {}
    walk = Walk(options.folder, programs(pathlib.Path(f"{options.folder}.bin"), options.binary))
    if options.pipelines:
        (options.folder / "pipelines").symlink_to(REPOSITORY / "pipelines")
    for step in steps(text):
        if re.search("pip install|^import (jax|torch)", step.text, re.M) and step.name is None:
            continue
        print("==", step.name or step.text.rstrip(), flush=True)
        printed, complained = walk.do(step)
        print(printed, complained, sep="", end="", flush=True)
        if step.printed is not None:
            said[step.place] = printed
    for (first, end), printed in sorted(said.items(), reverse=True):
        text = text[:first] + printed.rstrip("\n") + "\n" + text[end:]
    path.write_text(text)
    shutil.rmtree(f"{options.folder}.bin")


if __name__ == "__main__":
    main()
