"""The plan of a pipeline, as rules of Snakemake need it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PLAN_VERSION = 2
"""The version of plans that this file reads."""
KEYS = ["pipeline", "dataset", "steadyset", "options", "replace", "threads", "local"]
"""What `--config` may have."""
FOLDER_SUFFIX = ".workflow"
"""What the name of a run's folder has after that of the dataset."""
SHELL = "{params.command} > {log} && touch {output}"
"""How a step is done, and marked as done."""
SNAKEMAKE_MEGABYTES = 400
"""What a job needs beside its step: it is two Snakemakes, one within the other."""
LEAST_MINUTES = 10
"""The shortest time to ask for. A job that is ended early is done twice."""
WAIT_SECONDS = 60
"""How long a step waits for files that another machine has written: as NFS keeps names, unless told otherwise."""
TIME_FACTOR = 4
"""What estimates are multiplied with: they are rough, and of one fast core."""


class WorkflowError(SystemExit):
    """A message for the terminal, with which Snakemake ends."""

    def __init__(self, message: str):
        super().__init__(f"steadyset: error: {message}")


@dataclass(frozen=True)
class StepRule:
    """What the rule of a stage's steps asks for."""

    name: str
    pattern: str
    """A regular expression of the ids of its steps."""
    decides: bool
    """Whether a step says if those after it take place."""
    is_local: bool
    """Whether it is cheap enough for the head node."""
    threads: int
    megabytes: int
    minutes: int


class Run:
    """One pipeline and one dataset, with the folder of marks, logs and the plan beside it."""

    def __init__(self, folder: Path, settings: dict[str, Any], plan: dict[str, Any]):
        self.folder = folder
        self.dataset = Path(settings["dataset"])
        self._settings = settings
        self._steps: dict[str, dict[str, Any]] = {step["id"]: step for step in plan["steps"]}
        self._before = _predecessors(plan["steps"])
        unknown = sorted(set(settings["local"]) - {stage["name"] for stage in plan["stages"]})
        if unknown:
            names = ", ".join(stage["name"] for stage in plan["stages"])
            raise WorkflowError(f"--config local={','.join(unknown)}: the pipeline's stages are {names}")
        self.rules = [rule for stage in plan["stages"] for rule in self._rules(stage)]

    @classmethod
    def at_work(cls, config: dict[str, Any], is_main: bool) -> Run:
        """The run that `--config` asks for.

        The main process makes the plan, unless there is one of the same pipeline and the same program. Its jobs, which may
        run on other machines, read what is there: one begins where the main process did, and the one within it in the
        run's folder, where relative paths mean nothing.
        """
        if not is_main:
            here = Path.cwd()
            folder = here if here.name.endswith(FOLDER_SUFFIX) else _folder(_settings(config))
            kept = json.loads((folder / "plan.json").read_text())
            return cls(folder, kept["settings"], kept["plan"])
        settings = _settings(config)
        folder = _folder(settings)
        path = folder / "plan.json"
        key = _key(settings)
        try:
            kept = json.loads(path.read_text())
        except (OSError, ValueError):
            kept = {}
        if kept.get("key") == key:
            return cls(folder, settings, kept["plan"])
        run = cls(folder, settings, plan := _plan(settings))
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"plan-{os.getpid()}.json")
        draft.write_text(json.dumps({"key": key, "settings": settings, "plan": plan}))
        draft.replace(path)
        return run

    def _rules(self, stage: dict[str, Any]) -> list[StepRule]:
        """The rules of a stage: one of its parts, where it has any, and one of its other steps."""
        steps = [step for step in self._steps.values() if step["stage"] == stage["name"]]
        parts = [step for step in steps if step["part"] is not None]
        others = [step for step in steps if step["part"] is None]
        is_local = stage["local"] or stage["name"] in self._settings["local"]
        if not parts:
            return [self._rule(stage, stage["name"], others, is_local)]
        # What gathers parts only looks whether they are there. Steps of this kind in rounds solve by themselves.
        gather = [step for step in others if step["round"] == 0]
        rounds = [step for step in others if step["round"] > 0]
        rules = [self._rule(stage, stage["name"], parts + rounds, is_local)]
        return rules + [self._rule(stage, f"{stage['name']}_all", gather, True)] if gather else rules

    def _rule(self, stage: dict[str, Any], name: str, steps: list[dict[str, Any]], is_local: bool) -> StepRule:
        threads = int(self._settings["threads"] or stage["threads"])
        return StepRule(
            name=name,
            pattern="|".join(re.escape(step["id"]) for step in steps),
            decides=any(step["decides"] for step in steps),
            is_local=is_local,
            threads=threads,
            megabytes=stage["memory_mb"] * threads + SNAKEMAKE_MEGABYTES,
            minutes=LEAST_MINUTES + int(stage["seconds_per_step"] * TIME_FACTOR / 60),
        )

    def command(self, step: str, threads: int) -> str:
        """What does a step."""
        settings = self._settings
        words = [settings["steadyset"], "step", settings["pipeline"], step]
        words += ["--output", settings["dataset"], "--threads", str(threads), "--json", *settings["options"]]
        # What it needs is done by its marks, but may not be seen on this machine yet.
        words += ["--wait", str(WAIT_SECONDS)]
        words += ["--log", str(self.folder / f"logs/{step}.log"), "--metrics", str(self.folder / f"logs/{step}.metrics.json")]
        words += ["--replace"] if settings["replace"] else []
        return shlex.join(words)

    def fingerprint(self, step: str) -> str:
        """What a step's result depends on: where it changes, and only then, the step is run again."""
        return str(self._steps[step]["fingerprint"])

    def marks_before(self, step: str) -> list[str]:
        """The marks of the steps that one needs."""
        return [f"done/{name}" for name in self._before[step]]

    def wanted(self, checkpoints: Any) -> list[str]:
        """The marks of all steps that take place, as far as that is known.

        Asking a checkpoint for a step that is not done ends this function; Snakemake calls it again when the step is done.
        """
        marks: list[str] = []
        for step in self._steps.values():
            marks.append(f"done/{step['id']}")
            if step["decides"]:
                getattr(checkpoints, step["stage"]).get(step=step["id"])
                if not self._takes_place(step):
                    break
        return marks

    def _takes_place(self, step: dict[str, Any]) -> bool:
        """Whether a round takes place, by the record of the step that decides it."""
        records = [path for path in step["outputs"] if ".steadyset/steps/" in path]
        return all(json.loads((self.dataset / path).read_text()).get("files") for path in records)

    def forget_what_is_gone(self) -> None:
        """Removes the marks of steps whose files are not there any more, so that they are done again."""
        for step in self._steps.values():
            mark = self.folder / "done" / step["id"]
            if mark.exists() and not self._is_there(step):
                mark.unlink()

    def _is_there(self, step: dict[str, Any]) -> bool:
        try:
            if step["decides"] and not self._takes_place(step):
                return True
        except (OSError, ValueError):
            return False
        return all((self.dataset / path).exists() for path in step["outputs"])


