"""How much memory a computation may take: what the session's limit says, or what the machine has available."""

from __future__ import annotations

import os

from gradcli.errors import LimitExceeded
from gradcli.lazy.settings import settings


def memory_limit() -> int | None:
    """The bytes that may be allocated; None where nobody said and the system does not tell."""
    return settings.max_memory if settings.max_memory is not None else available_memory()


def check_memory(size: int, what: str, hint: str | None = None) -> None:
    """Refuse what is beyond the limit before it is allocated."""
    limit = memory_limit()
    if limit is None or size <= limit:
        return
    allowed = f"{limit:,} are available" if settings.max_memory is None else f"{limit:,} are allowed"
    raise LimitExceeded(f"{what} needs {size:,} bytes of memory, and {allowed}", hint=hint)


def restart_peak() -> int | None:
    """Let `peak_memory` count from now: from the bytes that are in memory, given back; None where the system cannot."""
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as request:
            request.write("5")
    except OSError:
        return None
    return peak_memory()


def peak_memory() -> int | None:
    """The most bytes of this process that were in memory at once."""
    try:
        with open("/proc/self/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return None


def available_memory() -> int | None:
    """The bytes that can be allocated without harm to other programs; None where the system does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
