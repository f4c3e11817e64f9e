"""Errors as text for people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.errors import GradcliError, Related, ShapeMismatch, Source, Span, SyntaxFault, UsageError
from gradcli.report.diagnostics import diagnostic_lines, error_text
from gradcli.report.visible import cell_width, fitted, visible, wrapped


def fault(text: str, piece: str, message: str = "wrong", name: str = "<expression>", **more: object) -> GradcliError:
    """An error whose culprit is the first occurrence of a piece of a text."""
    start = text.index(piece)
    error = ShapeMismatch(message, span=Span(start, start + len(piece)), **more)
    error.source = Source(text, name)
    return error


def lines(error: GradcliError, width: int = 100) -> list[str]:
    return error_text(error, width).split("\n")


def test_a_diagnostic_has_sentence_place_culprit_related_places_and_help() -> None:
    text = "x = ones(2,3)\ny = ones(4,)\nz = x @ y"
    related = [
        Related(Span(31, 32), "this is (2, 3)"),
        Related(Span(35, 36), "this is (4,)"),
        Related(Span(4, 13), "x was made here"),
    ]
    error = fault(
        text,
        "x @ y",
        "shapes do not fit",
        "tour.grad",
        related=related,
        torch_message="size mismatch, got input (2), mat (2x3), vec (4)",
        hint="align them",
        did_you_mean=["mean", "median"],
    )
    assert error_text(error) == (
        "error: shapes do not fit\n"
        " --> tour.grad:3:5\n"
        "  |\n"
        "1 | x = ones(2,3)\n"
        "  |     --------- x was made here\n"
        "...\n"
        "3 | z = x @ y\n"
        "  |     ^^^^^\n"
        "  |     - this is (2, 3)\n"
        "  |         - this is (4,)\n"
        "  |\n"
        "PyTorch says: size mismatch, got input (2), mat (2x3), vec (4)\n"
        "did you mean: mean, median\n"
        "hint: align them"
    )


def test_sentences_and_labels_are_wrapped_at_words_to_the_width_of_a_terminal() -> None:
    words = "Saved intermediate values of the graph are freed when you call .backward() or autograd.grad()."
    error = fault("y.backward()", "y", words, related=[Related(Span(2, 12), words)], hint=words)
    shown = ["".join(part.text for part in line) for line in diagnostic_lines(error, 50, 50)]
    assert max(map(cell_width, shown)) <= 50
    assert " ".join(" ".join(shown).replace("|", " ").split()).count(words) == 3
    assert shown[1].startswith("       ")  # under the sentence, not under "error:"


def test_without_a_terminal_each_sentence_is_one_line() -> None:
    words = "word " * 100 + "end"
    assert lines(fault("x", "x", words))[0] == f"error: {words}"


@given(st.text(alphabet="ab 広\u0301", max_size=60), st.integers(1, 20), st.integers(0, 5))
def test_wrapping_keeps_every_word_and_the_width(text: str, width: int, used: int) -> None:
    shown = wrapped(text, width, used)
    assert " ".join(shown).split() == text.split()
    assert all(cell_width(line) <= max(width - used, 0) or " " not in line.strip() for line in shown)


def test_pytorchs_sentence_is_left_out_if_it_says_the_same() -> None:
    assert "PyTorch says" not in error_text(fault("x", "x", "It is wrong.", torch_message="it is  wrong"))


def test_a_related_place_in_another_text_has_its_own_snippet() -> None:
    error = fault("x @ x", "x @ x", related=[Related(Span(0, 9), "bound here", Source("ones(2,3)", "--let x"))])
    assert lines(error)[-5:] == [" --> --let x:1:1", "  |", "1 | ones(2,3)", "  | --------- bound here", "  |"]


def test_wide_characters_and_tabs_move_the_caret() -> None:
    assert lines(fault("\tmean(漢字 + é)", "漢字"))[3:5] == ["1 |     mean(漢字 + é)", "  |          ^^^^"]
    assert lines(fault("mean(漢字 + x)", "x"))[4] == "  |             ^"


def test_control_bidi_and_escape_characters_are_visible_everywhere() -> None:
    error = fault("\x1b[31m + \u202ex", "x", "no \x07 name", "a\x1bb", hint="\u2066", did_you_mean=["\x9b"], torch_message="\r")
    text = error_text(error)
    assert text.replace("\n", "").isprintable()
    assert "1 | \\x1b[31m + \\u202ex\n  | " + " " * 17 + "^" in text


@pytest.mark.parametrize("width", [60, 100])
@pytest.mark.parametrize("piece", ["x0+", "x100+", "x199"])
def test_a_long_line_is_cut_around_the_culprit(piece: str, width: int) -> None:
    source_line, carets = lines(fault("+".join(f"x{number}" for number in range(200)), piece), width)[3:5]
    assert len(source_line) <= width
    assert source_line[carets.index("^") : carets.rindex("^") + 1] == piece
    assert "..." in source_line


def test_a_mark_outside_of_what_is_shown_points_at_the_cut() -> None:
    text = "first + " + "x + " * 200 + "last"
    error = fault(text, "last", related=[Related(Span(0, 5), "this is (2,)")])
    assert lines(error, 60)[5] == "  | --- this is (2,)"


def test_a_culprit_of_several_lines_is_marked_on_each_and_cut_in_the_middle_if_long() -> None:
    assert lines(fault("f(1,\n  2)", "f(1,\n  2)"))[3:7] == ["1 | f(1,", "  | ^^^^", "2 |   2)", "  |   ^^"]
    text = "f(" + "\n".join(" 1," for _ in range(10)) + ")"
    assert lines(fault(text, text))[3:8] == [" 1 | f( 1,", "   | ^^^^^", "...", "10 |  1,)", "   |  ^^^"]


def test_the_end_of_the_text_is_marked_behind_its_last_word() -> None:
    error = SyntaxFault("a closing ) is missing", span=Span(9, 9), related=[Related(Span(1, 2), "for the ( here")])
    error.source = Source("f(1,\n  2\n\n")
    assert lines(error)[1:] == [
        " --> <expression>:2:4",
        "  |",
        "1 | f(1,",
        "  |  - for the ( here",
        "2 |   2",
        "  |    ^",
        "  |",
    ]


def test_an_error_without_a_place_is_its_sentence_and_its_help() -> None:
    assert (
        error_text(UsageError("no such option: --wtr", did_you_mean=["--wrt"]))
        == "error: no such option: --wtr\ndid you mean: --wrt"
    )


def test_a_line_of_megabytes_takes_no_time() -> None:
    text = "1+" * 2_000_000 + "x"
    assert len(error_text(fault(text, "x", text))) < 5000


@given(st.text(max_size=60), st.integers(0, 60), st.integers(0, 60), st.integers(20, 90))
def test_any_text_and_span_can_be_shown(text: str, start: int, end: int, width: int) -> None:
    error = UsageError("wrong", span=Span(start, end), related=[Related(Span(end, start), "here")])
    error.source = Source(text)
    shown = error_text(error, width)
    assert shown.replace("\n", "").isprintable()
    assert "^" in shown


def test_text_is_fitted_to_cells() -> None:
    assert fitted("abcdef", 6) == "abcdef"
    assert fitted("abcdefg", 6) == "abcde…"
    assert fitted("漢字漢字", 5) == "漢字…"
    assert cell_width("e\u0301") == 1
    assert visible("plain é") == "plain é"
