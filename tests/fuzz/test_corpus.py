"""What fuzzing found stays found: the corpus is replayed, and each target tries a few new inputs."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from .mutations import mutated
from .targets import TARGETS, corpus

CORPUS = [(name, path) for name in TARGETS for path in corpus(name)]


@pytest.mark.parametrize("name", TARGETS)
def test_good_inputs_are_no_errors(name: str) -> None:
    for content in TARGETS[name].seeds():
        TARGETS[name].check(content)


@pytest.mark.parametrize(("name", "path"), CORPUS, ids=lambda part: part if isinstance(part, str) else part.name)
def test_what_was_found_once_ends_well(name: str, path: object) -> None:
    from pathlib import Path

    assert isinstance(path, Path)
    TARGETS[name].check(path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_a_few_new_inputs_end_well(name: str) -> None:
    target = TARGETS[name]
    trial = given(mutated(target.seeds(), target.pieces))(target.check)
    settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))(trial)()
