"""The bar is for people at a terminal: it is there while something runs, and gone after it, however that ended."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr

import pytest

from gradcli.cli.streams import Streams
from gradcli.lazy import settings


class Terminal(io.TextIOWrapper):
    """A stream that claims to be one."""

    def isatty(self) -> bool:
        return True

    @property
    def shown(self) -> str:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode()


@contextmanager
def at_a_terminal(**layout: bool | str) -> Iterator[Terminal]:
    """Let a block, whose bar needs no patience, have stderr at a terminal."""
    terminal = Terminal(io.BytesIO(), encoding="utf-8")
    with redirect_stderr(terminal), Streams(**layout).progress():
        yield terminal


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("gradcli.report.progress.PATIENCE", 0.0)


def work() -> None:
    assert settings.progress is not None
    settings.progress(0, 100)
    settings.progress(40, 100)


@pytest.mark.parametrize("layout", [{}, {"plain": True}, {"json": True}])
def test_a_terminal_gets_a_bar_on_stderr(layout: dict[str, bool], capsys: pytest.CaptureFixture[str]) -> None:
    with at_a_terminal(**layout) as terminal:
        work()
        assert "40%" in terminal.shown
    assert terminal.shown.endswith(" \r")
    assert settings.progress is None
    assert capsys.readouterr().out == ""


def test_the_bar_is_removed_when_the_work_fails() -> None:
    with pytest.raises(KeyboardInterrupt), at_a_terminal() as terminal:
        work()
        raise KeyboardInterrupt
    assert terminal.shown.endswith(" \r")
    assert settings.progress is None


def test_without_colours_the_bar_has_none() -> None:
    with at_a_terminal(color="never") as terminal:
        work()
    assert "40%" in terminal.shown
    assert "\x1b" not in terminal.shown


def test_a_dumb_terminal_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with at_a_terminal():
        assert settings.progress is None


def test_a_pipe_gets_none() -> None:
    with redirect_stderr(io.StringIO()), Streams(color="always").progress():
        assert settings.progress is None
