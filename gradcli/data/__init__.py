"""Tensors in files of the formats in the table: `--data NAME=FILE:ENTRY` reads them, `--out FILE:ENTRY` writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, NamedTuple

from gradcli.errors import UsageError
from gradcli.lazy import LazyArray, settings
from gradcli.lazy.dtypes import BY_NAME
from gradcli.lazy.ops import from_buffer, stored

if TYPE_CHECKING:
    import numpy as np

    from gradcli.data.files import Contents
    from gradcli.lazy.stored import Stored


class Format(NamedTuple):
    """Where a format is read, whether its numbers have dtypes (in a text they are literals), and whether it is written."""

    module: str
    reader: str
    has_dtypes: bool
    is_written: bool
    is_folder: bool = False


FORMATS = {
    "npy": Format("gradcli.data.npy", "Npy", has_dtypes=True, is_written=True),
    "npz": Format("gradcli.data.npz", "Npz", has_dtypes=True, is_written=True),
    "json": Format("gradcli.data.json_file", "JsonFile", has_dtypes=False, is_written=True),
    "csv": Format("gradcli.data.csv_file", "CsvFile", has_dtypes=False, is_written=False),
    "safetensors": Format("gradcli.data.safetensors_file", "SafetensorsFile", has_dtypes=True, is_written=True),
    "parquet": Format("gradcli.data.parquet_file", "ParquetFile", has_dtypes=True, is_written=False),
    "zarr": Format("gradcli.data.zarr_folder", "ZarrFolder", has_dtypes=True, is_written=False, is_folder=True),
}
_FILE = re.compile(rf"(.*?\.({'|'.join(FORMATS)}))/*(?::(.*))?", re.DOTALL | re.IGNORECASE)


class Reference(NamedTuple):
    """What `--data` says: a file and its format; the name to bind, and the entry, where they are given."""

    name: str | None
    file: str
    format: Format
    entry: str | None


def parse_reference(text: str, option: str = "--data") -> Reference:
    """Read [NAME=]FILE[:ENTRY]. FILE ends with the suffix of its format, so it may have colons and equality signs itself."""
    before, equals, after = text.partition("=")
    has_name = bool(equals) and before.strip().isidentifier()
    name, file = (before.strip(), after) if has_name else (None, text)
    found = _FILE.fullmatch(file)
    if found is None:
        raise UsageError(f"{option} takes NAME=FILE, and {file!r} has no known format", hint=_listed(FORMATS))
    if name is not None and iskeyword(name):
        raise UsageError(f"{option} takes NAME=FILE, and {name!r} is not a name")
    format = FORMATS[found[2].lower()]
    entry = found[3] or None
    if name is None and (entry is not None or found[2].lower() == "npy"):
        raise UsageError(f"{option} {text}: what is its name?", hint=f"for example: {option} x={text}")
    return Reference(name, found[1], format, entry)


class Target(NamedTuple):
    """What `--out` says: a file, the suffix of its format, and the entry to write, where only one of them is wanted."""

    file: str
    suffix: str
    entry: str | None


def parse_target(text: str, option: str = "--out") -> Target:
    """Read FILE[:ENTRY]; the file must have a format that is written, and a place that can take it."""
    from gradcli.data.replace import check_place

    written = [suffix for suffix, format in FORMATS.items() if format.is_written]
    found = _FILE.fullmatch(text)
    if found is None or found[2].lower() not in written:
        raise UsageError(f"{option} takes FILE, and {text!r} has no format that is written", hint=_listed(written))
    check_place(found[1])
    return Target(found[1], found[2].lower(), found[3] or None)


def write(target: Target, values: Mapping[str, Any], metadata: Mapping[str, str]) -> None:
    """Write arrays by name (for .json what they are in JSON), whole or not at all."""
    from gradcli.data.replace import replacing

    with replacing(target.file) as stream:
        import_module(FORMATS[target.suffix].module).write(stream, values, metadata)


def read(reference: Reference, *, floating: bool, note: Callable[[str], object] | None = None) -> dict[str, LazyArray]:
    """The arrays of a reference by the names that they are bound to; `note` is told of those that have no name for a variable.

    Arrays keep their dtype. Literals are floating, of the default dtype, if `floating` says so; else whole numbers are int64.
    """
    from gradcli.data.files import listed, opened, opened_folder, shown

    with (opened_folder if reference.format.is_folder else opened)(reference.file) as file:
        contents: Contents = getattr(import_module(reference.format.module), reference.format.reader)(file)
        arrays: Mapping[str, np.ndarray | Stored]
        if reference.name is not None:
            arrays = {reference.name: contents.whole() if reference.entry is None else contents.entry(reference.entry)}
        else:
            fit = [name for name in contents.names if _is_name(name)]
            unfit = tuple(name for name in contents.names if not _is_name(name))
            if not contents.names:
                raise file.fault("its array has no name", "give it one: NAME=FILE")
            if unfit:
                problem, by_name = f"{listed(unfit, 3)}: no name for a variable", f"NAME={file.name}:{shown(unfit[0])}"
                if not fit:
                    raise file.fault(problem, f"give it one: {by_name}")
                if note is not None:
                    note(f"{file.name}: {problem}, and so not bound; {by_name} binds it")
            arrays = contents.entries(fit)
    return {name: _lazy(array, reference.format.has_dtypes, floating) for name, array in arrays.items()}


def _is_name(name: str) -> bool:
    return name.isidentifier() and not iskeyword(name)


def _listed(suffixes: Iterable[str]) -> str:
    return f"the formats are {' '.join(f'.{suffix}' for suffix in suffixes)}"


def _lazy(array: np.ndarray | Stored, has_dtype: bool, floating: bool) -> LazyArray:
    import numpy as np

    if not isinstance(array, np.ndarray):
        return stored(array, BY_NAME[array.dtype.name])
    if not has_dtype and (array.dtype.kind == "f" or (floating and array.dtype.kind == "i")):
        with np.errstate(over="ignore"):  # a float beyond those of a narrower type is infinite there
            array = array.astype(settings.default_dtype.name)
    return from_buffer(array, BY_NAME[array.dtype.name])
