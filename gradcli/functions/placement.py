"""Where tensors are: all of a program's are on the one device that it runs on."""

from __future__ import annotations

from typing import Any

from gradcli.autograd import Tensor
from gradcli.errors import ArgumentError, DeviceUnavailable
from gradcli.functions.arguments import type_name
from gradcli.functions.create import to
from gradcli.functions.declare import function, method
from gradcli.functions.device import Device, device_named
from gradcli.functions.random import manual_seed
from gradcli.lazy import settings


@function(name="device", method=False, examples=("torch.device('cpu')",))
def _device_of(type: Any, index: int | None = None) -> Device:
    """A device by its name, whether it is there or not."""
    if isinstance(type, str):
        return device_named(type if index is None else f"{type}:{index}")
    if not isinstance(type, Device):
        raise ArgumentError.as_torch(f"device(): argument 'type' (position 1) must be str, not {type_name(type)}")
    return type


@method("cpu")
def _cpu(input: Tensor) -> Tensor:
    """The tensor itself: a program on a GPU has all of its tensors there, and values are copied when they are asked for."""
    return input


@method("cuda")
def _cuda(input: Tensor, device: Device | None = None) -> Tensor:
    """The tensor on a GPU, which has to be there."""
    moved: Tensor = to(input, device or "cuda")
    return moved


@function(examples=("x.get_device()",))
def get_device(input: Tensor) -> int:
    """The number of the GPU that a tensor is on; -1 for the CPU."""
    index = device_named(input.device).index
    return -1 if index is None else index


@function(namespace="torch.cuda", examples=("torch.cuda.is_available()",))
def is_available() -> bool:
    """Whether tensors are on a GPU: programs see one device, the one that they run on."""
    return settings.device != "cpu"


@function(namespace="torch.cuda", examples=("torch.cuda.device_count()",))
def device_count() -> int:
    """How many GPUs programs see: the one that they run on, if it is one."""
    return int(is_available())


@function(namespace="torch.cuda")
def current_device() -> int:
    """The number of the GPU that the program runs on."""
    index = device_named(settings.device).index
    if index is None:
        raise DeviceUnavailable.as_torch("Torch not compiled with CUDA enabled", hint="--device cuda runs a program on a GPU")
    return index


@function(name="manual_seed", namespace="torch.cuda", examples=("torch.cuda.manual_seed(0)",))
def _manual_seed(seed: int) -> None:
    """Begin again with the random numbers of a seed, which are those of every device; nothing without a GPU."""
    if is_available():
        manual_seed(seed)


@function(name="manual_seed_all", namespace="torch.cuda", examples=("torch.cuda.manual_seed_all(0)",))
def _manual_seed_all(seed: int) -> None:
    """The same: programs see one GPU."""
    _manual_seed(seed)
