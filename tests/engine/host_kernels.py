"""CuPy's two classes of kernels on the host: their source, as C++, in a loop over the elements of arrays of the fake device.

They take what CuPy's take, under CuPy's names: https://docs.cupy.dev/en/stable/user_guide/kernel.html
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache, partial
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from gradcli.engine.devices.expressions import C_TYPES
from gradcli.engine.devices.fused import by_region
from gradcli.lazy.dtypes import BY_NAME

from .strict_device import DEVICE, Strict

COMPILER = shutil.which("g++") or shutil.which("clang++")
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="kernels are compiled by g++ or clang++ here")

# What CUDA has and C++ lacks; and what CuPy puts around an operation.
SHIM = """
#include <cmath>
#include <cstddef>
using namespace std;
#define __device__ static
static float __fmul_rn(float a, float b) { return a * b; }
static double __dmul_rn(double a, double b) { return a * b; }
static float normcdf(float x) { return float(0.5 * erfc(-double(x) * 0.70710678118654752)); }
static double normcdf(double x) { return 0.5 * erfc(-x * 0.70710678118654752); }
struct Indexer { ptrdiff_t length; ptrdiff_t size() const { return length; } };
"""


@cache
def compiled(source: str) -> Any:
    """The function `kernel` of a source; unlike CUDA, a host's compiler is told to round each product."""
    assert COMPILER is not None
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "kernel.so"
        options = ["-x", "c++", "-std=c++17", "-O1", "-ffp-contract=off", "-w", "-shared", "-fPIC"]
        subprocess.run([COMPILER, *options, "-", "-o", str(library)], input=SHIM + source, text=True, check=True)
        return ctypes.CDLL(str(library)).kernel


class Parameter(NamedTuple):
    """A parameter as CuPy writes it: `raw float32 x0`."""

    is_raw: bool
    dtype: np.dtype[Any]
    name: str

    @property
    def c_type(self) -> str:
        return C_TYPES[BY_NAME[self.dtype.name]]


def parameters(text: str) -> list[Parameter]:
    words = [part.split() for part in text.split(", ")] if text else []
    return [Parameter(len(each) == 3 and each[0] == "raw", np.dtype(each[-2]), each[-1]) for each in words]


def called(source: str, length: int, arguments: list[np.ndarray]) -> None:
    addresses = (ctypes.c_void_p * len(arguments))(*[argument.ctypes.data for argument in arguments])
    compiled(source)(ctypes.c_int64(length), addresses)


def checked(given: tuple[Any, ...], declared: list[Parameter]) -> list[np.ndarray]:
    """The arguments as arrays; CuPy takes arrays of the declared type alone, and numbers that fit into it."""
    assert len(given) == len(declared)
    for argument, parameter in zip(given, declared, strict=True):
        assert not isinstance(argument, np.ndarray) or argument.dtype == parameter.dtype, parameter
    return [np.asarray(argument, parameter.dtype) for argument, parameter in zip(given, declared, strict=True)]


class ElementwiseKernel:
    """As CuPy's, with outputs given."""

    def __init__(self, in_params: str, out_params: str, operation: str, name: str = "kernel") -> None:
        assert name.isidentifier()
        self.declared = parameters(in_params) + parameters(out_params)
        self.inputs = len(parameters(in_params))
        names = [parameter.name for parameter in self.declared]
        assert not [name for name in names if name in ("i", "n") or name.startswith("_")], "CuPy keeps these for itself"
        raw, single = [], []
        for number, parameter in enumerate(self.declared):
            c_type = f"{'' if number >= self.inputs else 'const '}{parameter.c_type}"
            address = f"(({c_type}*)arguments[{number}])"
            if parameter.is_raw:
                raw.append(f"{c_type}* {parameter.name} = {address};")
            else:
                single.append(f"{c_type}& {parameter.name} = {address}[i * steps[{number}]];")
        loop = ["for (ptrdiff_t i = 0; i < length; i++) {", *single, operation, "}"]
        self.body = "\n".join(["Indexer _ind{length};", *raw, *loop])

    def __call__(self, *args: Any, size: int | None = None) -> None:
        arguments = checked(args, self.declared)
        is_array = [isinstance(given, np.ndarray) for given in args]
        shapes = [args[number].shape for number, one in enumerate(self.declared) if is_array[number] and not one.is_raw]
        assert (size is None) == bool(shapes), "a size is given if and only if all arrays are raw"
        shape = np.broadcast_shapes(*shapes) if size is None else (size,)
        for number, parameter in enumerate(self.declared):
            if number >= self.inputs:
                assert arguments[number] is args[number] and arguments[number].flags.c_contiguous
                assert parameter.is_raw or arguments[number].shape == shape
            elif is_array[number] and not parameter.is_raw:
                arguments[number] = np.broadcast_to(arguments[number], shape)
            arguments[number] = np.ascontiguousarray(arguments[number])
        steps = f"const long long steps[] = {{{', '.join(str(int(each)) for each in is_array)}}};"
        source = f'extern "C" void kernel(long long length, void** arguments) {{\n{steps}\n{self.body}\n}}'
        called(source, prod(shape), arguments)


