"""Tries what is in dist/ where neither Swift, compilers nor -dev packages are: in a bare root of Debian 12."""

import hashlib
import json
import os
import pathlib
import re
import subprocess

import bare_root
from make_wheel import DIST, tools, version
from static_build import REPOSITORY, SCRATCH, Failure

GOLDEN = REPOSITORY / "scripts/tests/golden/ids.json"
READ = """
import pathlib, steadyset
data = steadyset.open("/tmp/tiny")
sample = data.all[0]
assert sample.x.shape == sample.y.shape == (48, 40) and sample.y.max() > 0, sample
assert steadyset.__version__ == "{version}"
print(steadyset.command())
"""

ARCHIVE = """
import h5py, steadyset
with h5py.File("/tmp/archive/pack/train-00000.h5") as shard:
    assert (shard["y"][0] == steadyset.open("/tmp/archive").select("train")[0].y).all()
"""


def only(pattern):
    """Returns the one file in dist/ of a pattern, or None."""
    found = sorted(DIST.glob(pattern))
    return found[0] if found else None


def downloaded(root, wheel):
    """Puts what the wheel depends on into /wheels of the root, for the root's Python."""
    python = root.run("python3 -c 'import sys; print(*sys.version_info[:2], sep=\".\")'").strip()
    place = bare_root.PLACE / "wheels"
    command = [tools(), "-m", "pip", "download", "-q", "--disable-pip-version-check", "--only-binary=:all:"]
    subprocess.run([*command, "--python-version", python, "--dest", place, wheel], check=True)
    for path in place.glob("*.whl"):
        if not path.name.startswith("steadyset-"):
            root.put(path, "/wheels")
    root.put(wheel, "/wheels")


def bare(root):
    """The root has nothing that a build needs."""
    root.run("for name in swift clang gcc cc c++ make ld h5dump; do test -z \"$(command -v $name)\"; done")
    packages = root.run("dpkg-query -W -f '${Package}\\n'").split()
    wrong = [name for name in packages if name.endswith("-dev") or "hdf5" in name]
    if wrong:
        raise Failure(f"the bare root has {', '.join(wrong)}: remove {bare_root.PLACE}")


def makes_tiny(root, steadyset):
    """The program makes the dataset of tiny.yaml, every file as in the golden list, and finds it sound."""
    root.put(REPOSITORY / "pipelines/tiny.yaml", "/tmp")
    root.run(f"rm -rf /tmp/tiny; {steadyset} run /tmp/tiny.yaml -o /tmp/tiny; {steadyset} verify /tmp/tiny --resolve 5")
    golden = json.loads(GOLDEN.read_text())["made"]["tiny"]["files"]
    made = pathlib.Path(f"{root.path}/tmp/tiny")
    wrong = [
        name
        for name, digest in golden.items()
        if not (made / name).is_file() or hashlib.sha256((made / name).read_bytes()).hexdigest() != digest
    ]
    if wrong:
        raise Failure(f"{steadyset} in the bare root: not the bytes of the golden list: {', '.join(wrong)}")
    return len(golden)


def says_version(root, steadyset):
    said = root.run(f"{steadyset} --version").strip()
    if said.split()[:2] != ["steadyset", version()]:
        raise Failure(f"{steadyset} says {said}, not steadyset {version()}")
    root.run(f"{steadyset} doctor /tmp")


def wheel_works(root, wheel):
    root.run("python3 -m venv /opt/env; /opt/env/bin/pip install -q --no-index --find-links /wheels steadyset")
    says_version(root, "/opt/env/bin/steadyset")
    files = makes_tiny(root, "/opt/env/bin/steadyset")
    program = READ.format(version=version())
    for python, place in (("/opt/env/bin/python", "/opt/env/bin/steadyset"), ("PYTHONPATH=/opt/target python3", None)):
        if place is None:
            place = "/opt/target/bin/steadyset"
            root.run("/opt/env/bin/pip install -q --no-index --find-links /wheels --target /opt/target steadyset")
        said = root.run(f"{python} -c '{program}'").strip()
        if said != place:
            raise Failure(f"steadyset.command() is {said}, not {place}")
    root.run("rm -rf /tmp/archive; /opt/env/bin/steadyset run /tmp/tiny.yaml -o /tmp/archive --codec archive --until pack")
    root.run(f"/opt/env/bin/python -c '{ARCHIVE}'")
    root.run("/opt/env/bin/steadyset run quickstart -o /tmp/quick --dry-run")
    needed = sorted(re.findall(r"^\s*(\S+)", root.run("ldd /opt/env/bin/steadyset"), re.M))
    root.run("/opt/env/bin/pip uninstall -q -y steadyset")
    root.run("test ! -e /opt/env/bin/steadyset; test ! -e /opt/env/share/man/man1/steadyset.1.gz")
    print(f"{wheel.name}: installed, {files} files as in the golden list, verified, read")
    print(f"it loads {' '.join(needed)}", flush=True)