def _settings(config: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(config) - set(KEYS))
    if unknown:
        raise WorkflowError(f"--config has no '{unknown[0]}'; it may have {', '.join(KEYS)}")
    for key in ["pipeline", "dataset"]:
        if not config.get(key):
            raise WorkflowError("say what to build, and where: --config pipeline=FILE.yaml dataset=FOLDER")
    pipeline = Path(str(config["pipeline"])).resolve()
    if not pipeline.is_file():
        raise WorkflowError(f"{pipeline}: there is no such file")
    replace = str(config.get("replace", False)).lower()
    if replace not in ["true", "false"]:
        raise WorkflowError(f"--config replace={config['replace']}: say true or false")
    threads = str(config.get("threads", 0))
    if not threads.isdecimal():
        raise WorkflowError(f"--config threads={threads}: the threads of a step are a number from 1")
    return {
        "pipeline": str(pipeline),
        "dataset": str(Path(str(config["dataset"])).absolute()),
        "steadyset": str(config.get("steadyset", "steadyset")),
        "options": shlex.split(str(config.get("options", ""))),
        "replace": replace == "true",
        "threads": int(threads),
        "local": [name for name in str(config.get("local", "")).split(",") if name],
    }


def _folder(settings: dict[str, Any]) -> Path:
    return Path(settings["dataset"] + FOLDER_SUFFIX)


def _key(settings: dict[str, Any]) -> str:
    """Changes with whatever the plan depends on."""
    version = _output([settings["steadyset"], "--version"])
    parts = [version, Path(settings["pipeline"]).read_bytes(), json.dumps(settings, sort_keys=True).encode()]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _plan(settings: dict[str, Any]) -> dict[str, Any]:
    words = [settings["steadyset"], "plan", settings["pipeline"], "--output", settings["dataset"]]
    plan: dict[str, Any] = json.loads(_output(words + settings["options"]))
    if plan.get("format") != "steadyset-plan" or plan.get("version") != PLAN_VERSION:
        raise WorkflowError(
            f"{settings['steadyset']} makes plans of version {plan.get('version')}, and this workflow reads version "
            f"{PLAN_VERSION}: take the workflow that came with it"
        )
    return plan


def _output(words: list[str]) -> bytes:
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE)
    except OSError as error:
        raise WorkflowError(
            f"{words[0]} cannot be run ({error.strerror}): install it, or say where it is: --config steadyset=PATH"
        ) from None
    if done.returncode != 0:
        # It has said why.
        sys.exit(done.returncode)
    return done.stdout


def _predecessors(steps: list[dict[str, Any]]) -> dict[str, list[str]]:
    """For each step those that write what it reads; of several that write a file, the last one before it."""
    writers: dict[str, str] = {}
    before: dict[str, list[str]] = {}
    for step in steps:
        before[step["id"]] = list(dict.fromkeys(writers[path] for path in step["inputs"] if path in writers))
        writers.update(dict.fromkeys(step["outputs"], step["id"]))
    return before
