"""Measures steadyset and its peers in turns, on one core: ours, a peer, ours, the next peer, and so on.

Nothing here needs NumPy: peers run in a Python of their own (see `command`), steadyset is a program.
"""

import json
import math
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

OVERLAP = {"pinned": "last", "emitting": "sum"}
_UNAVAILABLE = 69
_SCRIPT = pathlib.Path(__file__).parent


def run(command, core=None):
    """Runs a program, on one core where one is given; returns the finished process."""
    pin = None if core is None else lambda: os.sched_setaffinity(0, {core})
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, preexec_fn=pin)


def required(process):
    """Returns a finished process that must have succeeded."""
    if process.returncode != 0:
        sys.exit(f"error: {' '.join(process.args)} ended with {process.returncode}:\n{process.stdout}{process.stderr}")
    return process


def pipeline(folder, options, physics, sampling=None):
    """Writes a pipeline file and returns its path."""
    bits = math.ceil(-math.log2(options.tolerance))
    solver = {"tolerance": options.tolerance, "grid_bits": max(8, bits) if bits <= 24 else None}
    content = {"format": 1, "name": f"{physics['sources']}-{physics['lattice'][0]}", "physics": physics, "solver": solver}
    path = pathlib.Path(folder) / f"{content['name']}.yaml"
    path.write_text(json.dumps(content | ({"sampling": sampling} if sampling else {})))  # JSON is YAML
    return path


def paper(variant, n):
    """Returns the physics of the constant family."""
    return {"lattice": [n, n], "decay_rate": 0.0025, "sources": variant, "overlap": OVERLAP[variant]}


class Group:
    """What is measured together: one physics, and configurations with the numbers of sources of `options`."""

    def __init__(self, variant, n, medium=None, unchanged=False):
        self.variant, self.n, self.medium, self.unchanged = variant, n, medium, unchanged
        self.title = variant if medium is None else f"{medium}, {variant}" + (", unchanged" if unchanged else "")

    def drawn(self, options, folder):
        """Draws configurations into `folder` without any peers: of the constant family alone."""
        generator = random.Random(f"{options.seed} {self.variant} {self.n}")
        lines = []
        for count in (count for count in options.sources for _ in range(options.samples)):
            places = [[generator.randrange(5, self.n - 5) for _ in range(2)] for _ in range(count)]
            values = [1.0] + [1 - generator.random() for _ in range(count - 1)]
            sources = [{"row": r, "column": c, "radius": 5, "value": v} for (r, c), v in zip(places, values)]
            lines.append(json.dumps({"sources": sources}) + "\n")
        folder.mkdir()
        (folder / "problem.json").write_text(json.dumps({"physics": paper(self.variant, self.n)}))
        (folder / "configurations.jsonl").write_text("".join(lines))


class Ours:
    """Runs steadyset on the configurations of a folder.

    Where each configuration has a medium of its own, its set-up counts: every sample then follows one of another medium, and
    repeats go through all samples again. Else a sample is repeated by itself.
    """

    def __init__(self, binary, options, problem, folder, unchanged):
        self.options, self.given = options, problem / "configurations.jsonl"
        lines = [json.loads(line) for line in self.given.read_text().splitlines()]
        self.renewed = "keys" in lines[0] and not unchanged
        self.own = folder / "own.jsonl"
        if self.renewed:  # a first one, which is not counted
            fewest = min(lines, key=lambda line: len(line["sources"]))
            lines.insert(0, fewest | {"keys": [(key + 1) % 2**32 for key in fewest["keys"]]})
        self.own.write_text("".join(json.dumps(line) + "\n" for line in lines))
        physics = json.loads((problem / "problem.json").read_text())["physics"]
        self.command = [binary, "bench", pipeline(folder, options, physics), "--only", "samples", "--json"]

    def _report(self, *more):
        return json.loads(required(run([*self.command, *more], self.options.core)).stdout)

    def fields(self, folder):
        """Writes the labels into `folder`, by line; returns the report."""
        return self._report("--from", self.given, "--fields", folder, "--repeats", 1)

    def __call__(self):
        """Returns milliseconds by number of sources."""
        runs, repeats = (self.options.repeats, 1) if self.renewed else (1, self.options.repeats)
        fastest, counts = {}, {}
        for _ in range(runs):
            for sample in self._report("--from", self.own, "--repeats", repeats)["samples"]:
                line, time = sample["line"], sample["total"][f"{self.options.clock}_ms"]
                fastest[line] = min(time, fastest.get(line, time))
                counts[line] = sample["sources"]
        if self.renewed:
            del fastest[1]
        numbers = sorted({counts[line] for line in fastest})
        return {k: statistics.median(time for line, time in fastest.items() if counts[line] == k) for k in numbers}