def package_works(root, package):
    root.put(package, "/tmp")
    root.run(f"dpkg -i /tmp/{package.name}; test \"$(command -v steadyset)\" = /usr/bin/steadyset")
    says_version(root, "steadyset")
    files = makes_tiny(root, "steadyset")
    root.run(
        "bash -c '. /usr/share/bash-completion/completions/steadyset; complete -p steadyset'\n"
        "test -s /usr/share/zsh/vendor-completions/_steadyset; test -s /usr/share/fish/vendor_completions.d/steadyset.fish\n"
        "gzip -dc /usr/share/man/man1/steadyset.1.gz | grep -q 'SS steadyset run'\n"
        "grep -q HDF5 /usr/share/doc/steadyset/copyright; dpkg --purge steadyset; test ! -e /usr/bin/steadyset"
    )
    print(f"{package.name}: installed, {files} files as in the golden list, verified, removed", flush=True)


def installation_works(root):
    """What scripts/install puts into a prefix works there, and is removed again."""
    command = [REPOSITORY / "scripts/install", "/opt/prefix"]
    subprocess.run(command, env=os.environ | {"DESTDIR": str(root.path)}, stdout=subprocess.DEVNULL, check=True)
    says_version(root, "/opt/prefix/bin/steadyset")
    files = makes_tiny(root, "/opt/prefix/bin/steadyset")
    root.run("bash -c '. /opt/prefix/share/bash-completion/completions/steadyset; complete -p steadyset'")
    command.insert(1, "--remove")
    subprocess.run(command, env=os.environ | {"DESTDIR": str(root.path)}, stdout=subprocess.DEVNULL, check=True)
    root.run("test -z \"$(ls -A /opt/prefix)\"")
    print(f"scripts/install: installed below a prefix, {files} files as in the golden list, verified, removed", flush=True)


def steps(text):
    """Yields the steps of a Containerfile, as (word, rest)."""
    for line in re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.M)).splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word, rest.strip()


def image_works(root, containerfile):
    """Does in a bare root what the Containerfile says, as no engine for containers is asked for; Python comes from /wheels."""
    folder, entry, arguments = "/", [], []
    root.environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/wheels"}
    for word, rest in steps(containerfile.read_text()):
        if word == "RUN":
            root.run(rest, network="apt-get" in rest, folder=folder)
        elif word == "COPY":
            pattern, target = rest.split()
            for path in REPOSITORY.glob(pattern):
                root.put(path, target)
        elif word == "ENV":
            name, _, value = rest.partition("=")
            root.environment[name] = value
        elif word == "WORKDIR":
            folder = rest
            pathlib.Path(f"{root.path}{folder}").mkdir(exist_ok=True)
        elif word == "ENTRYPOINT":
            entry = json.loads(rest)
        elif word == "CMD":
            arguments = json.loads(rest)
        elif (word, rest) != ("FROM", "debian:12-slim"):
            raise Failure(f"{containerfile}: the check knows no step '{word} {rest}'")
    command = " ".join(entry)
    if "USAGE: steadyset" not in root.run(" ".join([command, *arguments]), folder=folder):
        raise Failure(f"{containerfile}: the image's command does not print its usage")
    says_version(root, command)
    files = makes_tiny(root, command)
    print(f"{containerfile.name}: its steps done in a bare root, {files} files as in the golden list", flush=True)


def check():
    """Checks the wheel, the Containerfile with it, and the package of Debian where there is one."""
    wheel, package = only("*.whl"), only("*.deb")
    if wheel is None:
        raise Failure(f"there is no wheel in {DIST}: run scripts/wheel first")
    with bare_root.Root() as root:
        bare(root)
        downloaded(root, wheel)
        wheel_works(root, wheel)
        if package is not None:
            package_works(root, package)
        if (SCRATCH / "release/steadyset").is_file():
            installation_works(root)
    with bare_root.Root() as root:
        downloaded(root, wheel)
        image_works(root, REPOSITORY / "scripts/packaging/Containerfile")
