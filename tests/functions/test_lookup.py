"""Looking functions up: files are imported when their names are asked for, and it cannot be told from what is found."""

from __future__ import annotations

import subprocess
import sys

from gradcli.functions import lookup


def printed_by(program: str) -> str:
    """What a program prints in a process of its own, in which nothing is imported yet."""
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


def test_the_stored_names_are_those_that_the_files_declare() -> None:
    with open(lookup.STORED, encoding="utf-8") as stored:
        made = printed_by("from tests.functions.make_names import names_text; print(names_text(), end='')")
        assert stored.read() == made, "python -m tests.functions.make_names writes them"


def test_a_name_is_found_before_and_after_all_files_are_imported_as_the_same_function() -> None:
    program = """
from gradcli.functions import BARE, METHODS, NAMESPACES, lookup
tables = {"": BARE, "Tensor": METHODS, **NAMESPACES}
listed = list(lookup._files_of)
missing = object()
all_at_once, lookup.import_all = lookup.import_all, lambda: None
found = [(table, name, tables[table].get(name, missing)) for name in listed for table in tables]
all_at_once()
print([(table, name) for table, name, value in found if tables[table].get(name, missing) is not value], len(listed) > 300)
"""
    assert printed_by(program) == "[] True\n"


def test_a_name_that_is_not_stored_is_looked_for_in_all_files() -> None:
    program = """
from gradcli.functions import METHODS, NAMESPACES, lookup
lookup._files_of.clear()
print(METHODS["softmax"].name, NAMESPACES["torch.linalg"]["inv"].name, "no_such_name" in METHODS)
"""
    assert printed_by(program) == "softmax inv False\n"


def test_all_that_operators_of_tensors_need_is_imported_at_once() -> None:
    program = """
from gradcli.autograd.tensor import operators
from gradcli.functions import import_all
first = set(operators)
import_all()
print(set(operators) - first, "matmul" in first)
"""
    assert printed_by(program) == "set() True\n"


def test_going_through_names_finds_all() -> None:
    program = "from gradcli.functions import METHODS, BARE; print('svd' in list(METHODS), 'gelu' in set(BARE))"
    assert printed_by(program) == "True True\n"
