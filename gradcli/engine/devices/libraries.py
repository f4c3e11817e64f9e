"""CuPy, PyTorch and JAX: how each finds its device, copies, and does what the array API has no function for."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import Any, ClassVar

import numpy as np

from gradcli.engine.devices.fused import by_region, traced
from gradcli.engine.devices.library import Array, Library
from gradcli.engine.devices.special import own_functions
from gradcli.errors import DeviceUnavailable


def place_of(library: str, kind: str, number: int, count: int) -> str:
    """A device's name as PyTorch writes it, if the library sees so many."""
    if number < count:
        return kind if kind == "cpu" else f"{kind}:{number}"
    seen = {0: f"no {kind} device", 1: f"one {kind} device, number 0"}.get(count, f"{count} {kind} devices, 0 to {count - 1}")
    raise DeviceUnavailable(f"{library} sees {seen}")


class CuPy(Library):
    """Arrays on an NVIDIA GPU; what is computed element by element is fused to kernels."""

    def __init__(self, kind: str, number: int) -> None:
        import array_api_compat.cupy
        import cupy
        from cupyx.scipy import special

        is_there = kind == "cuda" and cupy.cuda.is_available()
        count = cupy.cuda.runtime.getDeviceCount() if is_there else 0
        super().__init__(array_api_compat.cupy, place_of("CuPy", kind, number, count))
        self._cupy = cupy
        self._cuda_device = cupy.cuda.Device(number)
        self.own = own_functions(self.xp, special, cupy.frexp)
        self.fused = partial(by_region, self, cupy)

    def working(self) -> AbstractContextManager[Any]:
        """On the device asked for."""
        manager: AbstractContextManager[Any] = self._cuda_device
        return manager

    def fetch(self, array: Array) -> np.ndarray:
        """A copy on the host."""
        copied: np.ndarray = self._cupy.asnumpy(array)
        return copied

    def argsort(self, array: Array, axis: int) -> Array:
        """A full memory is an error: CuPy up to 14.0 writes it to stderr, and goes on with an order that is none."""
        lost: list[MemoryError] = []
        before = sys.unraisablehook

        def noting(unraisable: sys.UnraisableHookArgs) -> None:
            if isinstance(unraisable.exc_value, MemoryError):
                lost.append(unraisable.exc_value)
            else:
                before(unraisable)

        sys.unraisablehook = noting
        try:
            order = super().argsort(array, axis)
        finally:
            sys.unraisablehook = before
        if lost:
            raise lost[0]
        return order


class PyTorch(Library):
    """Tensors of PyTorch without its autograd."""

    def __init__(self, kind: str, number: int) -> None:
        import array_api_compat.torch
        import torch

        counts = {"cpu": lambda: 1, "cuda": torch.cuda.device_count}
        place = place_of(f"PyTorch {torch.__version__}", kind, number, counts[kind]())
        super().__init__(array_api_compat.torch, place, torch.device(place))
        self._torch = torch
        functions = own_functions(self.xp, torch.special, torch.frexp)
        self.cholesky = self._cholesky
        self.own = {**functions, "matmul": self._matmul, "normal_cdf": self._normal_cdf}

    def working(self) -> AbstractContextManager[Any]:
        """Without recording."""
        manager: AbstractContextManager[Any] = self._torch.no_grad()
        return manager

    def send(self, buffer: np.ndarray) -> Array:
        """A copy on the device, of elements in order."""
        return self._torch.tensor(np.asarray(buffer, order="C"), device=self.device)

    def fetch(self, array: Array) -> np.ndarray:
        """A copy on the host."""
        copied: np.ndarray = array.cpu().numpy()
        return copied

    def join_at(self, target: Array, positions: Array, values: Array, primitive: str) -> Array:
        """Sums as PyTorch makes them, which sorts by position on a GPU as well."""
        if primitive == "add":
            return target.index_put_((positions,), values, accumulate=True)
        return super().join_at(target, positions, values, primitive)

    def _cholesky(self, matrix: Array) -> tuple[Array, Array]:
        factor, column = self._torch.linalg.cholesky_ex(matrix)
        return factor, column != 0

    def _normal_cdf(self, x: Array) -> Array:
        """PyTorch's own is 0 where erf is -1."""
        return self._torch.special.erfc(x * -(0.5**0.5)) * 0.5

    def _matmul(self, a: Array, b: Array) -> Array:
        """Products of integers, which PyTorch has none of on a GPU, are added up one by one."""
        if a.dtype.is_floating_point:
            return self._torch.matmul(a, b)
        return self._torch.sum(a[..., :, :, None] * b[..., None, :, :], dim=-2, dtype=a.dtype)


