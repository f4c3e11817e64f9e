"""Time grows with what is written, not with its square."""

from __future__ import annotations

import pytest

from .linear import SERIES, Series, measure


@pytest.mark.parametrize("series", SERIES, ids=lambda series: series.name)
def test_time_grows_less_than_the_square_of_what_is_written(series: Series) -> None:
    largest = series.largest if series.largest < 1000 else series.largest // 32
    assert any(measure(series, largest).exponent < 1.6 for _ in range(3))
