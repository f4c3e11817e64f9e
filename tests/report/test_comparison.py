"""Differences of results: absolute, and in numbers of the dtype that lie between."""

from __future__ import annotations

import numpy as np
import pytest

from gradcli.errors import Source
from gradcli.report.comparison import comparison_record, comparison_segments, differences, ulps_apart


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_neighbours_are_one_ulp_apart_everywhere(dtype: type) -> None:
    info = np.finfo(dtype)
    some = np.array([0.0, -0.0, 1.0, -1.0, info.tiny, -info.tiny, info.smallest_subnormal, 0.1, -info.max], dtype)
    assert (ulps_apart(some, np.nextafter(some, dtype(np.inf))) == 1).all()
    assert (ulps_apart(some, some) == 0).all()


def test_both_zeros_are_the_same_number() -> None:
    assert ulps_apart(np.array([0.0]), np.array([-0.0])).tolist() == [0]


def test_the_lowest_and_the_highest_float64_do_not_wrap_around() -> None:
    largest = np.finfo(np.float64).max
    assert ulps_apart(np.array([-largest]), np.array([largest])).tolist() == [2 * 0x7FEFFFFFFFFFFFFF]


def test_nan_equals_nan_and_is_far_from_a_number() -> None:
    apart = ulps_apart(np.array([np.nan, np.nan, np.inf]), np.array([np.nan, 1.0, np.inf]))
    assert apart[0] == apart[2] == 0 < apart[1]


def test_the_largest_difference_names_its_element() -> None:
    a = np.array([[1.0, 2.0], [3.0, 4.0]])
    b = a + np.array([[0.0, 0.0], [0.0, 1e-3]])
    (difference,) = differences({"x.grad": a}, {"x.grad": b})
    assert difference.element == (1, 1)
    assert difference.absolute == pytest.approx(1e-3)


def test_integers_and_truth_values_count_as_they_are() -> None:
    (whole,) = differences({"value": np.array([5, -3])}, {"value": np.array([5, 4])})
    assert (whole.absolute, whole.ulps, whole.element) == (7, 7, (1,))
    (truth,) = differences({"value": np.array(True)}, {"value": np.array(True)})
    assert (truth.absolute, truth.ulps, truth.element) == (0, 0, None)


def test_another_shape_is_no_number() -> None:
    found = differences({"value": np.zeros(2)}, {"value": np.zeros(3)})
    assert found[0].absolute is None
    assert "another shape" in "".join(text for text, _ in comparison_segments(("cpu", "cuda"), found))


def test_no_elements_are_no_difference() -> None:
    assert differences({"value": np.zeros(0)}, {"value": np.zeros(0)})[0].ulps == 0


def test_an_infinite_difference_is_null_in_json() -> None:
    found = differences({"value": np.array(np.inf)}, {"value": np.array(1.0)})
    record = comparison_record(Source("1/x"), ("cpu", "cuda"), found)
    assert record["differences"]["value"]["absolute"] is None
    assert record["differences"]["value"]["ulps"] > 0


@pytest.mark.parametrize(("width", "headings"), [(55, "shape dtype"), (54, "shape"), (45, "")])
def test_a_table_that_does_not_fit_leaves_columns_out(width: int, headings: str) -> None:
    found = differences({"value": np.float32([1.0])}, {"value": np.float32([1.5])})
    lines = "".join(text for text, _ in comparison_segments(("cpu", "cuda"), found, width)).splitlines()
    assert max(map(len, lines)) <= width
    assert lines[1].split() == [*headings.split(), "largest", "difference", "ulps", "at"]
    assert lines[2].split()[-3:] == ["0.5", "4194304", "[0]"]
