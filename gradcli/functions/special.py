"""Special functions: gamma and its kin, Bessel functions, the normal distribution, sinc."""

from __future__ import annotations

from math import factorial, log, pi
from math import sqrt as root

from gradcli.autograd import Tensor
from gradcli.errors import ValueFault
from gradcli.functions.bounds import clamp, round
from gradcli.functions.conditional import where
from gradcli.functions.create import as_floating
from gradcli.functions.declare import function, method
from gradcli.functions.elementwise import (
    abs,
    add,
    cos,
    eq,
    erf,
    erfc,
    exp,
    log1p,
    logical_and,
    logical_not,
    reciprocal,
    sign,
    sin,
    sqrt,
    times_number,
)
from gradcli.functions.elementwise import log as ln
from gradcli.functions.pointwise import binary, unary, wrap_number
from gradcli.functions.ranges import arange
from gradcli.functions.reduce import sum
from gradcli.functions.refusals import no_derivative
from gradcli.functions.registry import METHODS, InPlace
from gradcli.functions.shape import unsqueeze

SPECIAL = "torch.special"

# ── gamma ──

lgamma = unary(
    "lgamma",
    "the logarithm of the size of the gamma function",
    lambda x: digamma(x),
    domain=(0.3, 3.0),
    aliases=("torch.special.gammaln",),
)
digamma = unary(
    "digamma",
    "the slope of lgamma",
    lambda x: polygamma(1, x),
    domain=(0.3, 3.0),
    aliases=("torch.special.digamma", "torch.special.psi"),
)
zeta = binary(
    "zeta",
    "the sum of 1 / (y + k)**x over k = 0, 1, ...",
    no_derivative("the derivative for 'zeta' is not implemented."),
    lambda x, y: -x * zeta(x + 1, y),
    namespace=SPECIAL,
    grad_fn="SpecialZetaBackward0",
    names_with_number=("SpecialZetaBackward1", "SpecialZetaBackward2"),
    floating=True,
    domain=(0.3, 3.0),
    examples=("zeta(2.5, y)",),
)


@function(
    "PolygammaBackward0",
    method=False,
    aliases=("torch.special.polygamma",),
    laid_out_as=("input",),
    examples=("polygamma(2, x.exp())",),
    d_input=lambda g, n, input: g * polygamma(n + 1, input),
)
def polygamma(n: int, input: Tensor) -> Tensor:
    """The derivative of order n of digamma."""
    if n < 0:
        raise ValueFault.as_torch("polygamma(n, x) does not support negative n.")
    x = as_floating(input)
    if n == 0:
        return digamma(x)
    return zeta(n + 1.0, x) * ((-1.0) ** (n + 1) * factorial(n))


@method("polygamma")
def _polygamma_method(input: Tensor, n: int) -> Tensor:
    """The derivative of order n of digamma."""
    return polygamma(n, input)


@function(
    "PolygammaBackward1",
    public=False,
    examples=("polygamma_in_place(x.exp(), 2)",),
    d_input=lambda g, input, n: g * polygamma(n + 1, input),
)
def polygamma_in_place(input: Tensor, n: int) -> Tensor:
    """What takes the place of a tensor."""
    return polygamma(n, input)


METHODS["polygamma_"] = InPlace(polygamma_in_place, "polygamma_")


def _lower_arguments(input: Tensor, p: int) -> Tensor:
    """x, x - 1/2, ..., x - (p - 1)/2 along a last dimension."""
    return unsqueeze(input, -1) - arange(p, dtype=input.dtype) * 0.5


