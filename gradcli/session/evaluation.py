"""What an evaluation gives: the value of a program, and its gradients with respect to the leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gradcli.autograd import Node, Tensor, gradients, walk
from gradcli.errors import AutogradError, NoGradRequired, NotScalar, ShapeMismatch, Source, UsageError, close_matches

if TYPE_CHECKING:
    from gradcli.lazy import LazyArray
    from gradcli.session.profile import Computation

_UNUSED = (
    "One of the differentiated Tensors appears to not have been used in the graph. "
    "Set allow_unused=True if this is the desired behavior."
)


class Evaluation:
    """What one evaluation gave: the language's values, all of them computed."""

    __slots__ = ("grad_fn", "grads", "hessian", "is_silent", "jacobian", "notes", "profile", "source", "value")

    def __init__(self, source: Source, value: Any, is_silent: bool = False) -> None:
        self.source = source
        self.value = value
        self.is_silent = is_silent  # a call such as print(...), which is made for its effect and gives nothing back
        self.grads: dict[str, Tensor] | None = None
        self.jacobian: dict[str, Tensor] | None = None
        self.hessian: dict[str, dict[str, Tensor]] | None = None
        self.grad_fn: Node | None = value.grad_fn if isinstance(value, Tensor) else None
        self.notes: list[str] = []
        self.profile: list[Computation] | None = None

    @property
    def derivatives(self) -> list[Tensor]:
        """All that was differentiated, however it is shown."""
        rows = [self.grads, self.jacobian, *(self.hessian or {}).values()]
        return [derivative for row in rows if row is not None for derivative in row.values()]

    def with_values(self, arrays: Sequence[LazyArray]) -> Evaluation:
        """An evaluation like this one, of a tensor, with other numbers: those of the value, then those of the derivatives."""
        numbers = iter(arrays)

        def other(tensor: Tensor) -> Tensor:
            return Tensor(next(numbers), tensor.requires_grad, tensor.grad_fn, tensor.output_number)

        def others(row: dict[str, Tensor] | None) -> dict[str, Tensor] | None:
            return row and {name: other(derivative) for name, derivative in row.items()}

        made = Evaluation(self.source, other(self.value))
        made.grads, made.jacobian = others(self.grads), others(self.jacobian)
        made.hessian = self.hessian and {name: others(row) or {} for name, row in self.hessian.items()}
        return made

    @property
    def tensor(self) -> Tensor | None:
        """The value, if it is a tensor."""
        return self.value if isinstance(self.value, Tensor) else None


class Names(NamedTuple):
    """The names of a program after it ran, and those among them that were bound before it, in order."""

    scope: dict[str, Any]
    bound: Sequence[str]


def differentiate(
    evaluation: Evaluation, names: Names, wrt: Sequence[str] | None, cotangent: Callable[[Tensor], Tensor] | None
) -> None:
    """Give an evaluation the gradients of its result: with respect to `wrt`, or else all leaves that the result depends on.

    `cotangent` makes the gradient that arrives at the result; a result with several elements is not differentiated without.
    """
    result = evaluation.tensor
    if result is None or not result.requires_grad:
        if wrt:
            named_tensors(names.scope, wrt)
            raise nothing_to_differentiate(result, wrt)
        return
    inputs = named_tensors(names.scope, wrt) if wrt else None
    if cotangent is None and result.shape.numel() != 1:
        if wrt:
            raise _not_scalar(result)
        if evaluation.jacobian is None:
            evaluation.notes.append(_why_no_gradients(result))
        return
    if inputs is None:
        inputs = leaves_of(result, names)
    arriving = None if cotangent is None else cotangent(result)
    try:
        found = gradients([result], list(inputs.values()), [arriving], allow_unused=True)
    except ShapeMismatch as error:
        error.hint = error.hint or f"the gradient that arrives must have the shape of the result, {tuple(result.shape)}"
        raise
    evaluation.grads = {}
    for name, gradient in zip(inputs, found, strict=True):
        if gradient is None:
            raise AutogradError(f"the result does not depend on {name}", torch_message=_UNUSED, hint=f"leave out --wrt {name}")
        evaluation.grads[name] = Tensor(gradient.array)
    if not wrt:
        evaluation.notes += [
            f"the result does not depend on {name}, which therefore has no gradient"
            for name in names.bound
            if name not in evaluation.grads and _is_leaf(names.scope.get(name))
        ]


def _why_no_gradients(result: Tensor) -> str:
    return (
        f"the result has shape {tuple(result.shape)}, so there are no gradients: "
        "give --grad-output a value of this shape, or reduce the result with sum()"
    )


def _is_leaf(value: Any) -> bool:
    return isinstance(value, Tensor) and value.requires_grad and value.is_leaf


def named_tensors(scope: dict[str, Any], wrt: Sequence[str], option: str = "--wrt") -> dict[str, Tensor]:
    """The tensors that --wrt, or another option, names."""
    named: dict[str, Tensor] = {}
    for name in wrt:
        value = scope.get(name)
        if isinstance(value, Tensor) and value.requires_grad:
            named[name] = value
            continue
        if name not in scope:
            if "," in name:
                repeated = " ".join(f"{option} {each.strip()}" for each in name.split(","))
                raise UsageError(f"{option} takes one name, not {name}", hint=f"repeat it: {repeated}")
            candidates = [other for other, bound in scope.items() if isinstance(bound, Tensor) and bound.requires_grad]
            hint = f"these require grad: {', '.join(candidates)}" if candidates else f"bind it: --let {name}=VALUE"
            raise UsageError(f"{option} {name}: there is no such name", hint=hint, did_you_mean=close_matches(name, candidates))
        what = f"is a tensor of {value.dtype.name}" if isinstance(value, Tensor) else "is not a tensor"
        message = f"{option} {name}: {name} does not require grad; it {what}"
        raise UsageError(message, hint=f"--let {name}=VALUE makes a floating tensor that requires grad")
    return named


def leaves_of(result: Tensor, names: Names) -> dict[str, Tensor]:
    """The leaves that a result depends on: bound ones in the order of binding, then those its statements made."""
    if result.grad_fn is None:
        reached = [result]
    else:
        reached = [node.variable for node in walk(result.grad_fn) if node.variable is not None]
    name_of = {id(value): name for name, value in reversed(names.scope.items()) if isinstance(value, Tensor)}
    leaves: dict[str, Tensor] = {}
    for leaf in reached:
        name = name_of.get(id(leaf)) or leaf.name or f"leaf {len(leaves)}"
        while name in leaves:
            name += "'"
        leaves[name] = leaf
    positions = {name: position for position, name in enumerate(names.bound)}
    return dict(sorted(leaves.items(), key=lambda item: positions.get(item[0], len(positions))))


def nothing_to_differentiate(result: Tensor | None, wrt: Sequence[str]) -> NoGradRequired:
    """The error for a result that has no derivative."""
    kind = "the result is not a tensor" if result is None else "the result does not depend on any tensor that requires grad"
    return NoGradRequired(
        kind,
        torch_message="element 0 of tensors does not require grad and does not have a grad_fn",
        hint=f"there is nothing to differentiate with respect to {', '.join(wrt)}",
    )


def _not_scalar(result: Tensor) -> NotScalar:
    message = "grad can be implicitly created only for scalar outputs"
    hint = f"the result has shape {tuple(result.shape)}: give --grad-output a value of this shape, or reduce it with sum()"
    return NotScalar.as_torch(message, hint=hint)
