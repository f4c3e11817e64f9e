"""Lazy arrays: what to compute, with shape and dtype known and nothing computed."""

from gradcli.lazy.array import LazyArray, compute, look_at, realize
from gradcli.lazy.dtypes import DType
from gradcli.lazy.settings import settings
from gradcli.lazy.shapes import Size

__all__ = ["DType", "LazyArray", "Size", "compute", "look_at", "realize", "settings"]
