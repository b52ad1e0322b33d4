"""What scripts/wheel makes: with a small program in the place of the real one, and the wheel in dist/ where there is one.

`scripts/wheel --check` tries the real one in a bare root, which takes minutes and the right to make one.
"""

import base64
import csv
import email
import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import zipfile

import pytest
from packaging.metadata import Metadata

from conftest import BINARY, REPOSITORY, steadyset

sys.path.insert(0, str(REPOSITORY / "scripts/packaging"))
import check  # noqa: E402
import components  # noqa: E402
import make_deb  # noqa: E402
import make_wheel  # noqa: E402
import manual  # noqa: E402
import shared  # noqa: E402
import static_build  # noqa: E402

PART = components.Component("A library (static)", "1.2", "BSD-3-Clause", {"LICENSE": "As you like.\n"})
DUMP = {
    "abstract": "Makes a .\\ny.", "discussion": "It does.\n\n  -x  so\n\nEXIT STATUS\n  0 done", "commandName": "steadyset",
    "subcommands": [
        {
            "commandName": "go", "abstract": "Goes.", "discussion": ".dot\n\nExamples:\n  steadyset go -n", "arguments": [
                {"kind": "positional", "valueName": "path", "abstract": "The path."},
                {"kind": "option", "valueName": "n", "names": [{"kind": "short", "name": "n"}, {"kind": "long", "name": "number"}], "abstract": "How many.", "defaultValue": "3", "allValues": ["3", "4"]},
                {"kind": "flag", "valueName": "help", "names": [{"kind": "long", "name": "help"}], "abstract": "Show help."},
            ],
        },
        {"commandName": "hidden", "abstract": "Is not shown.", "shouldDisplay": False},
    ],
}  # fmt: skip
PROGRAM = f"""#!/bin/sh
case $1 in
--version) echo "steadyset VERSION (0123456789ab)" ;;
--experimental-dump-help) cat << 'END'
{json.dumps({"command": DUMP})}
END
;;
*) echo "completions for $2" ;;
esac
"""
# Read from wherever this package is: scripts/build puts it there.
PLUGIN = REPOSITORY / "scripts/python/steadyset/plugin/libh5steadyset.so"
NOTES = f"steadyset-{make_wheel.version()}.dist-info"


@pytest.fixture(scope="module")
def pure(tmp_path_factory):
    """The files of the Python package's own wheel."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(make_wheel, "tools", lambda: pathlib.Path(sys.executable))
        return make_wheel.pure(tmp_path_factory.mktemp("pure"))


@pytest.fixture
def program(pure, tmp_path, monkeypatch):
    """A script that answers like the program; packages are made in a folder of the test."""
    monkeypatch.setattr(make_wheel, "DIST", tmp_path / "dist")
    monkeypatch.setattr(make_deb, "DIST", tmp_path / "dist")
    monkeypatch.setattr(make_wheel, "pure", lambda folder: pure)
    monkeypatch.setattr(make_wheel, "audited", lambda path: "manylinux_2_35_x86_64")
    monkeypatch.setattr(make_deb, "depends", lambda folder, *binaries: "libc6 (>= 2.36)")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    path = tmp_path / "program"
    path.write_text(PROGRAM.replace("VERSION", make_wheel.version()))
    path.chmod(0o755)
    return path


def installed(wheel, prefix):
    """Installs a wheel without what it needs; returns its folder of packages."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--no-index"]
    subprocess.run([*command, "--ignore-installed", "--prefix", prefix, wheel], check=True)
    return next(prefix.glob("l*/python3*/site-packages"))


def found_by(site):
    """Returns what steadyset.command() of an installed package returns."""
    environment = {name: value for name, value in os.environ.items() if name != "STEADYSET"} | {"PYTHONPATH": str(site)}
    code = "import steadyset; print(steadyset.command(), end='')"
    return pathlib.Path(subprocess.check_output([sys.executable, "-c", code], env=environment, text=True))


