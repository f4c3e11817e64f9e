"""What is fuzzed: the parser and the reader of each format; each takes bytes, and ends with a result or an error of ours."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

import numpy as np

from gradcli.data import parse_reference, read
from gradcli.data.safetensors_file import write as write_safetensors
from gradcli.errors import GradcliError
from gradcli.language import parse
from gradcli.lazy import LazyArray
from gradcli.report.diagnostics import error_text
from gradcli.report.records import dump, error_record

ROOT = Path(__file__).resolve().parents[2]


class Target(NamedTuple):
    """What takes an input, small inputs that are good, and pieces that mean something."""

    check: Callable[[bytes], None]
    seeds: Callable[[], Sequence[bytes]]
    pieces: Sequence[bytes]


def check_error(error: GradcliError) -> None:
    """An error has a place in its source, and a text and a record that can be shown."""
    if error.source is not None and error.span is not None:
        assert 0 <= error.span.start <= error.span.end <= len(error.source.text)
    shown = error_text(error)
    assert all(character.isprintable() or character == "\n" for character in shown), shown
    json.loads(dump(error_record(error)))


def parsed(content: bytes) -> None:
    """Parse a text as a script would be."""
    try:
        parse(content.decode("utf-8", "surrogateescape"))
    except GradcliError as error:
        assert error.source is not None and error.span is not None
        check_error(error)


def first_values(array: LazyArray) -> np.ndarray:
    """All that was read, or the first elements of what is read as it is needed."""
    return np.asarray(array.params[0][(slice(1),) * len(array.shape)] if array.buffer is None else array.buffer)


def reader(suffix: str, file: str = "") -> Callable[[bytes], None]:
    """What reads a file of a format; of a format that is a folder, the file in it that is fuzzed."""
    folder = Path(mkdtemp(prefix="gradcli-fuzz-"))
    target = folder / f"x.{suffix}" / file if file else folder / f"x.{suffix}"

    def check(content: bytes) -> None:
        if file and not target.parent.exists():
            target.parent.mkdir()
            (target.parent / ".zarray").write_bytes(ZARR_GZIP)
            (target.parent / "0").write_bytes(np.arange(3, dtype=np.int16).tobytes())
        target.write_bytes(content)
        for reference in (f"x={folder / f'x.{suffix}'}", str(folder / f"x.{suffix}")):
            try:
                for array in read(parse_reference(reference), floating=True).values():
                    assert (array.params[0] if array.buffer is None else array.buffer).shape == array.shape
                    with np.errstate(all="ignore"):
                        first_values(array).sum()
            except GradcliError as error:
                assert error.exit_code in (5, 6) or (error.exit_code == 2 and not reference.startswith("x="))
                check_error(error)

    return check


def samples() -> Sequence[bytes]:
    """The sample scripts, and the programs that are wrong."""
    paths = [*ROOT.glob("samples/*.grad"), *ROOT.glob("tests/language/wrong/*.txt")]
    return [path.read_bytes().partition(b"----")[0][:2000] for path in sorted(paths)]


def saved(save: Callable[..., None], **arrays: np.ndarray) -> bytes:
    """What a function of NumPy's writes."""
    stream = io.BytesIO()
    save(stream, **arrays)
    return stream.getvalue()


def npy_files() -> Sequence[bytes]:
    """Small arrays of several dtypes and orders."""
    arrays = [np.arange(3, dtype=np.int16), np.ones((2, 3), ">f4", order="F"), np.array(True)]
    return [saved(lambda stream, array: np.save(stream, array), array=array) for array in arrays]


def npz_files() -> Sequence[bytes]:
    """Stored and compressed arrays."""
    return [saved(save, w=np.arange(3, dtype=np.int16), b=np.array(2.0)) for save in (np.savez, np.savez_compressed)]


def safetensors_files() -> Sequence[bytes]:
    """Two arrays, with and without metadata."""
    found = []
    for metadata in ({}, {"source": "x"}):
        stream = io.BytesIO()
        write_safetensors(stream, {"w": np.arange(3, dtype=np.int16), "b": np.array(2.0)}, metadata)
        found.append(stream.getvalue())
    return found


