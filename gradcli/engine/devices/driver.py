"""Whether a GPU's driver is on this machine, told without the seconds that it takes to import a library and ask that."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from os.path import exists

#: What drivers leave in the file system of a Linux machine; one of them is enough for a library to be asked.
TRACES = (
    "/proc/driver/nvidia",
    "/dev/nvidiactl",
    "/dev/nvmap",  # NVIDIA's Tegra
    "/dev/nvgpu",
    "/dev/dxg",  # Windows' Subsystem for Linux
    "/dev/kfd",  # AMD, which PyTorch calls cuda as well
)
LIBRARIES = ("libcuda.so.1", "libcuda.so")


def may_be_there(traces: Sequence[str] = TRACES, libraries: Sequence[str] = LIBRARIES) -> bool:
    """False only where no library could find a GPU: on a Linux machine with neither devices of a driver nor its library."""
    return sys.platform != "linux" or any(map(exists, traces)) or any(map(_is_found, libraries))


def _is_found(library: str) -> bool:
    """Whether the system's loader finds a library."""
    from ctypes import CDLL

    try:
        CDLL(library)
    except OSError:
        return False
    return True
