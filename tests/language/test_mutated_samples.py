"""The samples with lines shuffled and characters changed run, or end with an error of ours that has a place and a text."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from gradcli.errors import GradcliError
from gradcli.report.diagnostics import error_text
from gradcli.session import Session

SAMPLES = sorted(Path(__file__).parents[2].glob("samples/*.grad"))
PROGRAMS = 150
TOKENS = """\
( ) [ ] : = += . , @ ** * - 1 0 -1 x y None True ' " # \\ \t ; f'{ }' e400 2**70 inf nan \0 \ufeff \u202e é .grad .data .T [0]
[None] .backward()
.sum() print( del assert not lambda if in range(3) torch.no_grad() ones(2) [] () range(10**9) zeros(10**6,10**6)"""


def mutated(source: random.Random, text: str) -> str:
    """A program made of a sample's lines, with a few pieces replaced. What loops without an end is left out."""
    lines = [line for line in text.split("\n") if "while" not in line]
    lines = source.choice([lines, lines[source.randrange(len(lines)) :], source.sample(lines, min(len(lines), 20))])
    text = "\n".join(lines)
    pieces = [*TOKENS.replace("\n", " ").split(" "), "\n", "\n    "]
    for _ in range(source.randint(0, 6)):
        start = source.randrange(len(text) + 1)
        text = text[:start] + source.choice(pieces) + text[start + source.choice([0, 0, 1, 2, 5, 30]) :]
    return text


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_changed_sample_runs_or_ends_with_an_error_that_has_a_place(sample: Path) -> None:
    source = random.Random(sample.stem)
    text = sample.read_text(encoding="utf-8")
    for _ in range(PROGRAMS // len(SAMPLES) + 1):
        program = mutated(source, text)
        if "range(10**9)" in program:  # a loop over it would take long
            program = program.replace("for ", "")
        printed: list[str] = []
        try:
            Session(write=printed.append).run(program)
        except GradcliError as error:
            assert error.source is not None and error.span is not None, program
            assert 0 <= error.span.start <= error.span.end <= len(error.source.text), program
            assert error_text(error).startswith("error: ")