@function(
    "MvlgammaBackward0",
    in_place=True,
    aliases=("torch.special.multigammaln",),
    examples=("mvlgamma(1 + x.exp(), 2)",),
    d_input=lambda g, input, p: g * sum(digamma(_lower_arguments(input, p)), -1),
)
def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension p."""
    if p < 1:
        raise ValueFault.as_torch("p has to be greater than or equal to 1")
    return sum(lgamma(_lower_arguments(as_floating(input), p)), -1) + p * (p - 1) / 4 * log(pi)


# ── Bessel functions ──

i0 = unary("i0", "the modified Bessel function of order 0", lambda x: i1(x), aliases=("torch.special.i0",))
i0e = unary(
    "i0e",
    "exp(-|x|) * i0(x)",
    lambda x, result: slope_of_i0e(x),  # PyTorch saves the result
    namespace=SPECIAL,
    grad_fn="SpecialI0EBackward0",
)
i1 = unary(
    "i1",
    "the modified Bessel function of order 1",
    lambda x, result: where(_is_tiny(x), 0.5, i0(x) - result / _not_tiny(x)),
    namespace=SPECIAL,
    grad_fn="SpecialI1Backward0",
)
i1e = unary(
    "i1e",
    "exp(-|x|) * i1(x)",
    lambda x, result: _slope_of_i1e(x, result),
    namespace=SPECIAL,
    grad_fn="SpecialI1EBackward0",
)


def _slope_of_i1e(x: Tensor, result: Tensor) -> Tensor:
    """i0e(x) - sign(x) * i1e(x) - i1e(x) / x, and 1/2 at 0."""
    return where(_is_tiny(x), 0.5, -sign(x) * slope_of_i0e(x) - result / _not_tiny(x))


# sqrt(8 * pi * x**3) * (i0e(x) - i1e(x)) is 1 + r1/x * (1 + r2/x * (1 + ...)) for these r; so many are exact from 30 on.
_FAR = 30
_RATIOS = [(4 * k * k - 1) / (8 * k) for k in range(1, 21)]


@function(
    "SlopeOfI0EBackward0",
    public=False,
    examples=("slope_of_i0e(x)",),
    d_input=lambda g, input, result: g * (_slope_of_i1e(input, i1e(input)) - sign(input) * result),
)
def slope_of_i0e(input: Tensor) -> Tensor:
    """i1e(x) - sign(x) * i0e(x), by a series for large x, where the difference loses its digits."""
    size = abs(input)
    is_far = size > _FAR
    inverse = reciprocal(where(is_far, size, _FAR))
    series = wrap_number(1.0, input.dtype)
    for ratio in reversed(_RATIOS):
        series = series * (inverse * ratio) + 1
    difference = series * inverse * sqrt(inverse) * (1 / root(8 * pi))
    return where(is_far, -sign(input) * difference, i1e(input) - sign(input) * i0e(input))


def _is_tiny(x: Tensor) -> Tensor:
    """Where i1(x) is x / 2 to the last place; also where x is nan, as in PyTorch."""
    return logical_not(abs(x) > _EPSILON[x.dtype.name])


def _not_tiny(x: Tensor) -> Tensor:
    """x where that is not so, else 1."""
    return where(_is_tiny(x), 1.0, x)


_EPSILON = {"float16": 2.0**-10, "float32": 2.0**-23, "float64": 2.0**-52}

# ── error functions and the normal distribution ──


def _slope_of_erfinv(x: Tensor) -> Tensor:
    """sqrt(pi)/2 * exp(r*r) where r = erfinv(x); near +-1 sqrt(pi)/2 * erfcx(r) / (1 - x), which does not raise r's rounding."""
    size = abs(x)
    is_near = logical_and(size > 0.5, size < 1)
    near = where(is_near, size, 0.75)
    inverse = erfinv(x)
    return where(is_near, erfcx(erfinv(near)) / (1 - near), exp(inverse * inverse)) * (root(pi) / 2)


erfinv = unary(
    "erfinv",
    "the inverse of erf",
    lambda x: _slope_of_erfinv(x),
    domain=(-0.8, 0.8),
    aliases=("torch.special.erfinv",),
)
erfcx = unary(
    "erfcx",
    "exp(x*x) * erfc(x)",
    lambda x, result: x * result * 2 - 2 / root(pi),
    namespace=SPECIAL,
    grad_fn="SpecialErfcxBackward0",
)
ndtri = unary(
    "ndtri",
    "the inverse of the normal distribution function",
    lambda result: exp(result * result * 0.5) * root(2 * pi),
    domain=(0.1, 0.9),
    namespace=SPECIAL,
    grad_fn="SpecialNdtriBackward0",
)