class Peers:
    """Runs the other solvers."""

    @staticmethod
    def found(options):
        """Returns the peers, or None where their Python is missing or ours is measured alone."""
        if options.alone:
            return None
        if options.python.exists():
            return Peers(options)
        if options.family == "general":
            sys.exit(f"error: there is no {options.python}, which draws the media: run scripts/bench --install")
        print(f"no peers: there is no {options.python}: run scripts/bench --install; steadyset is measured alone, "
              "and nobody judges its fields", file=sys.stderr)  # fmt: skip
        return None

    def __init__(self, options):
        self.options = options
        self.command = [options.python, _SCRIPT]
        lines = [line.split()[:3] for line in required(run([*self.command, "list"])).stdout.splitlines()]
        self.able = {name: (families.split("/"), models.split("/")) for name, families, models in lines if families != "medium"}
        if unknown := set(options.solvers) - set(self.able):
            sys.exit(f"error: there is no solver {', '.join(sorted(unknown))}; there are {', '.join(self.able)}")

    def solvers(self, group):
        """Returns the names of the solvers asked for that can do a group."""
        family = "general" if group.medium else "constant"
        able = [name for name, (families, models) in self.able.items() if family in families and group.variant in models]
        return [name for name in self.options.solvers if name in able]

    def problems(self, group, folder):
        """Has configurations drawn, and references computed, in `folder`."""
        options = self.options
        what = ["--model", group.variant, "--n", group.n, "--sources", ",".join(map(str, options.sources))]
        what += ["--samples", options.samples, "--seed", options.seed]
        if group.medium:
            what += ["--family", "general", "--medium", group.medium, *(["--unchanged"] if group.unchanged else [])]
            what += ["--sides", options.sides] if options.sides else []
        required(run([*self.command, "make", folder, *what]))

    def measure(self, solver, problems, before):
        """Returns the rows of a solver; or None, and why. `before` are its rows of an earlier round, for its tolerances."""
        options = self.options
        what = ["--solver", solver, "--repeats", options.repeats, "--tolerance", options.tolerance, "--clock", options.clock]
        if before:
            what += ["--calibrated", json.dumps({row["sources"]: row["rtol"] for row in before})]
        process = run([*self.command, "measure", problems, *what], options.core)
        said = process.stderr.strip().splitlines() or ["it said nothing"]
        if process.returncode == 0:
            return json.loads(process.stdout), None
        return None, said[-1] if process.returncode == _UNAVAILABLE else f"{solver} failed: {said[-1]}"

    def judge(self, problems, fields):
        """Has our labels compared with the references; returns the verdict."""
        what = [problems, fields, "--tolerance", self.options.tolerance]
        return json.loads(required(run([*self.command, "judge", *what])).stdout)


def measure(binary, options, group, peers):
    """Measures a group; returns times, ratios and what the judge said."""
    with tempfile.TemporaryDirectory(prefix="steadyset-bench-") as name:
        folder, problems = pathlib.Path(name), pathlib.Path(name) / "problems"
        peers.problems(group, problems) if peers else group.drawn(options, problems)
        ours = Ours(binary, options, problems, folder, group.unchanged)
        report = ours.fields(folder / "fields")  # not timed: files are written between samples
        found = {
            **vars(group), "machine": report["machine"], "core": options.core, "clock": options.clock,
            "once_ms": {"steadyset": report["setup"][f"{options.clock}_ms"]},
            "certified": all(sample["certified"] for sample in report["samples"]), "skipped": {}, "inexact": [],
            "error": {"steadyset": None}, "rtol": {}, "rounds": [],
            "judged": peers.judge(problems, folder / "fields") if peers else None,
        }  # fmt: skip
        found["error"]["steadyset"] = found["judged"] and found["judged"]["error"]
        rows = {}
        for number in range(options.rounds):
            before = ours()
            turn = {"steadyset": [before], "peers": {}}
            for solver in peers.solvers(group) if peers else []:
                if solver in found["skipped"]:
                    continue
                print(f"{group.title}, {group.n}, round {number + 1} of {options.rounds}: {solver}", file=sys.stderr)
                rows[solver], why = peers.measure(solver, problems, rows.get(solver))
                if why:
                    found["skipped"][solver] = why
                    continue
                after = ours()
                turn["steadyset"].append(after)
                turn["peers"][solver] = _turn(rows[solver], before, after)
                _note(found, solver, rows[solver])
                before = after
            found["rounds"].append(turn)
        _summarise(found)
        return found


def _turn(rows, before, after):
    """A peer's times, and their ratios to the mean of ours before and after them."""
    times = {row["sources"]: row["total_ms"] for row in rows}
    return {"ms": times, "ratio": {k: 2 * time / (before[k] + after[k]) for k, time in times.items()}}


def _note(found, solver, rows):
    found["once_ms"][solver] = rows[0]["once_ms"]
    found["rtol"][solver] = [row["rtol"] for row in rows]
    found["error"][solver] = max(row["max_err"] for row in rows)
    if not all(row["meets_tol"] for row in rows) and solver not in found["inexact"]:
        found["inexact"].append(solver)


def _summarise(found):
    """Adds the medians over rounds."""
    def medians(values):
        return {k: statistics.median(value[k] for value in values) for k in values[0]}

    turns = found["rounds"]
    found["ms"] = {"steadyset": medians([times for turn in turns for times in turn["steadyset"]])}
    found["ratio"] = {}
    for solver in turns[0]["peers"]:
        results = [turn["peers"][solver] for turn in turns if solver in turn["peers"]]
        found["ms"][solver] = medians([result["ms"] for result in results])
        found["ratio"][solver] = medians([result["ratio"] for result in results])
