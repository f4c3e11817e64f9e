"""torch.func: functions made into functions that give their derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gradcli.autograd import Tensor
from gradcli.autograd.transforms import (
    Differentiation,
    filled,
    jacobian_by_columns,
    jacobian_by_rows,
    pulled_back,
    pushed_forward,
)
from gradcli.errors import ArgumentError, AutogradError, OperandLabel, ShapeMismatch
from gradcli.functions.arguments import AnyFunction, Truth, type_name
from gradcli.functions.declare import function
from gradcli.functions.shape import movedim
from gradcli.functions.trees import changed, first_of_another_kind, leaves, structure, with_leaves
from gradcli.lazy import Size, ops


class Transformed:
    """A function made of another one, under whose name it goes."""

    __slots__ = ("call", "name")
    type_name = "function"

    def __init__(self, of: AnyFunction, call: AnyFunction) -> None:
        self.name = name_of(of)
        self.call = call

    def __repr__(self) -> str:
        return f"<function {self.name} at {id(self):#x}>"

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self.call(*arguments, **keywords)


def name_of(function: AnyFunction) -> str:
    """What a function is called."""
    return str(getattr(function, "name", "function"))


# ── what a function is given and gives back ──


def _positions(argnums: Any, count: int) -> tuple[int, ...]:
    """The numbers of the arguments to differentiate with respect to, counted from the front."""
    chosen = argnums if isinstance(argnums, tuple) else (argnums,)
    if not chosen or not all(isinstance(number, int) and not isinstance(number, bool) for number in chosen):
        raise ArgumentError.as_torch(f"argnums must be int or Tuple[int, ...], got: <class '{type_name(argnums)}'>")
    for number in chosen:
        if not -count <= number < count:
            raise ArgumentError.as_torch(f"Got argnum={number}, but only {count} positional inputs")
    positions = tuple(number % count for number in chosen)
    if len(set(positions)) != len(positions):
        raise ArgumentError.as_torch(f"argnums elements must be unique, got {argnums}")
    return positions


def _entered(block: Differentiation, arguments: Sequence[Any], positions: Sequence[int]) -> list[Any]:
    """The arguments, those at the positions to differentiate with respect to."""

    def enter(leaf: Any) -> Tensor:
        if not isinstance(leaf, Tensor):
            message = f"Thing passed to transform API must be Tensor, got <class '{type_name(leaf)}'>"
            raise ArgumentError.as_torch(message, hint="write it as a tensor, such as tensor(1.)")
        return block.enter(leaf)

    return [changed(argument, enter) if position in positions else argument for position, argument in enumerate(arguments)]


def _without_auxiliary(result: Any, has_aux: bool, call: str) -> tuple[Any, Any]:
    """What is differentiated of a result, and what comes along with it."""
    if not has_aux:
        return result, None
    if not (isinstance(result, tuple) and len(result) == 2):
        kind = f"(output, aux) tuple, got {type_name(result)}"
        raise ArgumentError.as_torch(f"{call}: output of function should be a tuple: {kind}" if call else kind)
    return result


def _only_tensors(result: Any, call: str) -> None:
    other = first_of_another_kind(result)
    if other is not None or not leaves(result):
        message = f"{call}: expected f(*primals) to return only tensors, got unsupported type <class '{type_name(other)}'>"
        raise ArgumentError.as_torch(message)


def _left(block: Differentiation, tree: Any) -> Any:
    return changed(tree, lambda leaf: block.leave(leaf) if isinstance(leaf, Tensor) else leaf)


# ── gradients ──


def _gradient_and_value(func: AnyFunction, argnums: Any, has_aux: bool) -> Callable[..., tuple[Any, Any, Any]]:
    """A function that gives the gradient, the value, and what comes along."""

    def call(*arguments: Any, **keywords: Any) -> tuple[Any, Any, Any]:
        positions = _positions(argnums, len(arguments))
        with Differentiation() as block:
            entered = _entered(block, arguments, positions)
            value, auxiliary = _without_auxiliary(func(*entered, **keywords), has_aux, "")
            if not isinstance(value, Tensor):
                message = f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got <class '{type_name(value)}'>"
                raise ArgumentError.as_torch(message)
            if value.shape:
                message = (
                    "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor with "
                    f"{value.ndim} dims. Maybe you wanted to use the vjp or jacrev APIs instead?"
                )
                raise AutogradError.as_torch(message)
            chosen = tuple(entered[position] for position in positions)
            wanted = leaves(chosen)
            gradient = with_leaves(chosen, iter(filled(pulled_back([value], wanted, [_one(value)]), wanted)))
            if not isinstance(argnums, tuple):
                (gradient,) = gradient
        return _left(block, gradient), _left(block, value), _left(block, auxiliary)

    return call


def _one(value: Tensor) -> Tensor:
    return Tensor(ops.full(value.shape, 1.0, value.dtype))


@function(namespace="torch.func", examples=("torch.func.grad(lambda t: sum(t**3))(x)",))
def grad(func: AnyFunction, argnums: Any = 0, has_aux: Truth = False) -> Transformed:
    """The function that gives the gradient of a scalar function, with respect to the arguments numbered."""
    differentiated = _gradient_and_value(func, argnums, has_aux)

    def call(*arguments: Any, **keywords: Any) -> Any:
        gradient, _, auxiliary = differentiated(*arguments, **keywords)
        return (gradient, auxiliary) if has_aux else gradient

    return Transformed(func, call)


@function(namespace="torch.func", examples=("torch.func.grad_and_value(lambda t: sum(t**3))(x)",))
def grad_and_value(func: AnyFunction, argnums: Any = 0, has_aux: Truth = False) -> Transformed:
    """The function that gives the gradient of a scalar function, and its value."""
    differentiated = _gradient_and_value(func, argnums, has_aux)

    def call(*arguments: Any, **keywords: Any) -> Any:
        gradient, value, auxiliary = differentiated(*arguments, **keywords)
        return gradient, (value, auxiliary) if has_aux else value

    return Transformed(func, call)


# ── products with the Jacobian ──


@function(namespace="torch.func", examples=("torch.func.vjp(lambda t: t**3, x)[1](y)",))
def vjp(func: AnyFunction, *primals: Any, has_aux: Truth = False) -> tuple[Any, ...]:
    """The value of a function, and the function that takes cotangents of the value to those of the arguments."""
    with Differentiation() as block:
        entered = _entered(block, primals, range(len(primals)))
        value, auxiliary = _without_auxiliary(func(*entered), has_aux, "vjp(f, *primals)")
        _only_tensors(value, "vjp(f, *primals)")

    def pull_back(cotangents: Any) -> tuple[Any, ...]:
        if structure(cotangents) != structure(value):
            message = (
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function. "
                f"cotangents: {structure(cotangents)}, primal output: {structure(value)}"
            )
            raise ArgumentError.as_torch(message)
        wanted = leaves(entered)
        with Differentiation(block.moment) as later:
            found = filled(pulled_back(leaves(value), wanted, leaves(cotangents)), wanted)
        pulled = with_leaves(tuple(entered), iter(found))
        return tuple(_left(later, pulled))

    shown = _left(block, value)
    pulling = Transformed(func, pull_back)
    return (shown, pulling, _left(block, auxiliary)) if has_aux else (shown, pulling)


@function(namespace="torch.func", examples=("torch.func.jvp(lambda t: t**3, (x,), (y,))",))
def jvp(func: AnyFunction, primals: Any, tangents: Any, *, strict: Truth = False, has_aux: Truth = False) -> tuple[Any, ...]:
    """The value of a function, and its derivative in the direction of the tangents: forward mode."""
    if not isinstance(primals, tuple):
        message = "jvp(f, primals, tangents): Expected primals to be a tuple. E.g. it should be valid to call f(*primals)."
        raise ArgumentError.as_torch(message)
    if structure(primals) != structure(tangents):
        message = (
            "jvp(f, primals, tangents): Expected primals and tangents to have the same python structure. For example, if primals "
            f"is a tuple of 3 tensors, tangents also must be. Got primals with structure {structure(primals)} and tangents with "
            f"structure {structure(tangents)}"
        )
        raise ArgumentError.as_torch(message)
    with Differentiation() as block:
        entered = _entered(block, primals, range(len(primals)))
        inputs, directions = leaves(entered), leaves(tangents)
        for position, (primal, tangent) in enumerate(zip(inputs, directions, strict=True)):
            _check_tangent(primal, tangent, position)
        value, auxiliary = _without_auxiliary(func(*entered), has_aux, "jvp(f, primals, tangents)")
        _only_tensors(value, "jvp(f, primals, tangents)")
        outputs = leaves(value)
        pushed = with_leaves(value, iter(filled(pushed_forward(outputs, inputs, directions), outputs)))
    results = (_left(block, value), _left(block, pushed))
    return (*results, _left(block, auxiliary)) if has_aux else results


def _check_tangent(primal: Tensor, tangent: Any, position: int) -> None:
    if not isinstance(tangent, Tensor):
        raise ArgumentError.as_torch(f"Thing passed to transform API must be Tensor, got <class '{type_name(tangent)}'>")
    if tangent.shape != primal.shape:
        message = (
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not supported. "
            f"Tensor is of size {list(primal.shape)} while the given forward gradient is of size {list(tangent.shape)}."
        )
        raise ShapeMismatch.as_torch(message, operands=[OperandLabel(position, f"this is {tuple(primal.shape)}")])


# ── the whole Jacobian ──


def _jacobians(func: AnyFunction, argnums: Any, has_aux: bool, chunk_size: int | None, by_rows: bool) -> AnyFunction:
    """A function that gives the Jacobian: nested as the output is, in each place as the arguments are."""

    def call(*arguments: Any, **keywords: Any) -> Any:
        positions = _positions(argnums, len(arguments))
        name = "jacrev" if by_rows else "jacfwd"
        with Differentiation() as block:
            entered = _entered(block, arguments, positions)
            value, auxiliary = _without_auxiliary(func(*entered, **keywords), has_aux, f"{name}(f, *primals)")
            _only_tensors(value, "vjp(f, *primals)" if by_rows else "jvp(f, primals, tangents)")
            chosen = tuple(entered[position] for position in positions)
            inputs, outputs = leaves(chosen), leaves(value)
            table = _by_rows(outputs, inputs, chunk_size) if by_rows else _by_columns(outputs, inputs)

            def nested(row: Iterator[Tensor]) -> Any:
                of_output = with_leaves(chosen, row)
                return of_output if isinstance(argnums, tuple) else of_output[0]

            jacobian = with_leaves(value, iter([nested(iter(row)) for row in table]))
        left = _left(block, jacobian)
        return (left, _left(block, auxiliary)) if has_aux else left

    return call


def _by_rows(outputs: list[Tensor], inputs: list[Tensor], chunk_size: int | None) -> list[list[Tensor]]:
    """The Jacobian of each output for each input."""
    return [
        [
            no_dependence(output, input) if found is None else found
            for input, found in zip(inputs, jacobian_by_rows(output, inputs, chunk_size), strict=True)
        ]
        for output in outputs
    ]


def _by_columns(outputs: list[Tensor], inputs: list[Tensor]) -> list[list[Tensor]]:
    columns = []
    for input in inputs:
        found = jacobian_by_columns(outputs, input)
        columns.append(
            [
                no_dependence(output, input) if column is None else input_last(column, input.ndim)
                for output, column in zip(outputs, found, strict=True)
            ]
        )
    return [list(row) for row in zip(*columns, strict=True)]


def input_last(column: Tensor, rank: int) -> Tensor:
    """A Jacobian whose first axes are those of the input, with these put last."""
    if not rank:
        return column
    moved: Tensor = movedim(column, tuple(range(rank)), tuple(range(column.ndim - rank, column.ndim)))
    return moved


def no_dependence(output: Tensor, input: Tensor) -> Tensor:
    return Tensor(ops.full(Size((*output.shape, *input.shape)), 0.0, input.dtype))


@function(namespace="torch.func", examples=("torch.func.jacrev(lambda t: t**3)(x)",))
def jacrev(func: AnyFunction, argnums: Any = 0, *, has_aux: Truth = False, chunk_size: int | None = None) -> Transformed:
    """The function that gives the Jacobian of a function, row by row in reverse mode."""
    if chunk_size is not None and chunk_size <= 0:
        raise ArgumentError.as_torch("jacrev: `chunk_size` should be greater than 0.")
    return Transformed(func, _jacobians(func, argnums, has_aux, chunk_size, by_rows=True))


@function(namespace="torch.func", examples=("torch.func.jacfwd(lambda t: t**3)(x)",))
def jacfwd(
    func: AnyFunction,
    argnums: Any = 0,
    has_aux: Truth = False,
    *,
    randomness: str = "error",
) -> Transformed:
    """The function that gives the Jacobian of a function, column by column in forward mode.

    The function is called once, so that its random numbers are the same for all columns, whatever `randomness` says.
    """
    return Transformed(func, _jacobians(func, argnums, has_aux, None, by_rows=False))


@function(namespace="torch.func", examples=("torch.func.hessian(lambda t: sum(t**3))(x)",))
def hessian(func: AnyFunction, argnums: Any = 0) -> Transformed:
    """The function that gives the second derivatives of a function: forward mode over reverse mode."""
    return Transformed(func, _jacobians(_jacobians(func, argnums, False, None, True), argnums, False, None, False))
