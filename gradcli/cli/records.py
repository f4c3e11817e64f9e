"""`gradcli eval --input`: a record out for each line of JSON Lines in, in the same order."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING

from gradcli.cli import collect_sparingly, options
from gradcli.data.json_lines import Arrived, arriving, opened
from gradcli.errors import GradcliError, Span
from gradcli.report.record_lines import RecordLines
from gradcli.report.records import dump, error_record, evaluation_record
from gradcli.session.records import MOST_KNOWN, Alone, Failed, RecordMap, Together

if TYPE_CHECKING:
    from gradcli.cli.streams import Streams
    from gradcli.session import Evaluation, Session
    from gradcli.session.records import Wanted

#: Answers wait no longer than this for others that are being computed.
PATIENCE = 0.2

_lines_like = lru_cache(maxsize=MOST_KNOWN)(RecordLines)


def map_records(
    file: str,
    session: Session,
    wanted: Wanted,
    let: Sequence[str],
    const: Sequence[str],
    streams: Streams,
    nan: str,
    keep_going: bool,
) -> int:
    """Answer the lines of a file, or of standard input; the exit status is that of the worst error.

    The names of the session are shared by all of them, and `let` and `const` say what gave them their values; a NAME in `const`
    without a value is a field.
    """
    fields = [options.checked_name("--const", binding) for binding in const if "=" not in binding]
    expressions = [binding.partition("=")[2] for binding in (*const, *let) if "=" in binding]
    records = RecordMap(session, wanted, fields, expressions)
    collect_sparingly()
    status = 0
    with opened(file) as (name, stream):
        answers = Answers(name, streams, nan)
        for arrived in arriving(stream, name):
            for error in answers.write(arrived, records):
                status = max(status, error.exit_code)
                if not keep_going:
                    return status
    return status


class Answers:
    """Writes the answers to lines in their order, as soon as they and all before them are known."""

    def __init__(self, name: str, streams: Streams, nan: str) -> None:
        self._name = name
        self._streams = streams
        self._nan = nan

    def write(self, arrived: Arrived, records: RecordMap) -> Iterator[GradcliError]:
        """Write the answers to lines that arrived together; errors that were written are given back."""
        first, lines = arrived
        answers: list[str | GradcliError | None] = [None if line.strip() else "" for line in lines]
        texts: list[str] = []
        done, last = 0, monotonic()
        for outcome in records(lines):
            for position, known in self._answers(outcome, first):
                answers[position] = known
            while done < len(answers) and (answer := answers[done]) is not None:
                done += 1
                if isinstance(answer, GradcliError):
                    self._flush(texts)
                    self._tell(answer, first + done - 1)
                    yield answer
                elif answer:
                    texts.append(answer)
            if monotonic() > last + PATIENCE:
                self._flush(texts)
                last = monotonic()
        self._flush(texts)

    def _answers(self, outcome: Alone | Together | Failed, first: int) -> Iterator[tuple[int, str | GradcliError]]:
        """The answers of an outcome, each with the position of its line."""
        match outcome:
            case Failed(position, error):
                yield position, error
            case Alone(position, evaluation):
                for note in evaluation.notes:
                    self._streams.note(note)
                yield position, self._answer(evaluation, first + position)
            case Together(positions, evaluation, values):
                texts = _lines_like(evaluation).texts([first + position for position in positions], values)
                for index, (position, text) in enumerate(zip(positions, texts, strict=True)):
                    yield position, text or self._answer(outcome.one(index), first + position)

    def _answer(self, evaluation: Evaluation, line: int) -> str | GradcliError:
        try:
            return dump(evaluation_record(evaluation, self._nan, line))
        except GradcliError as error:
            return error

    def _tell(self, error: GradcliError, line: int) -> None:
        statement = None if error.source is None else Span(0, len(error.source.text))
        self._streams.write_record(error_record(error, statement=statement, input_line=line))
        sys.stdout.flush()
        sys.stderr.write(f"{self._name}, line {line}:\n")
        self._streams.error(error, record=False)

    def _flush(self, texts: list[str]) -> None:
        if texts:
            sys.stdout.write("\n".join(texts) + "\n")
            sys.stdout.flush()
            texts.clear()
