"""Some changes of every kind of input; `scripts/mutate` makes thousands."""

import os

import mutations
import pytest
from conftest import BINARY

SEED = int(os.environ.get("SEED", "1"))
CHANGES = int(os.environ.get("CHANGES", "8"))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return mutations.Base(BINARY, tmp_path_factory.mktemp("base"))


@pytest.mark.parametrize("kind", mutations.NAMES)
def test_changed_files(kind, base, tmp_path):
    trial = mutations.Trial(base, kind, tmp_path / "copy", SEED)
    problems = [problem for problem in (trial.perform() for _ in range(CHANGES)) if problem]
    assert not problems, f"seed {SEED}: " + "\n".join(problems)
