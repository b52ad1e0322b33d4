"""File systems of clusters: without locks, files that are seen late, mounted for reading, quotas, permissions of a group."""

import errno
import json
import os
import shutil
import stat
import subprocess
import time

import pytest
from conftest import BINARY, TAUGHT, TINY, changed, contents, ids, leftovers, refused, steadyset, write
from faults import fault, library
from processes import Held, first_line


# Without locks


def without_locks(folder):
    """The environment of a process for which the file system of `folder` has no locks."""
    return os.environ | {
        "LD_PRELOAD": str(library()), "FAULT_CALL": "lock", "FAULT_NUMBER": "1", "FAULT_ALWAYS": "1",
        "FAULT_ERROR": str(errno.ENOLCK), "FAULT_UNDER": str(folder),
    }  # fmt: skip


def held_in(output, *arguments, name="lock.held"):
    """A process without locks that is held where it has taken the lock by a file."""
    held = Held(*arguments, env=without_locks(output))
    return held.wait_until(lambda: list((output / ".steadyset").rglob(name)) and list((output / ".steadyset/progress").glob("*.json")))


def lock_files(output):
    return sorted(path.name for path in (output / ".steadyset").rglob("*") if ".held" in path.name)


def test_lock_file_of_who_works(slow, tmp_path):
    """A second writer is refused, and told by whom; when the first has ended, or was killed, it is not."""
    pipeline, undisturbed = slow
    output, environment = tmp_path / "dataset", without_locks(tmp_path)
    with held_in(output, "run", pipeline, "-o", output) as held:
        assert lock_files(output) == ["lock.held"]
        for command in (["run", pipeline, "-o", output], ["step", pipeline, "sample", "-o", output]):
            said = refused(*command, status=75, says=["in use", str(held.process.pid)], env=environment)
            assert "lock.held" in said
            assert lock_files(output) == ["lock.held"]
        steadyset("status", output)
        held.process.kill()
        held.process.wait()
    # It died on this machine, which is known.
    assert lock_files(output) == ["lock.held"]
    steadyset("run", pipeline, "-o", output, env=environment)
    assert contents(output) == contents(undisturbed) and not leftovers(output) and lock_files(output) == []


def test_lock_files_of_steps(tiny, tmp_path):
    """Steps share the folder, and each has its own; a run waits for neither, but is refused."""
    pipeline, output, environment = write(tmp_path, TINY), tmp_path / "dataset", without_locks(tmp_path)
    steadyset("step", pipeline, "sample", "-o", output, env=environment)
    with held_in(output, "step", pipeline, "solve-00001", "-o", output, name="lock.held-*") as held:
        assert len(lock_files(output)) == 2
        refused("step", pipeline, "solve-00001", "-o", output, status=75, says="step solve-00001", env=environment)
        refused("run", pipeline, "-o", output, status=75, says="in use", env=environment)
        steadyset("step", pipeline, "solve-00002", "-o", output, env=environment)
        assert len(lock_files(output)) == 2
        assert held.let_go()[0] == 0
    assert lock_files(output) == []
    with held_in(output, "run", pipeline, "-o", output) as held:
        refused("step", pipeline, "solve-00003", "-o", output, status=75, says="in use", env=environment)
        assert held.let_go()[0] == 0
    assert contents(output) == contents(tiny) and lock_files(output) == []


def test_lock_file_of_another_machine(slow, tmp_path):
    """One that was renewed lately holds; one that was not for longer than the lease is nobody's, be it whole or cut off."""
    pipeline, undisturbed = slow
    output, environment = tmp_path / "dataset", without_locks(tmp_path)
    with held_in(output, "run", pipeline, "-o", output) as held:
        held.process.kill()
        held.process.wait()
    path = output / ".steadyset/lock.held"
    document = json.loads(path.read_text()) | {"host": "elsewhere", "boot": "another"}
    for text in (json.dumps(document), ""):
        path.write_text(text)
        refused("run", pipeline, "-o", output, status=75, says=["in use", "10 min"], env=environment)
        os.utime(path, (time.time() - 590, time.time() - 590))
        refused("run", pipeline, "-o", output, status=75, says="in use", env=environment)
        assert lock_files(output) == ["lock.held"]
        os.utime(path, (time.time() - 610, time.time() - 610))
        steadyset("run", pipeline, "-o", output, "--until", "sample", env=environment)
        assert lock_files(output) == []
    steadyset("run", pipeline, "-o", output, env=environment)
    assert contents(output) == contents(undisturbed)


