"""`steadyset doctor`: what it finds on this machine and in folders, whole and broken."""

import errno
import json
import os
import pty
import re
import resource
import subprocess
import sys

import pytest
from conftest import BINARY, REPOSITORY, TINY, steadyset, write
from faults import SOURCE, fault, library
from test_docs import ARTICLES, table
from test_places import NOBODY, public  # noqa: F401 - a fixture

STATES = {"fine": "fine ", "note": "note ", "wrong": "WRONG"}
OF_A_FOLDER = {"writing", "links", "names", "locks", "clock"}


def doctor(folder, expect=0, **options):
    """Returns the findings as {subject: [finding]}."""
    return findings(steadyset("doctor", folder, "--json", expect=expect, **options))


def findings(result):
    answer = json.loads(result.stdout)
    assert answer["sound"] is all(finding["state"] != "wrong" for finding in answer["findings"]) is (result.returncode == 0)
    found = {}
    for finding in answer["findings"]:
        assert (finding["state"] == "fine") is (finding["advice"] is None) and finding["found"]
        found.setdefault(finding["subject"], []).append(finding)
    return found


def states(found, subject):
    return [finding["state"] for finding in found[subject]]


def test_a_sound_folder(tmp_path):
    """Everything is looked at, nothing is wrong, and nothing is left."""
    found = doctor(tmp_path)
    assert list(found) == [row[0].strip("`") for row in table(ARTICLES["Installation"], "subject")]
    assert all(states(found, subject) == ["fine"] for subject in OF_A_FOLDER | {"processor", "folder", "variables"}), found
    assert os.listdir(tmp_path) == []
    said = steadyset("doctor", cwd=tmp_path).stdout.splitlines()
    lines = [line for line in said if re.match("fine |note |WRONG", line)]
    assert [(line[:5], line[7:].split()[0]) for line in lines] == [
        (STATES[finding["state"]], subject) for subject, several in found.items() for finding in several
    ]
    assert re.fullmatch(rf"sound: {len(lines)} findings, \d+ notes?, 0 wrong", said[-1])


def test_the_folder_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("precious")
    for place in (tmp_path / "none", tmp_path / "file"):
        found = doctor(place, expect=1)
        assert states(found, "folder") == ["wrong"] and not OF_A_FOLDER & set(found)
    assert "WRONG  folder" in steadyset("doctor", tmp_path / "none", expect=1).stdout
    assert os.listdir(tmp_path) == ["file"]


def test_a_read_only_folder(public):  # noqa: F811
    place = public / "readable"
    place.mkdir(mode=0o555)
    found = doctor(place, expect=1, binary=public / "steadyset", **NOBODY)
    assert states(found, "folder") == ["wrong"] and "ermission" in found["folder"][0]["found"]
    assert not OF_A_FOLDER & set(found) and os.listdir(place) == []


@pytest.mark.parametrize("call, error, subject, state", [
    ("lock", errno.ENOLCK, "locks", "note"), ("sync", errno.EIO, "writing", "wrong"),
    ("write", errno.ENOSPC, "writing", "wrong"), ("rename", errno.EPERM, "writing", "wrong"),
    ("link", errno.EPERM, "links", "note"), ("link", errno.EIO, "links", "wrong"),
])  # fmt: skip
def test_a_file_system_that_lacks_something(call, error, subject, state, tmp_path):
    found = findings(fault("doctor", tmp_path, "--json", call=call, number=1, error=error, under=tmp_path, always=True))
    assert state in states(found, subject), found
    assert os.listdir(tmp_path) == []
    if call == "lock":
        assert "lock files take their place" in found["locks"][0]["found"]


SMALL = 'mount -t tmpfs -o "$1" tmpfs "$2" || exit 99; "$3" doctor "$2" --json; status=$?; ls -A "$2"; exit $status'


@pytest.mark.parametrize("options, state", [("size=4m", "wrong"), ("size=200m", "note"), ("nr_inodes=60", "wrong")])
def test_a_small_disk(options, state, tmp_path):
    (tmp_path / "disk").mkdir()
    command = ["unshare", "-rm", "sh", "-c", SMALL, "sh", options, tmp_path / "disk", BINARY]
    try:
        result = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no unshare")
    if result.returncode == 99 or "unshare" in result.stderr:
        pytest.skip(f"no file system can be mounted here: {result.stderr.strip()}")
    found = findings(result)  # a name of a file after the JSON would be no JSON
    assert states(found, "space") == [state] and "tmpfs at" in found["folder"][0]["found"]


@pytest.mark.parametrize("limit, value, state", [("NOFILE", 40, "wrong"), ("NOFILE", 200, "note"), ("FSIZE", 1 << 20, "note")])
def test_limits_of_the_process(limit, value, state, tmp_path):
    number = getattr(resource, f"RLIMIT_{limit}")
    found = doctor(tmp_path, expect=(0, 1), preexec_fn=lambda: resource.setrlimit(number, (value, value)))
    assert states(found, "limits") == [state]


def test_cores_that_the_process_may_not_use(tmp_path):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("there is one core alone")
    found = doctor(tmp_path, preexec_fn=lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}))
    assert found["cores"][0]["found"].startswith("1 of ") and found["cores"][0]["found"].endswith("is given: 1")


