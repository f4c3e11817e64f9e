"""Devices as values, and which of them functions take: the programs' tensors are those of one device."""

from __future__ import annotations

from typing import Any

from gradcli.errors import DeviceUnavailable, ValueFault
from gradcli.lazy import settings
from gradcli.lazy.dtypes import BY_NAME

#: The kinds of devices that PyTorch knows, in the order of its error sentence.
KINDS_OF_DEVICES = (
    *("cpu", "cuda", "ipu", "xpu", "mkldnn", "opengl", "opencl", "ideep", "hip", "ve", "fpga", "maia", "xla", "lazy", "vulkan"),
    *("mps", "meta", "hpu", "mtia", "privateuseone"),
)


class Device:
    """Where tensors are: a kind of device, and its number where one of several is meant."""

    type_name = "torch.device"
    __slots__ = ("index", "type")

    def __init__(self, type: str, index: int | None = None) -> None:
        self.type = type
        self.index = index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        return f"device(type='{self.type}')" if self.index is None else f"device(type='{self.type}', index={self.index})"


def device_named(text: str) -> Device:
    """The device that a text such as 'cpu' or 'cuda:1' names, whether it is there or not."""
    kind, colon, number = text.partition(":")
    if not text:
        raise ValueFault.as_torch("Device string must not be empty")
    if kind not in KINDS_OF_DEVICES:
        kinds = ", ".join(KINDS_OF_DEVICES)
        hint = f"a dtype stands without quotes: {text}" if text in BY_NAME else "devices are called cpu, cuda, cuda:0, ..."
        raise DeviceUnavailable.as_torch(f"Expected one of {kinds} device type at start of device string: {kind}", hint=hint)
    if colon and not (number.isascii() and number.isdecimal()):
        raise ValueFault.as_torch(f"Invalid device string: '{text}'")
    return Device(kind, int(number) if colon else None)


def available_device(value: Any) -> Device | None:
    """The device that an argument means, None if it means none; an error for a device that is not there."""
    device = device_named(value) if isinstance(value, str) else value
    if not isinstance(device, Device):
        return None
    here = device_named(settings.device)
    if device.type != "cpu" and device not in (here, Device(here.type)):
        hint = 'leave the device out, or write "cuda" if torch.cuda.is_available() else "cpu"'
        raise DeviceUnavailable(f"device {device} is not available", hint=hint)
    return device