def test_many_processes_without_locks(tiny, tmp_path):
    """Of those that come at once at most one works at a time; each ends well, or says that another works."""
    pipeline, output, environment = write(tmp_path, TINY), tmp_path / "dataset", without_locks(tmp_path)
    command = [BINARY, "run", pipeline, "-o", output, "--threads", "1"]
    statuses = []
    while 0 not in statuses:
        processes = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(6)]
        statuses = [process.wait(timeout=120) for process in processes]
        assert set(statuses) <= {0, 75}
    assert contents(output) == contents(tiny) and lock_files(output) == []


def test_lock_file_that_cannot_be_renewed(tmp_path):
    """Without a thread that renews it, it would be nobody's after a while: said, with what to do; nothing is left."""
    environment = without_locks(tmp_path) | {"FAULT_CALL": "lock,thread"}
    pipeline, output = write(tmp_path, TINY), tmp_path / "new/d"
    refused("run", pipeline, "-o", output, status=73, says=["no locks", "no thread", "--no-lock"], env=environment)
    assert not output.parent.exists()
    steadyset("run", pipeline, "-o", output, "--no-lock", env=environment)
    assert lock_files(output) == []


# Files that are seen late


def begun(tmp_path, until="solve"):
    pipeline, output = write(tmp_path, TINY), tmp_path / "dataset"
    steadyset("run", pipeline, "-o", output, "--until", until)
    return pipeline, output


