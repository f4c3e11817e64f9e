"""What the tests of derivatives share."""

from __future__ import annotations

import pytest

from gradcli.lazy import settings
from gradcli.lazy.dtypes import float64


@pytest.fixture
def double_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tensors that an example creates are as precise as those it is given."""
    monkeypatch.setattr(settings, "default_dtype", float64)
