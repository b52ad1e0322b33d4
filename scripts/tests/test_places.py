"""Output folders that cannot be used: something else, no permission, no space."""

import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile

import pytest
from conftest import BINARY, SLOW, TINY, changed, contents, ids, leftovers, looks_finished, manifest, refused, steadyset, write


def test_folder_with_something_else(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home/thesis.tex").write_text("precious")
    refused("run", write(tmp_path, TINY), "-o", tmp_path / "home", status=73, says=["something else", "thesis.tex"])
    assert os.listdir(tmp_path / "home") == ["thesis.tex"]


def test_files_of_the_user_stay(tmp_path):
    """Files of other names in a stage's folder are never removed, not even when the stage is made anew."""
    output = tmp_path / "data"
    for stage in ("sample", "solve", "split", "pack"):
        (output / stage).mkdir(parents=True)
        (output / stage / "notes.csv").write_text("precious")
    for seed in (1, 2):
        steadyset("run", write(tmp_path, changed(TINY, sampling={"seed": seed})), "-o", output, "--replace")
        assert "0 findings" in steadyset("verify", output).stdout
    for stage in ("sample", "solve", "split", "pack"):
        assert (output / stage / "notes.csv").read_text() == "precious"


def test_published_dataset_goes_on(damaged, tiny, tmp_path):
    """A copy without the private folder, as one downloads it, is verified, and may be grown."""
    shutil.rmtree(damaged / ".steadyset")
    assert "0 findings" in steadyset("verify", damaged, "--resolve", "2").stdout
    steadyset("run", write(tmp_path, changed(TINY, sampling={"samples_per_stratum": 50})), "-o", damaged, expect=(0, 73))
    if manifest(damaged, "sample")["content"]["samples"] == 120:  # refused, as its solved samples cannot be trusted
        assert contents(damaged) == contents(tiny)
    else:
        assert "0 findings" in steadyset("verify", damaged).stdout


def test_file_instead_of_a_folder(tmp_path):
    pipeline = write(tmp_path, TINY)
    refused("run", pipeline, "-o", pipeline, status=73, says="is a file")
    refused("run", pipeline, "-o", pipeline / "below", status=(66, 73), says=str(pipeline))
    assert pipeline.read_text().startswith("format")


def test_empty_folder_and_trailing_slash(tiny, tmp_path):
    (tmp_path / "empty").mkdir()
    steadyset("run", write(tmp_path, TINY), "-o", f"{tmp_path / 'empty'}/")
    assert contents(tmp_path / "empty") == contents(tiny)
    # Relative, from the folder itself.
    steadyset("run", "pipeline.yaml", "-o", "relative", cwd=tmp_path)
    assert contents(tmp_path / "relative") == contents(tiny)
    assert "0 findings" in steadyset("verify", ".", cwd=tmp_path / "relative").stdout


@pytest.fixture
def public():
    """A folder that an unprivileged user can reach, with a copy of the binary."""
    folder = pathlib.Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    shutil.copy(BINARY, folder / "steadyset")
    yield folder
    shutil.rmtree(folder)


# Root may write anywhere, so a test run as root becomes nobody for this.
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}


def test_read_only_folder(public):
    pipeline = write(public, TINY)
    output = public / "dataset"
    output.mkdir()
    output.chmod(0o555)
    binary = public / "steadyset"
    refused("run", pipeline, "-o", output, status=73, says=[str(output), "ermission"], binary=binary, **NOBODY)
    refused("run", pipeline, "-o", output / "below", status=73, says=[str(output), "ermission"], binary=binary, **NOBODY)
    assert os.listdir(output) == []


def test_unreadable_input(public):
    pipeline = write(public, TINY)
    pipeline.chmod(0)
    refused(
        "run", pipeline, "-o", public / "d", status=66, says=[str(pipeline), "ermission"],
        binary=public / "steadyset", **NOBODY)  # fmt: skip