def appears(hidden, *arguments):
    """Does a step while a file is not seen; it is there again when the step says that it waits."""
    away = hidden.with_name("away")
    hidden.rename(away)
    process = subprocess.Popen([BINARY, *map(str, arguments)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    said = first_line(process, "waits up to")
    assert str(hidden) in said
    away.rename(hidden)
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == 0, rest


def test_a_part_that_is_seen_late(tiny, tmp_path):
    """What a record names is waited for, unless the user says otherwise for no time at all."""
    pipeline, output = begun(tmp_path)
    (output / "solve/manifest.json").unlink()
    part = output / "solve/part-00002.h5"
    appears(part, "step", pipeline, "solve", "-o", output)
    steadyset("run", pipeline, "-o", output, "--until", "split")
    appears(part, "step", pipeline, "pack", "-o", output)
    assert contents(output) == contents(tiny)


def test_a_part_that_never_comes(tmp_path):
    pipeline, output = begun(tmp_path)
    (output / "solve/manifest.json").unlink()
    (output / "solve/part-00002.h5").unlink()
    said = refused("step", pipeline, "solve", "-o", output, "--wait", "0", status=66, says=["part-00002.h5", "within 0 s", "--wait"])
    assert "waits up to" not in said
    # A part that is cut off is not what its record says either.
    part = output / "solve/part-00001.h5"
    os.truncate(part, part.stat().st_size - 1)
    refused("step", pipeline, "solve", "-o", output, "--wait", "0", status=66, says="part-00001.h5")


def test_a_part_needs_its_own_files_alone(tmp_path):
    """It looks at no file of another part, of which there may be 10,000, each a question to a network file system."""
    pipeline, output = begun(tmp_path, until="sample")
    others = [f"configurations-{number:05}.jsonl" for number in (1, 2)]
    for name in others:
        (output / "sample" / name).rename(tmp_path / name)
    steadyset("step", pipeline, "solve-00000", "-o", output, "--wait", "0")
    refused("step", pipeline, "solve-00001", "-o", output, "--wait", "0", status=66, says=others[0])
    for name in others:
        (tmp_path / name).rename(output / "sample" / name)
    steadyset("run", pipeline, "-o", output)
    strace = shutil.which("strace")
    if strace is None:
        return
    (output / "solve/part-00000.h5").unlink()
    seen = tmp_path / "seen"
    command = [BINARY, "step", pipeline, "solve-00000", "-o", output]
    subprocess.run([strace, "-f", "-e", "trace=%file", "-o", seen, *command], check=True, capture_output=True)
    assert "configurations-00000" in seen.read_text() and not any(name in seen.read_text() for name in others)


def test_what_nobody_says_is_there(tmp_path):
    """A step that was not done is not waited for, unless the user says how long."""
    pipeline, output = begun(tmp_path, until="sample")
    said = refused("step", pipeline, "solve", "-o", output, status=66, says="solve-00000 is not done")
    assert "waits" not in said
    steadyset("run", pipeline, "-o", output, "--until", "split")
    appears(output / "split/manifest.json", "step", pipeline, "pack", "-o", output, "--wait", "60")
    appears(output / "sample/manifest.json", "step", pipeline, "solve-00000", "-o", output, "--wait", "60")
    refused("step", pipeline, "solve", "-o", output, "--wait", "-1", status=64, says="--wait")


# Mounts, quotas, permissions


def test_mounted_for_reading_only(tiny, tmp_path):
    """Who reads works; who writes says why it does not."""
    place = shutil.copytree(tiny, tmp_path / "dataset")
    pipeline = write(tmp_path, changed(TINY, sampling={"seed": 9}))
    script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 99; shift; exec "$@"'

    def mounted(*arguments):
        command = ["unshare", "-m", "sh", "-c", script, "sh", place, BINARY, *arguments]
        if os.geteuid() != 0:
            command[1:2] = ["-r", "-m"]
        result = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60)
        if result.returncode == 99:
            pytest.skip("nothing can be mounted here")
        return result

    for arguments in (["verify", place], ["show", place], ["status", place], ["log", place], ["plan", pipeline]):
        result = mounted(*arguments)
        assert result.returncode == 0, result.stderr
    for arguments in (["run", pipeline, "-o", place], ["gc", place, "--apply"], ["tag", place, "fine"]):
        result = mounted(*arguments)
        assert result.returncode == 73 and "mounted for reading only" in result.stderr, result.stderr
    assert contents(place) == contents(tiny)


@pytest.mark.parametrize("stage", ["sample", "solve", "pack"])
def test_a_quota_that_is_used_up(stage, tiny, tmp_path):
    pipeline, output = write(tmp_path, TINY), tmp_path / "dataset"
    # Shards have their own writes only where they are no parts.
    pipeline = write(tmp_path, changed(TINY, pack={"codec": "archive"})) if stage == "pack" else pipeline
    result = fault("run", pipeline, "-o", output, call="write", number=1, error=errno.EDQUOT, under=output / stage)
    assert result.returncode == 74 and "your quota" in result.stderr and "quota -s" in result.stderr, result.stderr
    assert not leftovers(output) and not (output / stage / "manifest.json").exists()
    steadyset("run", pipeline, "-o", output)
    if stage != "pack":
        assert ids(output) == ids(tiny)


@pytest.mark.parametrize("mask", [0o002, 0o077])
def test_permissions_follow_the_umask(mask, tmp_path):
    """Of every file and folder that a command makes, locks, logs, records and exports among them."""
    pipeline = write(tmp_path, changed(TAUGHT, train={"epochs": 2}, rounds={"count": 1, "add": 4, "pool": 20}))
    place = tmp_path / "place"
    place.mkdir()
    before = os.umask(mask)
    try:
        steadyset("run", pipeline, "-o", place / "d", "--log", place / "l", "--metrics", place / "m.json", "--report")
        steadyset("step", pipeline, "pack", "-o", place / "d")
        steadyset("export", "mds", place / "d", "-o", place / "mds")
        steadyset("export", "csv", place / "d", "-o", place / "c.csv")
        steadyset("tag", place / "d@round-1", "fine")
        steadyset("predict", "--model", place / "d", "--from", place / "d/sample/configurations-00000.jsonl", "-o", place / "p.h5")
        steadyset("run", pipeline, "-o", place / "e", "--until", "sample", env=without_locks(place))
    finally:
        os.umask(before)
    wrong = {}
    for path in place.rglob("*"):
        wanted = (0o777 if path.is_dir() else 0o666) & ~mask
        if (mode := stat.S_IMODE(path.lstat().st_mode)) != wanted:
            wrong[str(path.relative_to(place))] = oct(mode)
    assert not wrong
    assert list(place.rglob("*.lock"))


def test_a_group_that_shares_a_dataset(tmp_path):
    """One member begins, another goes on."""
    if os.geteuid() != 0:
        pytest.skip("only root can be several users")
    folder = tmp_path
    while folder != folder.parent and not folder.stat().st_mode & 0o001:
        folder.chmod(folder.stat().st_mode | 0o011)
        folder = folder.parent
    place = tmp_path / "shared"
    place.mkdir()
    os.chown(place, 0, 4242)
    place.chmod(0o2770)
    binary = shutil.copy(BINARY, tmp_path / "steadyset")
    pipeline = write(tmp_path, TINY)
    for user, until in ((4001, "sample"), (4002, "split"), (4001, "pack")):
        options = {"user": user, "group": 4242, "umask": 0o002, "binary": binary}
        steadyset("run", pipeline, "-o", place / "d", "--until", until, **options)
    assert "0 findings" in steadyset("verify", place / "d").stdout