def sound(path):
    """Checks a wheel: its list has every file with its digest, its metadata every licence, its name its tag."""
    with zipfile.ZipFile(path) as wheel:
        rows = {name: (digest, size) for name, digest, size in csv.reader(io.TextIOWrapper(wheel.open(f"{NOTES}/RECORD")))}
        assert sorted(rows) == sorted(wheel.namelist())
        for name in set(rows) - {f"{NOTES}/RECORD"}:
            data = wheel.read(name)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            assert rows[name] == (f"sha256={digest}", str(len(data))), name
        tag = email.message_from_bytes(wheel.read(f"{NOTES}/WHEEL"))["Tag"]
        assert path.name == f"steadyset-{make_wheel.version()}-{tag}.whl"
        Metadata.from_email(wheel.read(f"{NOTES}/METADATA"))  # throws where it is not what indexes take
        metadata = email.message_from_bytes(wheel.read(f"{NOTES}/METADATA"))
        assert metadata["Version"] == make_wheel.version() and "numpy>=1.24" in metadata.get_all("Requires-Dist")
        licences = {name for name in wheel.namelist() if name.startswith(f"{NOTES}/licenses/")}
        assert {f"{NOTES}/licenses/{name}" for name in metadata.get_all("License-File")} == licences
        assert f"{NOTES}/licenses/COMPONENTS.md" in licences
        assert len({entry.date_time for entry in wheel.infolist()}) == 1
        modes = {entry.filename: entry.external_attr >> 16 for entry in wheel.infolist()}
        native = [name for name, mode in modes.items() if mode & stat.S_IXUSR]
        plugin = "steadyset/plugin/libh5steadyset.so"
        assert sorted(native) == [f"steadyset-{make_wheel.version()}.data/scripts/steadyset", plugin]
        assert [name for name in wheel.namelist() if name.startswith("steadyset/plugin/")] == [plugin]
        codecs = wheel.read(f"{NOTES}/entry_points.txt").decode().split("[numcodecs.codecs]\n")[1]
        assert codecs.splitlines()[0] == "steadyset-archive = steadyset.codec:ArchiveCodec"
        return wheel.read(f"steadyset-{make_wheel.version()}.data/scripts/steadyset"), metadata


def test_one_version():
    """The command, the Python package, and with it wheel and package, have the same."""
    assert steadyset("--version").stdout.split()[:2] == ["steadyset", make_wheel.version()]
    project = (REPOSITORY / "scripts/python/pyproject.toml").read_text()
    assert 'dynamic = ["version"]' in project and "\nversion =" not in project.partition("[tool.")[0]


def test_a_wheel_installs_command_and_package(program, tmp_path):
    wheel = make_wheel.make(program, PLUGIN, [PART])
    data, metadata = sound(wheel)
    assert data == program.read_bytes()
    assert metadata["License-Expression"] == "Apache-2.0 AND BSD-3-Clause"
    assert os.listdir(tmp_path / "dist") == [wheel.name], "nothing else is left"
    site = installed(wheel, tmp_path / "prefix")
    command = tmp_path / "prefix/bin/steadyset"
    assert subprocess.check_output([command, "--version"], text=True) == f"steadyset {make_wheel.version()} (0123456789ab)\n"
    for name, data in shared.files(program, make_wheel.version(), make_wheel.epoch()).items():
        assert (tmp_path / "prefix" / name).read_bytes() == data, name
    assert (site / NOTES / "licenses/A-library-static/LICENSE").read_text() == "As you like.\n"
    assert found_by(site) == command
    for name in ("report", "look"):
        said = subprocess.check_output([command.with_name(f"steadyset-{name}"), "--help"], text=True, env=environment(site))
        assert said.startswith(f"usage: steadyset {name} ")
    assert (site / "steadyset/plugin/libh5steadyset.so").read_bytes() == PLUGIN.read_bytes()


def environment(site):
    """Of a process that has an installed package, and no program but its own."""
    removed = ("STEADYSET", "PYTHONPATH", "HDF5_PLUGIN_PATH")
    kept = {name: value for name, value in os.environ.items() if name not in removed}
    return kept | {"PYTHONPATH": str(site), "PATH": "/usr/bin:/bin"}


READ = """
import sys
import h5py, hdf5plugin, numcodecs, steadyset
with h5py.File(sys.argv[1]) as shard:
    y, physics = shard["y"][0], shard.attrs["physics"]
    chunk = shard["y"].id.read_direct_chunk((0, 0, 0))[1]
codec = numcodecs.get_codec({"id": "steadyset-archive", "physics": __import__("json").loads(physics), "grid_bits": 20})
assert codec.decode(chunk).tobytes() == y.tobytes()
print(y.sum())
"""


