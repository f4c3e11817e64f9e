"""The same cases in both at once, with numbers drawn at random, where PyTorch is installed."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from gradcli.functions import NAMESPACES

from . import gradcli_side
from .cases import LEAVES, Case, Leaf
from .golden_files import golden
from .observation import differences
from .test_golden import cases

torch = pytest.importorskip("torch", reason="the live comparison needs PyTorch")

COMPARED = ("value", "grads", "backward_error")
SEEDS = (1,)


def scaled(values: Any, generator: random.Random) -> Any:
    """The same nested list with each number's size changed, so that its sign and its domain stay; equal numbers stay equal."""
    if isinstance(values, list):
        factors: dict[float, float] = {}
        return [
            scaled(value, generator)
            if isinstance(value, list)
            else value * factors.setdefault(value, round(generator.uniform(0.5, 1.1), 3))
            for value in values
        ]
    return values * round(generator.uniform(0.5, 1.1), 3)


def random_leaves(seed: int) -> dict[str, Leaf]:
    """The shared leaves with other numbers; integers and masks stay as they are, since indices and labels must fit."""
    generator = random.Random(seed)
    return {
        name: leaf._replace(values=scaled(leaf.values, generator)) if leaf.dtype.startswith("float") else leaf
        for name, leaf in LEAVES.items()
    }


@pytest.mark.parametrize("seed", SEEDS)
@cases()
def test_random_numbers_give_the_values_and_gradients_of_pytorch(case: Case, seed: int) -> None:
    from . import torch_side

    program = case.program(random_leaves(seed))
    expected = torch_side.observe(program)
    record = gradcli_side.observe(program)
    wanted = {aspect: expected[aspect] for aspect in COMPARED if aspect in expected}
    got = {aspect: record[aspect] for aspect in COMPARED if aspect in record}
    found = differences(wanted, got, precision=case.precision)
    assert not found, program + "\n" + "\n".join(found)


def test_the_golden_files_are_what_the_command_writes() -> None:
    from . import make_golden

    if not torch.__version__.startswith(make_golden.MADE_WITH):
        pytest.skip(f"the golden files are made with torch {make_golden.MADE_WITH}, this is {torch.__version__}")
    for name, make in make_golden.golden_files().items():
        records = make()
        assert list(records) == list(golden(name))
        assert not differences(golden(name), json.loads(json.dumps(records)))


#: Dropout in place, complex numbers, and what makes a tensor another one in place.
NOT_HERE = {
    *("alpha_dropout_", "dropout_", "feature_alpha_dropout_", "feature_dropout_"),
    *("as_strided_", "conj_physical_", "embedding_renorm_", "resize_as_", "resize_as_sparse_"),
}


@pytest.mark.parametrize("space", ["torch", "torch.nn.functional"])
def test_functions_of_pytorch_that_change_in_place_are_here(space: str) -> None:
    pytorchs = torch if space == "torch" else torch.nn.functional
    names = {name for name in dir(pytorchs) if name.endswith("_") and not name.startswith("_")}
    assert names - set(NAMESPACES[space]) == names & NOT_HERE