def parquet_files() -> Sequence[bytes]:
    """A table, plain and compressed."""
    import pyarrow as pa
    from pyarrow import parquet

    found = []
    for compression in ("none", "zstd"):
        stream = io.BytesIO()
        table = pa.table({"a": np.arange(3, dtype=np.int16), "b": np.ones(3)})
        parquet.write_table(table, stream, compression=compression, store_schema=False)
        found.append(stream.getvalue())
    return found


ZARR: dict[str, object] = {
    "zarr_format": 2, "shape": [3], "chunks": [3], "dtype": "<i2", "fill_value": 0, "order": "C", "filters": None,
    "compressor": None,
}  # fmt: skip
ZARR_GZIP = json.dumps(ZARR | {"compressor": {"id": "gzip"}}).encode()
ZARR_3 = {
    "zarr_format": 3, "node_type": "array", "shape": [3], "data_type": "int16", "fill_value": 0,
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [3]}},
    "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}},
    "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "zstd"}],
}  # fmt: skip


def zarr_chunks() -> Sequence[bytes]:
    """A chunk as it is, and compressed."""
    from gzip import compress

    return [compress(np.arange(3, dtype=np.int16).tobytes(), mtime=0)]


NUMBERS = (b"0", b"-1", b"1e999", b"NaN", b"99999999999999999999", b"4294967295", b"\x00\x00\x00\x00", b"\xff\xff\xff\xff")
JSON_PIECES = (*NUMBERS, *b'[ ] { } , : null true " \\u001b \\ud800'.split(), b"\xff", b"\xef\xbb\xbf", b'"__metadata__":')

TARGETS = {
    "parser": Target(
        parsed, samples,
        (*b"( ) [ ] { } : ; , . = == += ** // @ -> := ' \" ''' f' {x!r:>{y}} \\ # lambda if else for in while def class".split(),
         b"\n", b"\n    ", b"\t", b"\r", b"\0", b"\xff", b"\xe2\x80\xae", b"\xef\xbb\xbf", b"(" * 150, b"not " * 50, *NUMBERS),
    ),
    "json": Target(reader("json"), lambda: [b'{"w": [[1, -2.5e3], [0, 4]], "b": true}', b"[1, 2]", b"3"], JSON_PIECES),
    "csv": Target(
        reader("csv"), lambda: [b'a,"b"\r\n1,-2.5\r\n3,4e1\r\n', b"a,b,name\n1,2,x\n\n3,,y\n"],
        (b",", b'"', b'""', b"\r", b"\n", b"\0", b"NA", b"\xef\xbb\xbf", b"\xff", b"1_0", *NUMBERS),
    ),
    "npy": Target(
        reader("npy"), npy_files,
        (b"'descr': ", b"'|O'", b"'<c8'", b"True", b"(3,)", b"(0,)", b"(-1,)", b"(1L,)", b"{", b"}", b"\x93NUMPY\x03", *NUMBERS),
    ),
    "npz": Target(reader("npz"), npz_files, (b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b".npy", b"../", *NUMBERS)),
    "safetensors": Target(
        reader("safetensors"), safetensors_files,
        (*JSON_PIECES, b'"data_offsets":[0,6]', b'"dtype":"BF16"', b'"shape":[]', b'"F64"'),
    ),
    "parquet": Target(reader("parquet"), parquet_files, (b"PAR1", b"\x15", b"\x19", b"\x2c", b"\x00", *NUMBERS)),
    "zarr metadata": Target(
        reader("zarr", ".zarray"), lambda: [json.dumps(ZARR).encode(), ZARR_GZIP], (*JSON_PIECES, b'"pickle"', b'"F"', b'"|O"')
    ),
    "zarr 3 metadata": Target(
        reader("zarr", "zarr.json"), lambda: [json.dumps(ZARR_3).encode()],
        (*JSON_PIECES, b'"transpose"', b'"sharding_indexed"', b'"gzip"', b'"v2"'),
    ),
    "zarr chunk": Target(reader("zarr", "0"), zarr_chunks, NUMBERS),
}  # fmt: skip


def corpus(name: str) -> list[Path]:
    """The inputs of a target that were of interest once."""
    folder = Path(__file__).parent / "corpus" / name.replace(" ", "_")
    return sorted(path for path in folder.glob("*")) if os.path.isdir(folder) else []