def _bell(x: Tensor) -> Tensor:
    """exp(-x*x / 2), in two parts: the square of a number of few digits is exact, and the rest is small."""
    x = clamp(x, -40, 40)  # where it is 0
    near = round(x * 16) / 16
    return exp(near * near * -0.5) * exp((near - x) * (near + x) * 0.5)


def _log_ndtr(x: Tensor) -> Tensor:
    """Of P, the part of the distribution beyond |x|: log(P) below 0 and log(1 - P) above.

    P is erfc(|x| / sqrt(2)) / 2, farther out exp(-x*x / 2) times a ratio that is smooth, whose logarithm does not underflow.
    """
    scaled = abs(x) * root(0.5)
    ratio = erfcx(scaled) * 0.5
    beyond = where(abs(x) < 1, erfc(scaled) * 0.5, ratio * _bell(x))
    return where(x < -1, ln(ratio) - x * x * 0.5, where(x < 0, ln(beyond), log1p(-beyond)))


log_ndtr = unary(
    "log_ndtr",
    "the logarithm of the normal distribution function, exact far below 0",
    lambda x, result: slope_of_log_ndtr(x),  # PyTorch saves the result
    formula=lambda x: _log_ndtr(x),
    namespace=SPECIAL,
    grad_fn="SpecialLogNdtrBackward0",
)


@function(
    "SlopeOfLogNdtrBackward0",
    public=False,
    examples=("slope_of_log_ndtr(x)",),
    d_input=lambda g, input, result: -g * result * (input + result),
)
def slope_of_log_ndtr(input: Tensor) -> Tensor:
    """The density of the normal distribution divided by its distribution function."""
    below = root(2 / pi) / erfcx(input * -root(0.5))
    return where(input < -1, below, _bell(input) * exp(-log_ndtr(input)) * (1 / root(2 * pi)))


@function(namespace=SPECIAL, forms=(times_number, add, erf), examples=("ndtr(x)",))
def ndtr(input: Tensor) -> Tensor:
    """The normal distribution function: (erf(x / sqrt(2)) + 1) / 2."""
    scaled = times_number(as_floating(input), root(0.5))
    return times_number(add.apply_to(erf(scaled), 1, "AddBackward1"), 0.5)


# ── sinc ──

# The slope of sin(z) / z is -z/3 + z**3/30 - ...; these are its coefficients, the highest power first, exact for |z| up to 1.
_SLOPE_OF_SINC = [(-1) ** (k + 1) * (2 * k + 2) / factorial(2 * k + 3) for k in range(8, -1, -1)]


def _slope_of_sinc(x: Tensor) -> Tensor:
    """(cos(z) - sin(z) / z) / z * pi where z = pi * x, and by its series near 0, where the difference loses its digits."""
    z = x * pi
    is_near = abs(z) < 1
    near, far = where(is_near, z, 0.0), where(is_near, 1.0, z)
    square, series = near * near, wrap_number(_SLOPE_OF_SINC[0], x.dtype)
    for coefficient in _SLOPE_OF_SINC[1:]:
        series = series * square + coefficient
    return where(is_near, series * near, (cos(far) - sin(far) / far) / far) * pi


def _sinc(x: Tensor) -> Tensor:
    z = x * pi
    is_zero = eq(z, 0)
    return where(is_zero, 1.0, sin(z) / where(is_zero, 1.0, z))


sinc = unary(
    "sinc", "sin(pi*x) / (pi*x), and 1 at 0", lambda x: _slope_of_sinc(x), formula=_sinc, aliases=("torch.special.sinc",)
)