@pytest.mark.parametrize("target", [False, True])
def test_plugin_and_codec_of_a_wheel(pure, tmp_path, monkeypatch, target):
    """Both find the program of their wheel, installed in a prefix and by --target; the codec is found by its name."""
    monkeypatch.setattr(make_wheel, "DIST", tmp_path / "dist")
    monkeypatch.setattr(make_wheel, "pure", lambda folder: pure)
    monkeypatch.setattr(make_wheel, "audited", lambda path: "manylinux_2_35_x86_64")
    script = tmp_path / "program"
    # make_wheel asks it for its version.
    script.write_text(f'#!/bin/sh\nexec "{BINARY}" "$@"\n')
    script.chmod(0o755)
    wheel = make_wheel.make(script, PLUGIN, [PART])
    if target:
        site = tmp_path / "target"
        command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--no-index"]
        subprocess.run([*command, "--target", site, wheel], check=True)
    else:
        site = installed(wheel, tmp_path / "prefix")
    steadyset("run", REPOSITORY / "pipelines/tiny.yaml", "-o", tmp_path / "tiny", "--codec", "archive", "--until", "pack")
    shard = tmp_path / "tiny/pack/test-00000.h5"
    assert float(subprocess.check_output([sys.executable, "-c", READ, shard], env=environment(site), text=True)) > 0


def test_the_same_tree_gives_the_same_bytes(program):
    first = [make(program, PLUGIN, [PART]).read_bytes() for make in (make_wheel.make, make_deb.make)]
    os.utime(program, (1, 1))
    assert [make(program, PLUGIN, [PART]).read_bytes() for make in (make_wheel.make, make_deb.make)] == first


def test_a_program_of_another_version_is_refused(program, tmp_path):
    program.write_text(PROGRAM.replace("VERSION", "9.9.9"))
    with pytest.raises(static_build.Failure, match=r"9\.9\.9.*change one"):
        make_wheel.make(program, PLUGIN, [PART])
    assert not (tmp_path / "dist").exists()


def test_a_wheel_too_large_leaves_the_old_one(program, monkeypatch):
    wheel = make_wheel.make(program, PLUGIN, [PART])
    before = wheel.read_bytes()
    monkeypatch.setattr(make_wheel, "LARGEST", 1000)
    program.write_text(program.read_text() + "# new\n")
    with pytest.raises(static_build.Failure, match="1000 are the most"):
        make_wheel.make(program, PLUGIN, [PART])
    assert [path.read_bytes() for path in wheel.parent.iterdir()] == [before]


def test_what_needs_other_libraries_is_refused(tmp_path, monkeypatch):
    said = {"overall_tag": "manylinux_2_35_x86_64", "external_libs": {"libcurl.so.4": None}}
    tool = tmp_path / "python"
    tool.write_text(f"#!/bin/sh\necho '{json.dumps(said)}'\n")
    tool.chmod(0o755)
    monkeypatch.setattr(make_wheel, "tools", lambda: tool)
    with pytest.raises(static_build.Failure, match="libcurl"):
        make_wheel.audited(tmp_path / "a.whl")


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="no dpkg here")
def test_a_package_of_debian(program, tmp_path):
    package = make_deb.make(program, PLUGIN, [PART])
    fields = subprocess.check_output(["dpkg-deb", "--field", package], text=True)
    assert f"Version: {make_wheel.version()}\n" in fields and "Depends: libc6 (>= 2.36)\n" in fields
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path / "root"], check=True)
    root = tmp_path / "root"
    assert os.access(root / "usr/bin/steadyset", os.X_OK)
    assert (root / make_deb.PLUGIN).read_bytes() == PLUGIN.read_bytes() and not os.access(root / make_deb.PLUGIN, os.X_OK)
    for shell, name in shared.COMPLETIONS.items():
        place = root / "usr" / make_deb.PLACES.get(name, name)
        assert place.read_text() == f"completions for {shell}\n" and not os.access(place, os.X_OK)
    assert b".SS steadyset go" in gzip.decompress((root / "usr" / shared.MANUAL).read_bytes())
    text = (root / "usr/share/doc/steadyset/copyright").read_text()
    assert "| A library (static) | 1.2 | BSD-3-Clause |" in text and "As you like." in text and "Apache License" in text
    listed = subprocess.check_output(["dpkg-deb", "--contents", package], text=True)
    assert all(line.split()[1] == "root/root" for line in listed.splitlines())


def test_the_page_of_the_manual(program):
    """All that help says, in the form of man(7); what looks like a request of troff is none."""
    page = manual.page(program, "1.2", 0).decode()
    assert page.startswith("'\\\" -*- coding: UTF-8 -*-\n.TH STEADYSET 1 \"1970-01-01\" \"steadyset 1.2\"")
    for words in ("steadyset \\- Makes a .\\eny.\n", ".nf\n  \\-x  so\n.fi", ".SS steadyset go\nGoes.\n", "\n\\&.dot\n",
                  ".B <path>\nThe path.\n", ".B \\-n, \\-\\-number <n>\nHow many. (values: 3, 4) (default: 3)\n", "  0 done"):  # fmt: skip
        assert words in page, words
    assert "hidden" not in page and "Show help" not in page
    if shutil.which("groff"):
        said = subprocess.run(["groff", "-man", "-Kutf8", "-Tutf8", "-ww", "-z"], input=manual.page(BINARY, "1.2", 0), capture_output=True)
        assert said.returncode == 0 and not said.stderr, said.stderr


