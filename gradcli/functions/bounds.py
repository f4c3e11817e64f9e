"""Bounds and comparisons of values: clamp, lerp, round, isclose and their like."""

from __future__ import annotations

from builtins import abs as magnitude

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import operators
from gradcli.errors import DTypeMismatch, ValueFault
from gradcli.functions.arguments import Operand
from gradcli.functions.conditional import where
from gradcli.functions.declare import function
from gradcli.functions.elementwise import abs, eq, isfinite, isnan, logical_and, logical_or, maximum, minimum, sub, zeros_like
from gradcli.functions.pointwise import wrap_number
from gradcli.functions.refusals import refuse_booleans, require_floating
from gradcli.lazy import LazyArray, ops
from gradcli.lazy.dtypes import bool_


def _within(input: Tensor, min: Operand | None, max: Operand | None) -> Tensor:
    """1 where the input is within the bounds, both included, else 0."""
    inside = wrap_number(True, bool_)
    if min is not None:
        inside = logical_and(inside, input >= min)
    if max is not None:
        inside = logical_and(inside, input <= max)
    return inside


def _clamp_grad_fn(min: Operand | None, max: Operand | None) -> str:
    return "ClampBackward0" if isinstance(min, Tensor) or isinstance(max, Tensor) else "ClampBackward1"


@function(
    _clamp_grad_fn,
    aliases=("clip",),
    in_place=True,
    kink="1 at bounds that are numbers; at bounds that are tensors, 1 to the input and 0 to the bound",
    laid_out_as=("input", "min", "max"),
    examples=("clamp(x, -1, 1)", "clamp(x, min=0)", "clamp(x, max=y)"),
    d_input=lambda g, input, min, max: where(_within(input, min, max), g, 0.0),
    d_min=lambda g, input, min, max: where(_pushed_up(input, min, max), g, 0.0),
    d_max=lambda g, input, min, max: where(input > max, g, 0.0),
)
def clamp(input: Tensor, min: Operand | None = None, max: Operand | None = None) -> Tensor:
    """input, but not below min and not above max."""
    if min is None and max is None:
        raise ValueFault.as_torch("torch.clamp: At least one of 'min' or 'max' must not be None")
    result = input
    if min is not None:
        result = maximum.apply_to(result, min)
    if max is not None:
        result = minimum.apply_to(result, max)
    return result


def _pushed_up(input: Tensor, min: Operand, max: Operand | None) -> Tensor:
    """Where the lower bound decides the result of clamp."""
    pushed = operators["lt"](input, min)
    return pushed if max is None else logical_and(pushed, operators["lt"](min, max))


@function(
    lambda min: "ClampMinBackward1" if isinstance(min, Tensor) else "ClampMinBackward0",
    in_place=True,
    laid_out_as=("input", "min"),
    examples=("clamp_min(x, 0.5)",),
    d_input=lambda g, input, min: where(input >= min, g, 0.0),
    d_min=lambda g, input, min: where(input < min, g, 0.0),
)
def clamp_min(input: Tensor, min: Operand) -> Tensor:
    """input, but not below min."""
    return maximum.apply_to(input, min)


@function(
    lambda max: "ClampMaxBackward1" if isinstance(max, Tensor) else "ClampMaxBackward0",
    in_place=True,
    laid_out_as=("input", "max"),
    examples=("clamp_max(x, 0.5)",),
    d_input=lambda g, input, max: where(input <= max, g, 0.0),
    d_max=lambda g, input, max: where(input > max, g, 0.0),
)
def clamp_max(input: Tensor, max: Operand) -> Tensor:
    """input, but not above max."""
    return minimum.apply_to(input, max)


@function(
    "RoundBackward0",
    name="round",
    public=False,
    kink="0 everywhere",
    laid_out_as=("input",),
    d_input=lambda g: zeros_like(g),
    examples=("round(x)",),
)
def round_to_whole(input: Tensor) -> LazyArray:
    """x to the nearest integer, halves to the even one."""
    refuse_booleans("round_vml_cpu", input)
    return ops.unary("round", input.array) if input.dtype.is_floating else input.array


@function(
    "RoundBackward1",
    name="round",
    namespace="torch.special",
    kink="0 everywhere",
    laid_out_as=("input",),
    d_input=lambda g: zeros_like(g),
    examples=("torch.special.round(x)", "torch.special.round(x, decimals=1)", "torch.special.round(x * 10, decimals=-1)"),
)
def round_to_decimals(input: Tensor, *, decimals: int = 0) -> LazyArray:
    """x to a number of decimals; to tens, hundreds and so on where it is negative."""
    require_floating("round_cpu" if decimals else "round_vml_cpu", input)
    scale = 10.0 ** magnitude(decimals)
    scaled = input * scale if decimals > 0 else input / scale
    rounded = Tensor(ops.unary("round", scaled.array))
    return (rounded / scale if decimals > 0 else rounded * scale).array


@function(in_place=True, forms=(round_to_whole, round_to_decimals), examples=("round(x)", "round(x, decimals=1)"))
def round(input: Tensor, *, decimals: int | None = None) -> Tensor:
    """x to the nearest integer, halves to the even one; or to a number of decimals."""
    rounded: Tensor = round_to_whole(input) if decimals is None else round_to_decimals(input, decimals=decimals)
    return rounded


_CPP_NAMES = {
    "bool": "bool",
    "float16": "c10::Half",
    "float32": "float",
    "float64": "double",
    "int16": "short int",
    "int32": "int",
    "int64": "long int",
    "int8": "signed char",
    "uint8": "unsigned char",
}


@function(
    lambda weight: "LerpBackward1" if isinstance(weight, Tensor) else "LerpBackward0",
    in_place=True,
    laid_out_as=("input", "end", "weight"),
    examples=("lerp(x, y, 0.3)", "lerp(x, y, sigmoid(x))"),
    d_input=lambda g, weight: g * (1 - weight),
    d_end=lambda g, weight: g * weight,
    d_weight=lambda g, input, end: g * (end - input),
)
def lerp(input: Tensor, end: Tensor, weight: Operand) -> Tensor:
    """input + weight * (end - input), counted from the nearer of the two."""
    for name, operand in (("end", end), ("weight", weight)):
        if isinstance(operand, Tensor) and operand.dtype is not input.dtype and (operand is end or operand.shape):
            message = f"expected dtype {_CPP_NAMES[input.dtype.name]} for `{name}` but got dtype {_CPP_NAMES[operand.dtype.name]}"
            raise DTypeMismatch.as_torch(message)
    require_floating("lerp_kernel_scalar" if not isinstance(weight, Tensor) else "lerp_kernel_tensor", input)
    whole = end - input
    from_input, from_end = input + weight * whole, end - whole * (1 - weight)
    if isinstance(weight, Tensor):
        return where(abs(weight) < 0.5, from_input, from_end)
    return from_input if magnitude(weight) < 0.5 else from_end


@function()
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Whether |x - y| <= atol + rtol * |y|, element by element."""
    close = logical_or(eq(input, other), logical_and(isfinite(other), abs(sub(input, other)) <= abs(other) * rtol + atol))
    return logical_or(close, logical_and(isnan(input), isnan(other))) if equal_nan else close


@function()
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are close."""
    return bool(isclose(input, other, rtol, atol, equal_nan).numpy().all())


@function()
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether the shapes and all elements are equal."""
    return input.shape == other.shape and bool(eq(input, other).numpy().all())
