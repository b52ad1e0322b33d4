"""Makes a study's data and trains its models, several at a time. What is done already is not done again."""

import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time

from .plan import pipeline_text

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Failed(Exception):
    """A program ended with an error."""


def make_data(study, binary, folder):
    """Makes the dataset in `folder`, or finishes it."""
    call([binary, "run", study.data, "--output", folder], folder.with_suffix(".log"))


def make_document(study, binary, folder):
    """The same of a study whose data have more subsets than their file says: the pipeline is written beside `folder`."""
    path = folder.with_suffix(".yaml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(study.document, indent=2) + "\n")
    call([binary, "run", path, "--output", folder], folder.with_suffix(".log"))


def train(study, runs, trainer, data, folder, jobs, report):
    """Trains and judges every run in a folder of its own below `folder`; `jobs` at a time."""
    waiting = [run for run in runs if not is_done(folder / run.name)]
    lock, began, done = threading.Lock(), time.monotonic(), 0

    def one(run):
        nonlocal done
        target = folder / run.name
        target.mkdir(parents=True, exist_ok=True)
        text = pipeline_text(study, run)
        pipeline = target / "pipeline.yaml"
        if pipeline.exists() and pipeline.read_text() != text:
            raise Failed(f"{target} is of another study: take another --output, or remove it")
        pipeline.write_text(text)
        for command in trainer(pipeline, data, model_of(target)):
            call(command, target / "log.txt")
        with lock:
            done += 1
            left = (time.monotonic() - began) / done * (len(waiting) - done)
            report(f"{done} of {len(waiting)}: {run.name}; about {left / 60:.1f} min left")

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(one, run) for run in waiting]
        try:
            for future in concurrent.futures.as_completed(futures):
                future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def model_of(target):
    """Returns the folder of a run that the trainer writes; pipeline and log are beside it."""
    return target / "model"


def is_done(target):
    """Whether a run was judged."""
    return all((model_of(target) / "evaluate" / name).is_file() for name in ("errors.csv", "summary.csv"))


def swift_trainer(binary, options):
    """Returns a function that gives the commands of a run: the light trainer on the CPU."""

    def commands(pipeline, data, target):
        yield [binary, "train", pipeline, "--data", data, "--output", target, "--threads", "1", *options]
        yield [
            binary, "evaluate", "--data", data, "--selection", "test", "--model", target, "--output", target,
            "--threads", "1",
        ]  # fmt: skip

    return commands


def torch_trainer(options):
    """Returns a function that gives the commands of a run: the PyTorch trainer, on the GPU where there is one."""

    def commands(pipeline, data, target):
        yield [sys.executable, "-m", "steadyset.training", pipeline, "--data", data, "--output", target, "--quiet", *options]

    return commands


def call(command, log):
    """Runs a program with one thread; its output goes to `log`."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "scripts/python"), os.environ.get("PYTHONPATH", "")]),
        "OMP_NUM_THREADS": "1",
    }
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as file:
        status = subprocess.run([str(part) for part in command], stdout=file, stderr=file, env=environment).returncode
    if status:
        tail = "\n".join(log.read_text().splitlines()[-5:])
        raise Failed(f"{' '.join(map(str, command))}\nended with {status}; see {log}:\n{tail}")


def make(binary, text, folder, verb, *options):
    """Runs `steadyset VERB` with a pipeline of its own beside the folder."""
    path = folder.parent / f"{folder.name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_text() != text:
        raise Failed(f"{folder} is of another study: take another --output, or remove it and {path.name}")
    path.write_text(text)
    call([binary, verb, path, "--output", folder, *options, "--threads", "1"], log_of(folder))


def copy_dataset(source, target):
    """Copies a dataset. Shards and solved parts never change, so they are shared where the file system can."""
    if target.exists():
        return
    half = target.parent / f"{target.name}.half"
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(source, half, copy_function=_link, ignore=shutil.ignore_patterns("lock", "*.lock"))
    half.rename(target)


def _link(source, target):
    if pathlib.Path(source).suffix == ".h5":
        try:
            return os.link(source, target)
        except OSError:
            pass
    return shutil.copy2(source, target)


def parallel(jobs, calls, what, report):
    """Calls functions, several at a time; the first that fails ends the rest."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(function, *arguments) for function, arguments in calls]
        try:
            for done, future in enumerate(concurrent.futures.as_completed(futures), start=1):
                future.result()
                report(f"{done} of {len(calls)} {what}")
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def log_of(folder):
    """Returns where what programs print of a folder goes, beside it."""
    return folder.parent / f"{folder.name}.log"
