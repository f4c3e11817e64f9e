"""PyTorch's text, against a golden file and, where torch is installed, against PyTorch itself."""

from __future__ import annotations

import json
import time
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradcli.functions.results import ReturnTuple
from gradcli.lazy.dtypes import BY_NAME
from gradcli.lazy.shapes import Size
from gradcli.report.torch_text import format_value, represent_value, tensor_text
from tests.report.values import node, tensor

GOLDEN: list[dict[str, Any]] = json.loads(Path(__file__).with_name("golden_text.json").read_text(encoding="utf-8"))


def test_every_golden_case_has_pytorchs_text() -> None:
    assert len(GOLDEN) >= 400
    for case in GOLDEN:
        array = np.frombuffer(bytes.fromhex(case["hex"]), case["dtype"]).reshape(case["shape"])
        text = tensor_text(
            array,
            BY_NAME[case["dtype"]],
            grad_fn=case["grad_fn"],
            requires_grad=case["requires_grad"],
            default_dtype=BY_NAME[case["default_dtype"]],
        )
        assert text == case["text"]


ARRAYS = st.sampled_from(["float32", "float64", "float16", "int64", "uint8", "bool"]).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9))
)


@given(ARRAYS, st.booleans(), st.sampled_from(["float32", "float64"]))
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_array_has_the_text_of_the_installed_pytorch(array: np.ndarray, requires_grad: bool, default: str) -> None:
    torch = pytest.importorskip("torch")
    requires_grad = requires_grad and array.dtype.kind == "f"
    torch.set_default_dtype(getattr(torch, default))
    try:
        expected = repr(torch.from_numpy(array.copy()).requires_grad_(requires_grad))
    finally:
        torch.set_default_dtype(torch.float32)
    assert tensor_text(array, BY_NAME[str(array.dtype)], requires_grad=requires_grad, default_dtype=BY_NAME[default]) == expected


def test_named_results_are_laid_out_as_torch_return_types() -> None:
    result = ReturnTuple.of(
        "torch.return_types.max", ("values", "indices"), (tensor([[3.0, 1.5]], grad_fn=node("MaxBackward0")), tensor([[0, 1]]))
    )
    assert format_value(result) == (
        "torch.return_types.max(\nvalues=tensor([[3.0000, 1.5000]], grad_fn=<MaxBackward0>),\nindices=tensor([[0, 1]]))"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([], "[]"),
        ((), "()"),
        ((1,), "(1,)"),
        ([1, 2.5, True, None, "it's"], """[1, 2.5, True, None, "it's"]"""),
        ((Size([2, 2]), [BY_NAME["float32"]]), "(torch.Size([2, 2]), [torch.float32])"),
        (([], ((),), [[1], (2, 3)]), "([], ((),), [[1], (2, 3)])"),
        (slice(1, None, 2), "slice(1, None, 2)"),
        (1e22, "1e+22"),
        ([nan, -inf], "[nan, -inf]"),
        (Size([]), "torch.Size([])"),
    ],
)
def test_containers_and_numbers_are_written_as_python_writes_them(value: object, text: str) -> None:
    assert format_value(value) == represent_value(value) == text


def test_tensors_inside_containers_have_their_own_text() -> None:
    pair = [tensor(1.5), (tensor([1, 2]), "a")]
    assert format_value(pair) == "[tensor(1.5000), (tensor([1, 2]), 'a')]"


def test_a_string_is_shown_as_it_is_and_represented_with_quotes() -> None:
    assert format_value("a\n'b'") == "a\n'b'"
    assert represent_value("a\n'b'") == repr("a\n'b'")


def test_a_list_within_itself_is_cut_as_python_cuts_it() -> None:
    items: list[Any] = [1]
    items.append(items)
    shared = [0]
    assert represent_value(items) == repr(items)
    assert represent_value([shared, shared]) == "[[0], [0]]"


def test_containers_nested_beyond_the_recursion_limit_are_written() -> None:
    deep: list[Any] = []
    for _ in range(50_000):
        deep = [deep]
    assert represent_value(deep) == "[" * 50_001 + "]" * 50_001


def test_a_node_has_its_name_and_an_address() -> None:
    made = node("MulBackward0")
    assert format_value(made) == f"<MulBackward0 object at {id(made):#x}>"


def test_only_the_shown_elements_of_a_large_tensor_are_converted() -> None:
    large = np.broadcast_to(np.float32(0.5), (20_000, 50_000, 1000))
    started = time.perf_counter()
    text = tensor_text(large, BY_NAME["float32"])
    assert time.perf_counter() - started < 0.5
    assert text.startswith("tensor([[[0.5000, 0.5000, 0.5000,  ..., 0.5000, 0.5000, 0.5000],")


def test_containers_of_tensors_have_the_text_of_the_installed_pytorch() -> None:
    torch = pytest.importorskip("torch")
    values = [[0.5, 2.0, -1.25], [1.0, 1e-5, 3.0]]
    ours, theirs = tensor(values), torch.tensor(values)
    highest = ReturnTuple.of("torch.return_types.max", ("values", "indices"), (tensor([2.0, 3.0]), tensor([1, 2])))
    assert format_value(highest) == str(theirs.max(1))
    assert format_value([ours, (1, None)]) == str([theirs, (1, None)])
    assert represent_value((Size(theirs.shape),)) == repr((theirs.shape,))
