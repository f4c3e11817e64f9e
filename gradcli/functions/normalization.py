"""Normalisations of torch.nn.functional over a batch, over groups of channels, over each channel, and over neighbouring ones."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from gradcli.autograd import Tensor, change_in_place
from gradcli.autograd.state import GradMode
from gradcli.autograd.tensor import Scalar
from gradcli.errors import DTypeMismatch, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.conditional import where
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.elementwise import add, div, mul, rsqrt
from gradcli.functions.padding import constant_pad_nd
from gradcli.functions.pool import avg_pool2d, avg_pool3d
from gradcli.functions.power import pow
from gradcli.functions.reduce import mean, widened
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import misfit, require_floating
from gradcli.functions.repetition import repeat
from gradcli.functions.shape import reshape, squeeze, unsqueeze, view

Axes = tuple[int, ...]


def _all_but_channels(rank: int) -> Axes:
    """All axes but that of the channels."""
    return tuple(axis for axis in range(rank) if axis != 1)


def _by_channel(numbers: Tensor, rank: int) -> Tensor:
    """Numbers for each channel, along axis 1."""
    return reshape(numbers, (1, -1, *(1,) * (rank - 2)))


def _standardized(input: Tensor, axes: Axes, eps: float) -> tuple[Tensor, Tensor]:
    """The input with mean 0 and variance 1 over axes, and the factor that scaled it."""
    wide = widened(input)
    centred = wide - mean(wide, axes, True)
    scale = rsqrt(mean(centred * centred, axes, True) + eps)
    return centred * scale, scale


def _standardized_cotangent(g: Tensor, input: Tensor, axes: Axes, eps: float) -> Tensor:
    """g without its mean and its part along the standardized input, divided by the deviation."""
    normal, scale = _standardized(input, axes, eps)
    return (g - mean(g, axes, True) - normal * mean(g * normal, axes, True)) * scale


def _scaled(normal: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """Scaled and moved by a weight and a bias for each channel."""
    result = normal if weight is None else normal * _by_channel(weight, normal.ndim)
    return result if bias is None else result + _by_channel(bias, normal.ndim)


def _check_channels(input: Tensor, numbers: dict[str, Tensor | None], examples: int = 1) -> None:
    """There is a number for each channel; PyTorch counts them over examples that it puts side by side."""
    for name, tensor in numbers.items():
        if tensor is not None and tensor.shape.numel() != input.shape[1]:
            message = f"{name} should contain {examples * input.shape[1]} elements not {examples * tensor.shape.numel()}"
            raise misfit(message, input, tensor)


# ── over a batch ──


def _normal(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, training: bool, eps: float
) -> tuple[Tensor, Tensor]:
    """The normalised input, by its own statistics or by given ones, and the factor that scaled it."""
    if training or running_mean is None or running_var is None:
        return _standardized(input, _all_but_channels(input.ndim), eps)
    scale = rsqrt(_by_channel(running_var, input.ndim) + eps)
    return (input - _by_channel(running_mean, input.ndim)) * scale, scale


def _batch_norm_cotangent(
    g: Tensor,
    input: Tensor,
    weight: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    eps: float,
) -> Tensor:
    """weight / std * (g - mean(g) - z * mean(g * z)), z the normalised channel; by given statistics weight / std * g."""
    scaled = g if weight is None else g * _by_channel(weight, g.ndim)
    if training:
        return to(_standardized_cotangent(scaled, input, _all_but_channels(g.ndim), eps), input.dtype)
    return scaled * _normal(input, running_mean, running_var, training, eps)[1]


@function(
    "NativeBatchNormBackward0",
    name="batch_norm",
    namespace=NN,
    public=False,
    d_input=_batch_norm_cotangent,
    d_weight=lambda g, input, running_mean, running_var, training, eps: total(
        g * to(_normal(input, running_mean, running_var, training, eps)[0], g.dtype), _all_but_channels(g.ndim)
    ),
    d_bias=lambda g: total(g, _all_but_channels(g.ndim)),
)
def _native_batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    eps: float,
) -> Tensor:
    """The input normalised channel by channel over the batch."""
    normal, _ = _normal(input, running_mean, running_var, training, eps)
    return to(_scaled(normal, weight, bias), input.dtype)


def _move_towards(running: Tensor | None, new: Tensor, momentum: float) -> None:
    """Change running statistics in place."""
    if running is not None:
        with GradMode(False):
            change_in_place(running, lambda old: old * (1 - momentum) + to(new, old.dtype) * momentum)


def _note_statistics(input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, momentum: float) -> None:
    """Move running statistics towards those of the input; its variance is the unbiased one."""
    axes = _all_but_channels(input.ndim)
    values = input.detach()
    count = prod(input.shape[axis] for axis in axes)
    centre = mean(values, axes, True)
    variance = total((values - centre) * (values - centre), axes) / (count - 1) if count > 1 else None
    _move_towards(running_mean, mean(values, axes), momentum)
    if variance is not None:
        _move_towards(running_var, variance, momentum)


@function(
    namespace=NN,
    forms=(_native_batch_norm,),
    examples=("F.batch_norm(x, None, None, training=True)", "F.batch_norm(x, None, None, y[0], x[0], True)"),
)
def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-05,
) -> Tensor:
    """Each channel with mean 0 and variance 1 over the batch in training, else by running statistics; then scaled."""
    if training:
        _check_spread(input)
    if input.ndim < 2:
        raise misfit("Expected more than 1 dimension of the input of batch_norm", input)
    for name, running in (("running_mean", running_mean), ("running_var", running_var)):
        if running is None and not training:
            raise ValueFault.as_torch(f"{name} must be defined in evaluation mode")
    numbers = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    _check_channels(input, numbers)
    require_floating("batch_norm", input)
    statistics = (None, None) if training else (running_mean, running_var)
    result = _native_batch_norm(input, weight, bias, *statistics, training, eps)
    if training:
        _note_statistics(input, running_mean, running_var, momentum)
    return result


def _check_spread(input: Tensor) -> None:
    """There are at least two numbers for each channel."""
    if input.ndim > 1 and prod(input.shape) // max(input.shape[1], 1) == 1:
        raise ValueFault.as_torch(f"Expected more than 1 value per channel when training, got input size {input.shape}")


@function(
    namespace=NN,
    forms=(_native_batch_norm, view),
    examples=("F.instance_norm(x)", "F.instance_norm(x, weight=y[0, :, 0], bias=x[0, :, 1])"),
)
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-05,
) -> Tensor:
    """Each channel of each example with mean 0 and variance 1, then scaled by a weight and moved by a bias for each channel."""
    if use_input_stats and prod(input.shape[2:]) == 1:
        raise ValueFault.as_torch(f"Expected more than 1 spatial element when training, got input size {input.shape}")
    if input.ndim < 2:
        raise misfit("Expected more than 1 dimension of the input of instance_norm", input)
    if not use_input_stats and (running_mean is None or running_var is None):
        raise ValueFault.as_torch("Expected running_mean and running_var to be defined when use_input_stats is false")
    examples, channels = input.shape[0], input.shape[1]
    numbers_given = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    _check_channels(input, numbers_given, examples)
    require_floating("batch_norm", input)
    side_by_side = view(input, (1, examples * channels, *input.shape[2:]))
    weights, biases, means, variances = (
        None if numbers is None else repeat(numbers, (examples,)) for numbers in (weight, bias, running_mean, running_var)
    )
    statistics = (None, None) if use_input_stats else (means, variances)
    result = _native_batch_norm(side_by_side, weights, biases, *statistics, use_input_stats, eps)
    if use_input_stats:
        _note_statistics(side_by_side, means, variances, momentum)
        for running, each in ((running_mean, means), (running_var, variances)):
            if running is not None and each is not None:
                _move_towards(running, mean(reshape(each, (examples, channels)), (0,)), 1.0)
    return view(result, tuple(input.shape))


# ── over groups of channels ──


def _grouped(input: Tensor, num_groups: int) -> Tensor:
    return reshape(input, (input.shape[0], num_groups, prod(input.shape[1:]) // num_groups))


def _group_norm_cotangent(g: Tensor, input: Tensor, num_groups: int, weight: Tensor | None, eps: float) -> Tensor:
    """(h - mean(h) - z * mean(h * z)) / std, where h = g * weight, for the normalised z of each group."""
    scaled = g if weight is None else g * _by_channel(weight, g.ndim)
    cotangent = _standardized_cotangent(_grouped(scaled, num_groups), _grouped(input, num_groups), (2,), eps)
    return to(reshape(cotangent, tuple(input.shape)), input.dtype)


def _group_normal(input: Tensor, num_groups: int, eps: float) -> Tensor:
    """The input, normalised in each group."""
    return reshape(_standardized(_grouped(input, num_groups), (2,), eps)[0], tuple(input.shape))


@function(
    "NativeGroupNormBackward0",
    namespace=NN,
    examples=("F.group_norm(x, 1)", "F.group_norm(x, 1, y[0], x[0])"),
    d_input=_group_norm_cotangent,
    d_weight=lambda g, input, num_groups, eps: total(
        g * to(_group_normal(input, num_groups, eps), g.dtype), _all_but_channels(g.ndim)
    ),
    d_bias=lambda g: total(g, _all_but_channels(g.ndim)),
)
def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-05
) -> Tensor:
    """Each group of channels of each example with mean 0 and variance 1, then scaled and moved for each channel."""
    if input.ndim < 2:
        raise ValueFault.as_torch(f"Expected at least 2 dimensions for input tensor but received {input.ndim}")
    if num_groups <= 0:
        raise ValueFault.as_torch(f"Expected num groups to be greater than 0, got {num_groups}")
    if input.shape[1] % num_groups:
        message = (
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(input.shape)} and num_groups={num_groups}"
        )
        raise misfit(message, input)
    for name, tensor in (("weight", weight), ("bias", bias)):
        if tensor is not None and tensor.dtype is not input.dtype:
            message = "mixed dtype (CPU): all inputs must share same datatype."
            raise DTypeMismatch.as_torch(message, hint=f"convert the {name} with .to({input.dtype})")
        if tensor is not None and tuple(tensor.shape) != (input.shape[1],):
            message = (
                f"Expected {name} to be a vector of size equal to the number of channels in input, but got {name} of shape "
                f"{list(tensor.shape)} and input of shape {list(input.shape)}"
            )
            raise misfit(message, input, tensor)
    require_floating("GroupNormKernelImpl", input)
    return to(_scaled(_group_normal(input, num_groups, eps), weight, bias), input.dtype)


# ── over neighbouring channels ──


@function(namespace=NN, forms=(div, pow, add, mul), examples=("F.local_response_norm(x, 2)",))
def local_response_norm(input: Tensor, size: int, alpha: Scalar = 0.0001, beta: Scalar = 0.75, k: Scalar = 1.0) -> Tensor:
    """input / (k + alpha * (mean square over `size` neighbouring channels))^beta."""
    if input.ndim < 3:
        message = f"Expected 3D or higher dimensionality                          input (got {input.ndim} dimensions)"
        raise misfit(message, input)
    if not input.shape.numel():
        return input
    squares = mul(input, input)
    before, after = size // 2, (size - 1) // 2
    if input.ndim == 3:
        means = squeeze(avg_pool2d(constant_pad_nd(unsqueeze(squares, 1), (0, 0, before, after)), (size, 1), 1), 1)
    else:
        means = squeeze(_mean_of_neighbours(squares, input.shape, size, before, after), 1)
        means = view(means, tuple(input.shape))
    return div(input, pow(add(mul(means, alpha), k), beta))


def _mean_of_neighbours(squares: Tensor, shape: Sequence[int], size: int, before: int, after: int) -> Tensor:
    volume = view(squares, (shape[0], 1, shape[1], shape[2], -1))
    return avg_pool3d(constant_pad_nd(volume, (0, 0, 0, 0, before, after)), (size, 1, 1), 1)


# ── activation with a weight for each channel ──


@function(
    "PreluKernelBackward0",
    public=False,
    kink="the weight at 0",
    laid_out_as=("input", "weight"),
    examples=("prelu_of(x, x[0])",),
    d_input=lambda g, input, weight: where(input > 0, g, g * weight),
    d_weight=lambda g, input: where(input > 0, 0.0, g * input),
)
def prelu_of(input: Tensor, weight: Tensor) -> Tensor:
    """x where it is positive, weight * x elsewhere."""
    return where(input > 0, input, input * weight)


@function(aliases=(f"{NN}.prelu",), forms=(prelu_of,), examples=("prelu(x, x[0])",))
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x where it is positive and weight * x elsewhere, with one weight, or one for each channel (dimension 1)."""
    if weight.dtype is not input.dtype:
        message = f"prelu: Type promoting not supported. Got {input.dtype.tensor_type} and {weight.dtype.tensor_type}"
        raise DTypeMismatch.as_torch(message, hint="convert one of them")
    if weight.shape.numel() == 1:
        shape: tuple[int, ...] = (1,) * input.ndim if weight.ndim else ()
    else:
        channels = input.shape[1] if input.ndim > 1 else 1
        if weight.shape.numel() != channels:
            message = (
                "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{weight.shape.numel()} and channel size = {channels}."
            )
            raise misfit(message, input, weight)
        shape = (1, channels, *(1,) * (input.ndim - 2))
    return prelu_of(input, weight if tuple(weight.shape) == shape else view(weight, shape))