class Jax(Library):
    """Arrays of JAX; whole programs are fused by XLA."""

    #: The methods of positions in an array that join their elements with others, by primitive.
    _scattering: ClassVar[dict[str, str]] = {"add": "add", "maximum": "max", "minimum": "min", "mul": "multiply"}

    def __init__(self, kind: str, number: int) -> None:
        import jax
        from jax.scipy import special

        try:
            from jax import enable_x64
        except ImportError:  # before JAX 0.8
            from jax.experimental import enable_x64
        try:
            devices = jax.devices(kind)
        except RuntimeError:  # so it says that it has none of the kind
            devices = []
        super().__init__(jax.numpy, place_of(f"JAX {jax.__version__}", kind, number, len(devices)))
        self._jax, self._jax_device = jax, devices[number]
        self._enable_x64 = enable_x64
        self.fused = partial(traced, self, jax.jit)
        self.cholesky = self._cholesky
        self.own = {**own_functions(self.xp, special, self._frexp), "exp2": partial(self.xp.power, 2)}  # exp2 is exp(x * log(2))

    def working(self) -> AbstractContextManager[Any]:
        """With 64-bit numbers, float32 products as exact as elsewhere, and new arrays on the device asked for."""
        stack = ExitStack()
        stack.enter_context(self._enable_x64(True))
        stack.enter_context(self._jax.default_matmul_precision("highest"))
        stack.enter_context(self._jax.default_device(self._jax_device))
        return stack

    def send(self, buffer: np.ndarray) -> Array:
        """A copy on the device."""
        return self._jax.device_put(buffer, self._jax_device, may_alias=False)

    def assign(self, target: Array, index: tuple[slice, ...] | Array, values: Array) -> Array:
        """Arrays cannot be changed: a new one."""
        return target.at[index].set(values)

    def slogdet(self, matrix: Array) -> tuple[Array, Array]:
        """By pivots for two rows as well, whose products JAX's own lets overflow."""
        xp = self.xp
        factors, exchanges, _ = self._jax.lax.linalg.lu(matrix)
        pivots = xp.diagonal(factors, axis1=-2, axis2=-1)
        is_odd = xp.sum(exchanges != xp.arange(matrix.shape[-1]), axis=-1) % 2 == 1
        sign = xp.prod(xp.sign(pivots), axis=-1)
        return xp.where(is_odd, -sign, sign), xp.sum(xp.log(abs(pivots)), axis=-1)

    def integer_power(self, base: Array, exponent: Array) -> Array:
        """By squaring, as often as an exponent has bits: JAX's own looks at six of them."""
        xp, power = self.xp, self.xp.ones_like(base)
        for _ in range(8 * exponent.dtype.itemsize):
            power = xp.where(exponent % 2 == 1, power * base, power)
            base, exponent = base * base, exponent // 2
        return power

    def _cholesky(self, matrix: Array) -> tuple[Array, Array]:
        factor = self.xp.linalg.cholesky(matrix)
        return factor, self.xp.isnan(factor)

    def _frexp(self, x: Array) -> tuple[Array, Array]:
        """What XLA takes for 0 is 0 here too."""
        least = self.xp.finfo(x.dtype).smallest_normal
        found: tuple[Array, Array] = self.xp.frexp(self.xp.where(abs(x) < least, x * 0, x))
        return found

    def join_at(self, target: Array, positions: Array, values: Array, primitive: str) -> Array:
        """By XLA's own scattering: the steps after sorting make a program that it does not finish to compile."""
        joined: Array = getattr(target.at[positions], self._scattering[primitive])(values)
        return joined
