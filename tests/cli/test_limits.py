"""Every limit of the README is that of the code: what is one below it or at it works, and one beyond it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from gradcli.cli import options, run
from gradcli.data import csv_file, json_lines, npy, safetensors_file, zarr_folder
from gradcli.engine.evaluation import LEAST_ELEMENTS
from gradcli.functions import arrange
from gradcli.functions import limits as lengths
from gradcli.functions.create import MOST_ELEMENTS
from gradcli.language import arithmetic, formatting, lexer, parser, values
from gradcli.lazy.ops import MOST_AXES
from gradcli.report import diagnostics, graph, records, rich_view
from gradcli.session import batches
from gradcli.session import records as session_records
from gradcli.session.options import MOST_SEED

from .command import Outcome, run_here
from .readme import README

CELL = 131_072


class Limit(NamedTuple):
    """A row of the README's table, the limit, what reaches for a size, and the status of what is beyond."""

    row: str
    most: int
    reach: Callable[[int], Outcome]
    status: int


def evaluated(*statements: str) -> Outcome:
    return run_here("eval", *statements, "--no-grad", "--json")


def calls(depth: int) -> Outcome:
    return evaluated("def f(n): return n if n == 1 else f(n - 1)", f"f({depth})")


def read_back(file: str, content: bytes) -> Outcome:
    Path(file).parent.mkdir(exist_ok=True)
    Path(file).write_bytes(content)
    return run_here("eval", "x", "--const-data", f"x={file.removesuffix('/zarr.json')}")


def npy_header(length: int) -> Outcome:
    text = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }".ljust(length)
    return read_back("x.npy", b"\x93NUMPY\x02\x00" + length.to_bytes(4, "little") + text + b"\0")


def safetensors_header(length: int) -> Outcome:
    text = json.dumps({"w": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}).encode().ljust(length)
    return read_back("x.safetensors", length.to_bytes(8, "little") + text + b"\0")


def record_line(length: int) -> Outcome:
    Path("x.jsonl").write_bytes(b'{"x":1}'.ljust(length) + b"\n")
    return run_here("eval", "x", "--input", "x.jsonl")


def zarr_metadata(length: int, folder: str = "x.zarr") -> Outcome:
    metadata = {
        "zarr_format": 3, "node_type": "array", "shape": [1], "data_type": "uint8", "fill_value": 0, "codecs": [],
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1]}}, "chunk_key_encoding": {"name": "default"},
    }  # fmt: skip
    return read_back(f"{folder}/zarr.json", json.dumps(metadata).encode().ljust(length))