def test_reading_a_read_only_dataset(public, tiny):
    """A published dataset that may not be written can be verified and shown."""
    dataset = public / "dataset"
    shutil.copytree(tiny, dataset)
    for path in [dataset, *dataset.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    binary = public / "steadyset"
    assert "0 findings" in steadyset("verify", dataset, "--resolve", "2", binary=binary, **NOBODY).stdout
    assert "120 samples" in steadyset("show", dataset, binary=binary, **NOBODY).stdout
    for path in [dataset, *dataset.rglob("*")]:
        path.chmod(0o755)


def limited(size):
    """Lets files grow to `size` bytes; with SIGXFSZ ignored a write beyond that fails like on a full disk."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    return {"preexec_fn": limit, "restore_signals": False}


@pytest.mark.parametrize("size", [0, 100, 3000, 20_000, 60_000])
def test_files_that_cannot_grow(size, tiny, tmp_path):
    """Whichever file meets the limit first; afterwards the same command finishes."""
    pipeline, output = write(tmp_path, TINY), tmp_path / "dataset"
    error = refused("run", pipeline, "-o", output, status=74, says=[str(output), "too large", "ulimit -f"], **limited(size))
    assert "run the same command again" in error
    assert not leftovers(output)
    steadyset("verify", output, expect=(0, 66))
    steadyset("run", pipeline, "-o", output)
    assert contents(output) == contents(tiny)


FULL = """
mount -t tmpfs -o size=$1k tmpfs "$2" || exit 99
"$3" run "$4" -o "$2/dataset" --ignore-space > /dev/null; echo "first $?"
find "$2" -name '*.tmp'
"$3" verify "$2/dataset" > /dev/null 2>&1; echo "verify $?"
mount -o remount,size=200m "$2" || exit 99
"$3" run "$4" -o "$2/dataset" > /dev/null 2>&1; echo "second $?"
cp -r "$2/dataset" "$5"
"""


@pytest.mark.parametrize("kilobytes", [40, 300, 700, 1100])
def test_full_disk(kilobytes, tiny, tmp_path):
    """A file system without space, in each of the stages; after space was made the same command finishes."""
    (tmp_path / "disk").mkdir()
    command = ["unshare", "-rm", "sh", "-c", FULL, "sh", kilobytes, tmp_path / "disk", BINARY, write(tmp_path, TINY), tmp_path / "copy"]
    try:
        result = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
    except FileNotFoundError:
        pytest.skip("there is no unshare")
    if result.returncode == 99 or "unshare" in result.stderr:
        pytest.skip(f"no file system can be mounted here: {result.stderr.strip()}")
    said = result.stdout.splitlines()
    assert said[0] == "first 74", result.stdout + result.stderr
    assert said[1] in ("verify 0", "verify 66") and said[2] == "second 0", result.stdout
    errors = [line for line in result.stderr.splitlines() if "steadyset: error:" in line]
    assert len(errors) == 1 and "free some space" in errors[0] and str(tmp_path / "disk") in errors[0], result.stderr
    assert contents(tmp_path / "copy") == contents(tiny)


def test_a_reader_that_goes(tmp_path):
    """`show | head -1`, `plan | head -1`: a closed pipe is no crash."""
    pipeline = write(tmp_path, changed(SLOW, solver={"samples_per_part": 1}))
    command = f'"{BINARY}" plan "{pipeline}" | head -1; exit "${{PIPESTATUS[0]}}"'
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert result.returncode in (0, 141) and "Fatal" not in result.stderr and result.stdout == "{\n"


def test_ids_do_not_depend_on_places(tiny, tmp_path):
    (deep := tmp_path / "ä folder with späces/and more").mkdir(parents=True)
    steadyset("run", write(deep, TINY, "pipe line.yaml"), "-o", deep / "data set")
    assert ids(deep / "data set") == ids(tiny)
    assert not looks_finished(tmp_path / "ä folder with späces/nothing")
