"""Statements evaluated for records: planned once for each structure, and computed for all that arrive together."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradcli.autograd import Tensor
from gradcli.engine.evaluation import evaluate
from gradcli.errors import GradcliError, UnknownName, UsageError
from gradcli.language import parse
from gradcli.language.prelude import PRELUDE, SPACES
from gradcli.language.scopes import mentions
from gradcli.lazy import ops, settings
from gradcli.lazy.dtypes import BY_NAME
from gradcli.session.batches import Batches
from gradcli.session.columns import Binding, Group
from gradcli.session.trace import Recorder
from gradcli.session.values import tensors_in

if TYPE_CHECKING:
    from gradcli.language.tree import Program
    from gradcli.lazy import LazyArray
    from gradcli.session.evaluation import Evaluation
    from gradcli.session.session import Session

#: How many structures of records are known at most, and how many steps their computations have, each for several sizes.
MOST_KNOWN, MOST_STEPS = 256, 16_000


class Wanted(NamedTuple):
    """What is to be evaluated for each record, as `Session.evaluate` takes it."""

    source: str
    wrt: Sequence[str] | None = None
    grad_output: str | None = None
    no_grad: bool = False
    jacobian: Sequence[str] = ()
    hessian: Sequence[str] = ()


class Alone(NamedTuple):
    """The evaluation of one record."""

    position: int
    evaluation: Evaluation


class Together(NamedTuple):
    """What was computed for several records: an evaluation of their structure, and other values of its results, stacked."""

    positions: Sequence[int]
    evaluation: Evaluation
    values: list[np.ndarray]

    def one(self, index: int) -> Evaluation:
        """The evaluation of one of them."""
        return self.evaluation.with_values([_lazy(stack[index]) for stack in self.values])


class Failed(NamedTuple):
    """A record that cannot be bound or evaluated."""

    position: int
    error: GradcliError


class Known(NamedTuple):
    """A structure that was met: an evaluation, and how to compute its results for others, if that is known."""

    evaluation: Evaluation
    batches: Batches | None

    @property
    def steps(self) -> int:
        """The length of the computation that is kept."""
        return 0 if self.batches is None else self.batches.steps


class RecordMap:
    """Statements as a function of records, whose fields are bound to the names that the statements mention.

    The names of the session are shared by all records; `texts` are the expressions that gave them their values. `constants`
    are fields without gradient.
    """

    def __init__(self, session: Session, wanted: Wanted, constants: Collection[str] = (), texts: Sequence[str] = ()) -> None:
        self._session = session
        self._wanted = wanted
        self._constants = frozenset(constants)
        self._executable = session.compiled(wanted.source)
        self._shared = dict(session.scope)
        self._known: dict[Hashable, Known] = {}
        self._steps = 0  # of all that is known
        arrays = [tensor.array for value in self._shared.values() for tensor in tensors_in(value)]
        session.compute(arrays)
        self._recorder = Recorder(frozenset(arrays)) if session.evaluator is evaluate else None
        if self._recorder is not None:
            session.evaluator = self._recorder
        with session.active():
            others = [*texts, *([] if wanted.grad_output is None else [wanted.grad_output])]
            programs = [self._executable.program, *map(parse, others)]
            self._binding = self._new_binding(programs)

    def _new_binding(self, programs: Sequence[Program]) -> Binding:
        """Which fields are bound, and how: those that are mentioned anywhere."""
        wanted = self._wanted
        named = {*(wanted.wrt or ()), *wanted.jacobian, *wanted.hessian}
        functions: set[str] = set()
        for program in programs:
            found = mentions(program)
            named |= found.all
            functions |= found.called & PRELUDE.keys()
            functions |= found.looked_into & SPACES.keys()
        for name in self._constants - named:
            hint = "only fields that are mentioned are bound"
            raise UsageError(f"--const {name}: the statements do not mention {name}", hint=hint)
        refused = dict.fromkeys(functions, "has the name of a function that the statements use: rename it")
        refused |= dict.fromkeys(self._shared, "has a name that an option binds for all records: leave out one of them")
        return Binding(frozenset(named), self._constants, refused, settings.default_dtype)

    def __call__(self, lines: Sequence[bytes]) -> Iterator[Alone | Together | Failed]:
        """What comes of the records in lines, in the order of the first of each outcome; blank lines are left out."""
        with self._session.active():
            columns = self._binding.columns(lines)
        member_of = {position: (group, index) for group in columns.groups for index, position in enumerate(group.positions)}
        for position in sorted([*member_of, *columns.faults]):
            if position in columns.faults:
                yield Failed(position, columns.faults[position])
                continue
            group, index = member_of[position]
            if index == group.evaluated:
                yield from self._evaluated(group)

    def _evaluated(self, group: Group) -> Iterator[Alone | Together | Failed]:
        """What comes of the next record of a group, and if possible of others that are like it."""
        start, stop = group.spans.pop()
        known = self._known.get(group.kind)
        if known is not None and known.batches is not None:
            stacks = [stack[start:stop] for stack in group.stacks.values()]
            try:
                with self._session.active():
                    parts = list(known.batches.run(stacks))
            except GradcliError:
                if stop - start > 1:
                    middle = (start + stop) // 2
                    group.spans += [(middle, stop), (start, middle)]
                    yield from self._evaluated(group)
                    return
            else:
                group.evaluated = stop
                for values in parts:
                    yield Together(group.positions[start : (start := start + len(values[0]))], known.evaluation, values)
                return
        if stop - start > 1:
            group.spans.append((start + 1, stop))
        group.evaluated = start + 1
        yield self._alone(group, start)

    def _alone(self, group: Group, index: int) -> Alone | Failed:
        """What comes of one record by itself."""
        session, wanted = self._session, self._wanted
        is_new = group.kind not in self._known
        try:
            session.restart(self._shared | self._bound(group, index))
            if self._recorder is not None:
                self._recorder.inputs = [session.scope[name].array for name in group.stacks] if is_new else None
            times_printed = session.times_printed
            evaluation = session.evaluate(
                self._executable,
                wanted.wrt,
                wanted.grad_output,
                wanted.no_grad,
                jacobian=wanted.jacobian,
                hessian=wanted.hessian,
            )
        except GradcliError as error:
            if isinstance(error, UnknownName):
                error.hint = "; ".join(filter(None, ["the record has no such field", error.hint]))
            return Failed(group.positions[index], error)
        if is_new:
            self._learn(group.kind, evaluation, session.times_printed > times_printed)
        return Alone(group.positions[index], evaluation)

    def _bound(self, group: Group, index: int) -> dict[str, Any]:
        """What the fields of a record are bound to, leaves that require grad unless they are constants or not floating."""
        return {
            name: Tensor(_lazy(value[index]), value.dtype.kind == "f" and name not in self._constants)
            if isinstance(value, np.ndarray)
            else value
            for name, value in group.values.items()
        }

    def _learn(self, kind: Hashable, evaluation: Evaluation, has_printed: bool) -> None:
        """Remember how records of a structure are evaluated, now that one of them was."""
        trace = self._recorder.trace if self._recorder is not None else None
        batches = None
        if trace is not None and trace.steps <= MOST_STEPS and evaluation.tensor is not None and not has_printed:
            with self._session.active():
                batches = Batches(trace, settings.max_memory)
        known = Known(evaluation, batches) if batches is not None and batches.is_possible else Known(evaluation, None)
        while self._known and (len(self._known) == MOST_KNOWN or self._steps + known.steps > MOST_STEPS):
            self._steps -= self._known.pop(next(iter(self._known))).steps
        self._known[kind] = known
        self._steps += known.steps


def _lazy(element: np.ndarray) -> LazyArray:
    """An element of a stack."""
    array = np.asarray(element)
    return ops.from_buffer(array, BY_NAME[array.dtype.name])
