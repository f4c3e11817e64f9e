"""The progress bar: nothing for what is quick, a share, a rate and the remaining time for what is not, and no traces."""

from __future__ import annotations

import io
from threading import Thread

import pytest
from rich.console import Console

from gradcli.report.progress import Progress


class Screen:
    """A terminal, a clock and a bar."""

    def __init__(self, width: int = 80, encoding: str = "utf-8") -> None:
        self.now = 0.0
        self.stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
        self.consoles = 0
        self.width = width
        self.progress = Progress(self.console, lambda: self.now)

    def console(self) -> Console:
        self.consoles += 1
        return Console(file=self.stream, force_terminal=True, no_color=True, color_system=None, width=self.width, _environ={})

    def at(self, seconds: float, done: int, total: int = 1000) -> None:
        self.now = seconds
        self.progress(done, total)

    @property
    def pictures(self) -> list[str]:
        buffer = self.stream.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode(self.stream.encoding).split("\r")[:-1]


def test_what_takes_less_than_a_second_has_no_bar() -> None:
    screen = Screen()
    for second in range(100):
        screen.at(second, 0)
        screen.at(second + 0.5, 500)
        screen.at(second + 0.9, 999)
        screen.at(second + 0.99, 1000)
    assert (screen.pictures, screen.consoles) == ([], 0)


def test_the_bar_tells_share_rate_and_remaining_time() -> None:
    screen = Screen()
    screen.at(5, 0, 4_000_000)
    screen.at(7, 1_000_000, 4_000_000)
    (picture,) = screen.pictures
    assert picture.rstrip() == "━" * 10 + "─" * 30 + "  25%  500k rows/s  0:00:06 left"


def test_the_bar_is_redrawn_at_a_bearable_rate_and_removed_at_the_end() -> None:
    screen = Screen()
    for step in range(1001):
        screen.at(step / 100, step)
    assert 80 <= len(screen.pictures) <= 92
    assert screen.pictures[-1].strip() == ""
    assert {len(picture) for picture in screen.pictures if picture} == {79}


def test_a_bar_can_be_removed_before_the_end() -> None:
    screen = Screen()
    screen.progress.clear()
    screen.at(0, 0)
    screen.at(2, 1)
    screen.progress.clear()
    screen.progress.clear()
    assert len(list(filter(None, screen.pictures))) == 2


def test_a_bar_is_removed_from_the_start_of_the_line_where_the_terminal_echoed_something() -> None:
    screen = Screen()
    screen.at(0, 0)
    screen.at(2, 1)
    screen.stream.write("^C")
    screen.progress.clear()
    assert screen.pictures[-2:] == ["^C", " " * 79]


@pytest.mark.parametrize("width", [1, 2, 20, 39, 200])
def test_the_bar_fits_the_terminal(width: int) -> None:
    screen = Screen(width)
    screen.at(0, 0)
    screen.at(5000, 10)
    assert [len(picture) for picture in screen.pictures] == [width - 1]


def test_a_terminal_of_ascii_gets_ascii() -> None:
    screen = Screen(encoding="ascii")
    screen.at(0, 0)
    screen.at(2, 500)
    assert screen.pictures[0].startswith("#" * 20 + "-" * 20)


def test_threads_may_overtake_each_other() -> None:
    screen = Screen()
    screen.at(0, 0)
    screen.at(2, 500)
    screen.at(3, 400)
    assert [" 50%" in picture for picture in screen.pictures] == [True, True]


def test_many_threads_may_tell_at_once() -> None:
    screen = Screen()
    screen.at(0, 0)
    screen.now = 2
    threads = [Thread(target=lambda: [screen.progress(done, 1000) for done in range(1, 1001)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert screen.pictures[-1].strip() == ""


@pytest.mark.parametrize(("seconds", "done", "rate", "left"), [(2, 1, "0.5", "0:33:18"), (4, 999, "250", "0:00:00")])
def test_rates_and_times_are_short(seconds: float, done: int, rate: str, left: str) -> None:
    screen = Screen()
    screen.at(0, 0)
    screen.at(seconds, done)
    assert f"  {rate} rows/s  {left} left" in screen.pictures[0]