def install(*arguments, expect=0, **variables):
    command = [sys.executable, REPOSITORY / "scripts/install", *arguments]
    said = subprocess.run(command, capture_output=True, text=True, env=os.environ | variables)
    assert said.returncode == expect, said.stderr
    return said


@pytest.mark.parametrize("staged", [False, True])
def test_installing_below_a_prefix(program, tmp_path, staged):
    """What is needed is there, nothing else is, and it goes without a trace; a DESTDIR stands before the prefix."""
    prefix = tmp_path / "my prefix"
    variables = {"DESTDIR": str(tmp_path / "stage")} if staged else {}
    root = pathlib.Path(f"{tmp_path}/stage{prefix}") if staged else prefix
    (root / "share").mkdir(parents=True)
    (root / "share/mine").write_text("precious")
    for _ in range(2):
        said = install("--program", program, prefix, **variables).stdout
    there = {str(path) for path in root.rglob("*") if path.is_file()} - {str(root / "share/mine")}
    assert {line for line in said.splitlines() if line.startswith("/")} == there
    for name in ("bin/steadyset", shared.MANUAL, *shared.COMPLETIONS.values()):
        assert str(root / name) in there
    assert (root / "bin/steadyset").read_bytes() == program.read_bytes() and os.access(root / "bin/steadyset", os.X_OK)
    assert f"HDF5_PLUGIN_PATH={prefix}/lib/steadyset/plugin" in said
    install("--remove", prefix, **variables)
    assert [str(path.relative_to(root)) for path in root.rglob("*")] == ["share", "share/mine"]
    assert "is not known" in install("--remove", prefix, expect=1, **variables).stderr


def test_nothing_to_install(tmp_path):
    said = install("--program", tmp_path / "none", tmp_path / "prefix", expect=1)
    assert f"there is no {tmp_path}/none" in said.stderr and os.listdir(tmp_path) == []


def test_completions_of_the_program():
    """The shells that are here take what the program makes, and offer its commands."""
    made = shared.files(BINARY, make_wheel.version(), 0)
    for shell, place in shared.COMPLETIONS.items():
        text = made[place].decode()
        assert "doctor" in text and "resample" in text and "read-predictions" not in text
        if shutil.which(shell):
            subprocess.run([shell, "-n", "/dev/stdin"], input=text, text=True, check=True)
    ask = 'COMP_WORDS=(steadyset do); COMP_CWORD=1; COMP_LINE="steadyset do"; COMP_POINT=12; _steadyset steadyset do steadyset; echo "${COMPREPLY[@]}"'
    said = subprocess.run(["bash", "-c", made[shared.COMPLETIONS["bash"]].decode() + "\n" + ask], capture_output=True, text=True)
    assert said.stdout.strip() == "doctor", said.stderr


def committed(folder, *commands):
    """Runs commands of git in a folder, as somebody."""
    for command in commands:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *command], cwd=folder, check=True, capture_output=True)


SAYS = '#include "commit.h"\n#include <stdio.h>\nint main(void) { const char *c = steadyset_commit_or_null(); puts(c ? c : "none"); }\n'