def zarr_groups(depth: int) -> Outcome:
    name = "x.zarr"
    for _ in range(depth):
        Path(name).mkdir(exist_ok=True)
        (Path(name) / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group"}')
        name += "/g"
    zarr_metadata(0, name)
    return run_here("eval", "x", "--const-data", "x=x.zarr")


def script(length: int) -> Outcome:
    Path("s.grad").write_text("#" * length)
    return run_here("run", "s.grad")


def nested_record(depth: int) -> Outcome:
    return evaluated("a = 1", f"for i in range({depth}): a = [a]", "a")


def message(length: int) -> Outcome:
    """A message of so many characters: status 0 if it is shown whole."""
    lead = "assertion failed: "
    done = run_here("eval", f"assert False, 'a' * {length - len(lead)}; 1")
    assert done.err.startswith(f"error: {lead}aaa")
    return done if "..." in done.err.partition("\n")[0] else done._replace(status=0)


def csv_line(length: int) -> Outcome:
    return read_back("x.csv", b"a,b\n1," + b"2".rjust(length - 3) + b"\n")


LIMITS = [
    Limit(
        "| nesting of brackets and blocks | {} |",
        lexer.NESTING_LIMIT, lambda n: evaluated("(" * n + "1" + ")" * n), 3,
    ),
    Limit(
        "| a name, calls, indexes and attributes that follow each other | {} |",
        lexer.NESTING_LIMIT, lambda n: evaluated("x = ones(1); x" + "[:]" * (n - 1)), 3,
    ),
    Limit(
        "| operators before their operand, such as `not not x` | {} |",
        parser.STACK_LIMIT - 2, lambda n: evaluated("not " * n + "True"), 3,
    ),
    Limit("| depth of calls | {} |", values.CALL_LIMIT, calls, 5),
    Limit("| digits of a number as written | {} |", arithmetic.DIGIT_LIMIT, lambda n: evaluated("1" * n), 3),
    Limit(
        "| bits of an integer in constant arithmetic | {} |",
        arithmetic.INTEGER_BITS, lambda n: evaluated(f"(2**{n - 1} - 1)*2 + 1 > 0"), 5,
    ),
    Limit(
        "| items of a list, characters of a string | {} |",
        lengths.SEQUENCE_LENGTH, lambda n: evaluated(f"len('a'*{n}) + len([1]*{n})"), 5,
    ),
    Limit("| width of a format | {} |", formatting.WIDTH_LIMIT, lambda n: evaluated(f"f'{{1:{n}}}'"), 5),
    Limit("| dimensions of a tensor | {} |", MOST_AXES, lambda n: evaluated(f"ones(*[1]*{n}).ndim"), 5),
    Limit("| elements of a tensor | 2^40, and what memory holds |", MOST_ELEMENTS, lambda n: evaluated(f"zeros({n}).numel()"), 5),
    Limit("| seed | 0 to 2^64 - 1 |", MOST_SEED, lambda n: run_here("eval", "1", "--seed", str(n)), 2),
    Limit("`--timeout`, up to 10^8 s |", options.MOST_SECONDS, lambda n: run_here("eval", "1", "--timeout", str(n)), 2),
    Limit("| lists within lists of a record, and items of all", records.DEEPEST_CONTAINER, nested_record, 5),
    Limit("groups within each other | 1 MiB, and {} |", zarr_folder.DEEPEST_GROUP, zarr_groups, 6),
    Limit("| header of a .npy file | {} bytes |", npy.MOST_HEADER, npy_header, 6),
    Limit("| metadata of a .zarr array or group, and groups within", zarr_folder.MOST_METADATA, zarr_metadata, 6),
    Limit("a cell {} characters |", CELL, lambda n: read_back("x.csv", b"a\n" + b"1".rjust(n) + b"\n"), 6),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def is_in_the_readme(row: str) -> bool:
    """Whether a line of the table of limits has this."""
    return any(row in line for line in README.read_text("utf-8").splitlines())


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.row)
def test_a_limit_is_what_the_readme_says_and_holds_exactly(limit: Limit) -> None:
    assert is_in_the_readme(limit.row.replace("{}", f"{limit.most:,}" if limit.most > 9999 else str(limit.most)))
    for size, status in ((limit.most - 1, 0), (limit.most, 0), (limit.most + 1, limit.status)):
        done = limit.reach(size)
        assert done.status == status, done.err
        assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("row", "most", "module", "name", "reach", "status"),
    [
        ("| size of a script | 64 MiB |", 64 << 20, run, "LARGEST_SCRIPT", script, 6),
        ("| line of a .csv file | 16 MiB;", 16 << 20, csv_file, "MOST_LINE", csv_line, 6),
        ("| header of a .safetensors file | 100 MB |", 10**8, safetensors_file, "MOST_HEADER", safetensors_header, 6),
        ("| line of `--input` | 16 MiB |", 16 << 20, json_lines, "MOST_LINE", record_line, 6),
        (
            "items of all lists and tuples of one | 200, and 1,000,000 |", 10**6, records, "MOST_ITEMS",
            lambda n: evaluated(f"([1]*{n - 2}, 2)"), 5,
        ),
        (
            "| elements that `combinations` chooses from | 2^30 |", 2**30, arrange, "MOST_CHOICES",
            lambda n: evaluated(f"combinations(arange({n}), 1).numel()"), 5,
        ),
        (
            "| characters of a message, and of its source line on each side of the place | 2000 |", 2000, diagnostics,
            "MOST_CHARACTERS", message, 4,
        ),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)  # fmt: skip
def test_a_limit_on_large_files_holds_exactly_where_it_is_set(
    row: str, most: int, module: object, name: str, reach: Callable[[int], Outcome], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_in_the_readme(row)
    assert getattr(module, name) == most
    monkeypatch.setattr(module, name, 200)
    assert [reach(size).status for size in (199, 200, 201)] == [0, 0, status]


def test_the_limits_of_batches_of_records_are_those_of_the_code() -> None:
    together = f"{batches.SIZES[-1]}, and {LEAST_ELEMENTS - 1:,} elements of an array"
    assert is_in_the_readme(f"| records that are computed together | {together} |")
    assert is_in_the_readme(f"| structures of records that are remembered | {session_records.MOST_KNOWN} |")


def test_a_json_file_takes_sixteen_times_its_size() -> None:
    assert is_in_the_readme("| .json file | a sixteenth of the memory that is available |")
    Path("x.json").write_bytes(b"[1]".ljust(1000))
    sizes = [str(16_000 + off) for off in (-1, 0, 1)]
    assert [run_here("eval", "x", "--data", "x=x.json", "--max-memory", size).status for size in sizes] == [5, 0, 0]


def test_a_compressed_entry_claims_no_more_than_it_can_hold() -> None:
    assert is_in_the_readme("| compressed .npz entry | the memory that is available; 1032 bytes for each compressed one |")
    np.savez_compressed("x.npz", x=np.zeros(100_000))
    content = bytearray(Path("x.npz").read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    compressed = int.from_bytes(content[entry + 20 : entry + 24], "little")
    said = []
    for claim in (1032 * compressed - 1, 1032 * compressed, 1032 * compressed + 1):
        content[entry + 24 : entry + 28] = claim.to_bytes(4, "little")
        Path("x.npz").write_bytes(content)
        said.append("more than it can hold" in run_here("eval", "x", "--data", "x.npz").err)
    assert said == [False, False, True]


def test_the_memory_limit_holds_exactly() -> None:
    words = ["eval", "sum(x*2 + 1)", "--let", "x=arange(1000.)", "--no-grad", "--max-memory"]
    assert run_here(*words, "0").status == 2
    refused = run_here(*words, "1")
    needed = int(refused.err.split(" needs ")[1].split(" bytes")[0].replace(",", ""))
    least = next(size for size in range(needed, 100_000) if run_here(*words, str(size)).status == 0)
    assert [run_here(*words, str(size)).status for size in (least - 1, least, least + 1)] == [5, 0, 0]


def test_a_thousand_elements_are_shown_and_of_more_the_first_and_last() -> None:
    assert is_in_the_readme("| elements of a tensor shown as text | 1000;")
    texts = [run_here("eval", f"zeros({size})").out for size in (999, 1000, 1001)]
    assert [text.count("0.") for text in texts] == [999, 1000, 6]
    assert ["..." in text for text in texts] == [False, False, True]


def test_the_lines_of_a_gradient_and_of_a_graph_are_limited() -> None:
    assert is_in_the_readme("| lines of a gradient on a terminal, and of a graph as text | 20, and 100 |")
    assert (rich_view.MOST_LINES, graph.MOST_LINES) == (20, 100)
    graphs = [run_here("eval", "sin(" * size + "x" + ")" * size, "--let", "x=1").out for size in (98, 99, 100)]
    assert ["more node" in text for text in graphs] == [False, False, True]
    grads = [run_here("eval", "sum(x**2)", "--let", f"x=ones({rows},1)", "--color", "always").out for rows in (19, 20, 21)]
    assert ["..." in text for text in grads] == [False, False, True]


def test_a_graph_that_branches_is_shown_to_a_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_in_the_readme(f"| operations below each other of a graph that branches, as text | {graph.MOST_DEPTH}, and fewer")
    monkeypatch.setenv("COLUMNS", "200")
    products = ["x*(" * count + "x + y" + ")" * count for count in (14, 15, 16)]  # which lie above a sum and its leaves
    graphs = [run_here("eval", product, "--let", "x=1", "--let", "y=1").out for product in products]
    assert ["not shown" in text for text in graphs] == [False, False, True]