def test_threads_are_as_many_as_cores_that_may_be_used(tmp_path):
    """A cluster pins a job to some cores of a large machine: no more threads than these."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("there is one core alone")
    path = write(tmp_path, TINY)
    threads = {}
    for name, cores in (("one", 1), ("all", len(os.sched_getaffinity(0)))):
        chosen = sorted(os.sched_getaffinity(0))[:cores]
        steadyset("run", path, "-o", tmp_path / name, preexec_fn=lambda chosen=chosen: os.sched_setaffinity(0, chosen))
        threads[name] = json.loads((tmp_path / name / "solve/provenance.json").read_text())["threads"]
    assert threads == {"one": 1, "all": len(os.sched_getaffinity(0))}


@pytest.mark.parametrize("variable, value, state", [
    ("OMP_NUM_THREADS", "4096", "note"), ("OMP_NUM_THREADS", "1,4", "fine"), ("MKL_NUM_THREADS", "many", "wrong"),
    ("STEADYSET", "/nowhere/steadyset", "wrong"), ("TMPDIR", "/nowhere", "wrong"), ("STEADYSET", "", "fine"),
])  # fmt: skip
def test_variables(variable, value, state, tmp_path):
    found = doctor(tmp_path, expect=(0, 1), env=os.environ | {variable: value})
    assert state in states(found, "variables")
    if state != "fine":
        assert any(variable in finding["found"] for finding in found["variables"])


def test_a_clock_that_is_wrong(tmp_path):
    """Hours before the file system's, and years before this program."""
    for past, state in ((-7200, "note"), (-300_000_000, "wrong")):
        environment = os.environ | {"LD_PRELOAD": str(library(SOURCE.with_name("clock.c"))), "CLOCK_OFF": str(past)}
        found = doctor(tmp_path, expect=(0, 1), env=environment)
        assert states(found, "clock") == [state], found


def programs(folder, **scripts):
    """An environment whose PATH has nothing but these scripts of the shell."""
    folder.mkdir()
    for name, text in scripts.items():
        path = folder / name.replace("_", "-")
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    return os.environ | {"PATH": str(folder)}


def test_the_python_package(tmp_path):
    """The one here is of this version; others, and none, are told apart."""
    own = f'exec "{sys.executable}" "$@"'
    version = steadyset("--version").stdout.split()[1]
    for name, script, state, word in (
        ("own", own, "fine", f"has steadyset {version}"),
        ("other", "echo 3.12; echo 9.9.9", "wrong", "9.9.9"),
        ("without", "echo 3.12; exit 1", "note", "cannot import"),
        ("old", "echo 3.6", "note", "Python 3.6"),
        ("broken", "exit 127", "note", "does not run"),
    ):
        found = doctor(tmp_path, expect=(0, 1), env=programs(tmp_path / name, python3=script))
        assert states(found, "python") == [state] and word in found["python"][0]["found"], name
    found = doctor(tmp_path, env=programs(tmp_path / "empty"))
    assert states(found, "python") == states(found, "companions") == ["note"]


def test_companions(tmp_path):
    """Those of this package say the version of the command; another version is wrong."""
    own = {
        "steadyset_look": f'exec "{sys.executable}" -m steadyset.look "$@"',
        "steadyset_report": f'exec "{sys.executable}" -m steadyset.report "$@"',
        **{f"steadyset_{name}": f'exec "{sys.executable}" -m steadyset.transfer {name} "$@"' for name in ("push", "pull", "sync")},
        "steadyset_remote": f"""exec "{sys.executable}" -c 'from steadyset.transfer.__main__ import run_remote; run_remote()' "$@" """,
    }
    found = doctor(tmp_path, env=programs(tmp_path / "own", **own))
    assert states(found, "companions") == ["fine"], found
    mixed = {"steadyset_look": own["steadyset_look"], "steadyset_push": "echo steadyset push 9.9.9"}
    found = doctor(tmp_path, expect=1, env=programs(tmp_path / "mixed", **mixed))
    assert states(found, "companions") == ["fine", "wrong", "note"]
    assert "9.9.9" in found["companions"][1]["found"] and "steadyset-sync" in found["companions"][2]["found"]


def on_a_terminal(*arguments, **variables):
    """What the command writes where standard output is a terminal."""
    controller, terminal = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")} | variables
    process = subprocess.Popen([BINARY, *map(str, arguments)], stdout=terminal, stderr=terminal, env=environment)
    os.close(terminal)
    said = b""
    try:
        while data := os.read(controller, 65536):
            said += data
    except OSError:  # the terminal's other end was closed
        pass
    os.close(controller)
    process.wait()
    return said.decode()


def test_colours_on_a_terminal_alone(tmp_path):
    """Words are coloured on a terminal that has colours, unless NO_COLOR says otherwise; errors too."""
    assert "\x1b[32mfine \x1b[0m  folder" in on_a_terminal("doctor", tmp_path, TERM="xterm", NO_COLOR="")
    wrong = ("show", tmp_path / "none")
    assert "\x1b[31msteadyset: error:\x1b[0m " in on_a_terminal(*wrong, TERM="xterm")
    for variables in ({"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb"}, {}):
        for arguments in (("doctor", tmp_path), wrong):
            said = on_a_terminal(*arguments, **variables)
            assert not re.search(r"\x1b\[\d*m", said) and ("fine   folder" in said or "steadyset: error: " in said)
    assert "\x1b" not in steadyset("doctor", tmp_path, env=os.environ | {"TERM": "xterm"}).stdout