@pytest.mark.skipif(not shutil.which("git") or not shutil.which("cc"), reason="no git or no C compiler here")
def test_the_commit_of_a_tree(tmp_path):
    """What is linked with scripts/commit says the commit, and whether files differ from it; without a checkout nothing."""
    tree = tmp_path / "outer/tree"
    (tree / "scripts").mkdir(parents=True)
    shutil.copy(REPOSITORY / "scripts/commit", tree / "scripts")
    (tmp_path / "main.c").write_text(SAYS)
    source = REPOSITORY / "Sources/CCommit"

    def says():
        made = subprocess.check_output([tree / "scripts/commit", tmp_path / "objects"], text=True).split("\n")[0]
        program = tmp_path / "program"
        objects = [made] if made else []
        subprocess.run(["cc", "-fPIE", "-pie", "-I", source / "include", tmp_path / "main.c", source / "commit.c", *objects, "-o", program], check=True)
        assert [str(path) for path in (tmp_path / "objects").iterdir()] == objects or not objects
        return subprocess.check_output([program], text=True).strip()

    assert says() == "none"
    # A checkout around it is another project's.
    committed(tmp_path / "outer", ["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "other"])
    assert says() == "none"
    committed(tree, ["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"])
    first = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=tree, text=True)[:12]
    assert says() == first
    (tree / "untracked").write_text("")
    assert says() == first
    with open(tree / "scripts/commit", "a") as file:
        file.write("# changed\n")
    assert says() == f"{first}, changed"
    committed(tree, ["commit", "-q", "-a", "-m", "second"])
    assert re.fullmatch("[0-9a-f]{12}", says()) and says() != first


def test_a_module_of_unknown_licence_is_refused(monkeypatch):
    monkeypatch.setattr(components, "linked_modules", lambda: {"Fields", "Yams", "Stranger"})
    with pytest.raises(static_build.Failure, match="unknown licence are linked: Stranger:"):
        list(components.packages())


def test_missing_archives_are_named(tmp_path, monkeypatch):
    for name, answer in (("pkg-config", ""), ("clang", "$(echo $1 | sed s/.*=//)")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {answer}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(static_build.Failure, match=r"libhdf5\.a, .*libzstd\.a.*apt-get install"):
        static_build.archives()


@pytest.mark.parametrize("clang", [True, False])
def test_archives_of_a_build(tmp_path, clang):
    """scripts/build gets a description of HDF5's archive; nothing where one of the archives is not found, or nothing to find it."""
    script = REPOSITORY / "scripts/packaging/static_build.py"
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("pkg-config", *(["clang"] if clang else [])):
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"there is no {name}")
        (programs / name).symlink_to(found)
    said = subprocess.run(
        [sys.executable, script, tmp_path / "libraries", "hdf5"], env={"PATH": str(programs)}, capture_output=True, text=True
    )
    assert (said.returncode, said.stderr) == (0, "")
    if clang:
        assert said.stdout.strip() == str(tmp_path / "libraries/pkgconfig")
        assert "-lhdf5 -lsz -laec -lz" in (tmp_path / "libraries/pkgconfig/hdf5.pc").read_text()
        assert all(path.is_file() for path in (tmp_path / "libraries/archives").iterdir())
    else:
        assert said.stdout == "" and not (tmp_path / "libraries").exists()


def test_the_article_lists_what_is_linked():
    article = (REPOSITORY / "Sources/steadyset/Documentation.docc/Installation.md").read_text()
    listed = set(re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", article.partition("## What is in it")[2], re.M))
    expected = {(name, licence) for name, _, licence, _ in components.PACKAGES.values()} | set(components.SYSTEM.values())
    expected |= {
        ("Swift standard library, Foundation, Dispatch", "Apache-2.0 WITH Swift-exception"),
        ("ICU (in Foundation)", "Unicode-3.0"),
    }
    assert listed - {("component", "licence"), ("---", "---")} == expected


def test_steps_of_the_containerfile_are_known():
    found = list(check.steps((REPOSITORY / "scripts/packaging/Containerfile").read_text()))
    assert [word for word, _ in found] == ["FROM", "RUN", "COPY", "RUN", "ENV", "WORKDIR", "ENTRYPOINT", "CMD"]
    assert dict(found)["COPY"].split()[0] == "dist/*.whl"


@pytest.fixture
def built():
    """The wheel in dist/; the test is skipped where there is none, or one of another tree."""
    wheel = check.only("*.whl")
    if wheel is None:
        pytest.skip("there is no wheel in dist/: scripts/wheel")
    package = REPOSITORY / "scripts/python/steadyset"
    with zipfile.ZipFile(wheel) as opened:
        here = {f"steadyset/{path.relative_to(package)}": path.read_bytes() for path in package.rglob("*.py")}
        if {name: opened.read(name) for name in opened.namelist() if name.endswith(".py")} != here:
            pytest.skip("the wheel in dist/ is of another tree: scripts/wheel")
    return wheel


def test_the_wheel_in_dist(built, tmp_path):
    data, _ = sound(built)
    assert built.stat().st_size <= make_wheel.LARGEST
    assert data.startswith(b"\x7fELF") and str(REPOSITORY).encode() not in data
    site = installed(built, tmp_path / "prefix")
    program = tmp_path / "prefix/bin/steadyset"
    assert found_by(site) == program
    steadyset("run", REPOSITORY / "pipelines/tiny.yaml", "-o", tmp_path / "tiny", binary=program)
    steadyset("verify", tmp_path / "tiny", "--resolve", 5, binary=program)
    golden = json.loads(check.GOLDEN.read_text())["made"]["tiny"]["manifests"]
    for name, members in golden.items():
        assert json.loads((tmp_path / "tiny" / name).read_text())["id"] == members["id"], name