class ReductionKernel:
    """As CuPy's, with one result."""

    def __init__(
        self,
        in_params: str,
        out_params: str,
        map_expr: str,
        reduce_expr: str,
        post_map_expr: str,
        identity: str,
        name: str = "reduce_kernel",
        preamble: str = "",
    ) -> None:
        assert name.isidentifier()
        self.declared = parameters(in_params)
        (self.result,) = parameters(out_params)
        taken = []
        for number, parameter in enumerate(self.declared):
            taken.append(
                f"const {parameter.c_type} {parameter.name} = ((const {parameter.c_type}*)arguments[{number}])[{{{number}}}];"
            )
        self.source = "\n".join(
            [
                preamble,
                f"#define REDUCE(a, b) ({reduce_expr})",
                f"#define POST_MAP(a) ({post_map_expr})",
                f"typedef {self.result.c_type} _type_reduce;",
                'extern "C" void kernel(long long outer, void** arguments) {',
                f"const long long inner = *(long long*)arguments[{len(self.declared)}];",
                "for (ptrdiff_t i = 0; i < outer; i++) {",
                f"{self.result.c_type}& {self.result.name} = ((_type_reduce*)arguments[{len(self.declared) + 1}])[i];",
                f"_type_reduce _s = _type_reduce({identity});",
                "for (ptrdiff_t j = i * inner; j < (i + 1) * inner; j++) {",
                "@taken@",
                f"_type_reduce _a = static_cast<_type_reduce>({map_expr});",
                "_s = REDUCE(_s, _a);",
                "}",
                "POST_MAP(_s);",
                "}",
                "}",
            ]
        )
        self.taken = "\n".join(taken)

    def __call__(self, *args: Any, axis: tuple[int, ...], keepdims: bool = False) -> np.ndarray:
        arguments = checked(args, self.declared)
        shape = np.broadcast_shapes(*[given.shape for given in args if isinstance(given, np.ndarray)])
        kept = [each for each in range(len(shape)) if each not in axis]
        for number, given in enumerate(args):
            if isinstance(given, np.ndarray):
                whole = np.transpose(np.broadcast_to(given, shape), [*kept, *axis])
                arguments[number] = np.ascontiguousarray(whole)
        places = ["j" if isinstance(given, np.ndarray) else "0" for given in args]
        source = self.source.replace("@taken@", self.taken.format(*places))
        result = np.empty([shape[each] for each in kept], self.result.dtype)
        inner = np.array(prod(shape[each] for each in axis), np.int64)
        called(source, result.size, [*arguments, inner, result])
        return np.expand_dims(result, axis) if keepdims else result


class Kernels(Strict):
    """The fake device with CuPy's classes of kernels, which take arrays of its own; remembers those that were made."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[Any] = []
        self.fused = partial(by_region, self, self)

    def ElementwiseKernel(self, *source: str, **options: str) -> Callable[..., Any]:
        return self._on_device(ElementwiseKernel(*source, **options))

    def ReductionKernel(self, *source: str, **options: str) -> Callable[..., Any]:
        return self._on_device(ReductionKernel(*source, **options))

    def _on_device(self, kernel: Callable[..., Any]) -> Callable[..., Any]:
        self.made.append(kernel)

        def call(*args: Any, **options: Any) -> Any:
            assert all(each.device == DEVICE for each in args if hasattr(each, "_array"))
            result = kernel(*[getattr(each, "_array", each) for each in args], **options)
            return None if result is None else self.xp.asarray(result, device=DEVICE)

        return call
