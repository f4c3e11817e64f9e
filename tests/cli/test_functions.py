"""gradcli functions: every declaration can be listed and explained, and its example runs as it is shown."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from gradcli.cli.function_facts import facts_of
from gradcli.cli.function_names import ALSO_CALLED, declared, named
from gradcli.cli.function_view import explanation, listing, record_of
from gradcli.cli.shell import command_lines
from gradcli.functions import METHODS, NAMESPACES, Function

from .command import run_here


def full_name(function: Function) -> str:
    return function.qualified_name


def test_the_list_has_every_function_under_its_family() -> None:
    listing = run_here("functions").out
    assert listing.startswith("\n") is False
    for function in declared():
        assert f"  {function.name}" in listing or f".{function.name}" in listing


def test_a_function_is_explained_from_its_declaration() -> None:
    explanation = run_here("functions", "sin").out
    assert explanation.startswith("torch.sin(input)\n")
    assert "SinBackward0" in explanation
    assert "g * cos(x)" in explanation
    assert "gradcli eval 'sin(x)' --let 'x=" in explanation


@pytest.mark.parametrize(
    ("name", "grad_fn"),
    [
        ("mean", "MeanBackward0, MeanBackward1"),
        ("sum", "SumBackward0, SumBackward1"),
        ("div", "DivBackward0, DivBackward2"),
        ("fmod", "FmodBackward1, FmodBackward0"),
    ],
)
def test_all_grad_fn_names_of_a_function_that_chooses_are_told(name: str, grad_fn: str) -> None:
    assert f"grad_fn  {grad_fn}" in run_here("functions", name).out.replace("grad_fn    ", "grad_fn  ")


def test_a_parameter_that_only_pytorch_itself_passes_is_taken_but_not_shown() -> None:
    assert "softmax(input, dim=None, dtype=None)" in run_here("functions", "F.softmax").out
    assert run_here("eval", "F.softmax(zeros(2), 0, _stacklevel=5)").out == "tensor([0.5000, 0.5000])\n"


def test_helpers_of_a_derivative_rule_are_explained() -> None:
    shown = run_here("functions", "mean").out
    assert "spread(shared_out(g, count(input_shape, dim)), input_shape, dim, keepdim); spread: what a reduction made" in shown
    assert "count: how many elements" in shown


def test_what_a_rule_takes_for_granted_is_told() -> None:
    assert "\n  provided     log_probs come of log_softmax" in run_here("functions", "ctc_loss").out


def names_called(text: str) -> set[str]:
    return set(re.findall(r"\b([A-Za-z_]\w*)\(", text))


#: What a rule may call: functions of the language, and the few of Python's own that it has.
NAMES_OF_THE_LANGUAGE = (
    {"float", "int", "len", "tuple"} | set(METHODS) | {name for space in NAMESPACES.values() for name in space}
)


@pytest.mark.parametrize("function", declared(), ids=full_name)
def test_every_name_that_a_shown_rule_calls_is_one_of_the_language_or_is_explained_beside_it(function: Function) -> None:
    for derivative in facts_of(function).derivatives:
        explained = set(re.findall(r"; (\w+): ", derivative.gradient))
        assert names_called(derivative.gradient) <= NAMES_OF_THE_LANGUAGE | explained


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("F.grid_sample", "d input  for each element of the image the g of the points whose blend it is part of"),
        ("F.interpolate", "d input  for each element the g of those that it was blended into, times its weight in each"),
        ("linalg.lstsq", "d B      through the pseudoinverse that gives the solution"),
        ("erf", "g * 2 / sqrt(pi) * exp(-(x * x))"),
        ("log_softmax", "g - exp(result) * (sum(g, dim, True) if g.ndim else g)"),
    ],
)
def test_a_rule_whose_source_is_not_readable_is_told_in_words(name: str, line: str) -> None:
    assert line.lower() in run_here("functions", name).out.lower()


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("bmm", "bmm(g, transpose(mat2, 1, 2))"),
        ("F.softshrink", "where(abs(input) <= lambd, 0.0, g)"),
        ("fmod", "g * (-trunc(x / y))"),
        ("transpose", "d input  transpose(g, dim0, dim1)"),
    ],
)
def test_a_rule_calls_functions_by_their_own_names_not_by_others_that_they_have(name: str, line: str) -> None:
    assert line in run_here("functions", name).out


@pytest.mark.parametrize("name", ["F.embedding", "F.embedding_bag", "gather"])
def test_it_is_told_that_gradients_are_dense_where_pytorch_has_sparse_ones(name: str) -> None:
    assert "gradient is dense" in run_here("functions", name).out


@pytest.mark.parametrize("function", declared(), ids=full_name)
def test_what_has_a_derivative_is_an_argument_of_the_signature_above_it(function: Function) -> None:
    signature, *rows = "".join(text for text, _ in explanation(function, None)).splitlines()
    for heading, text in re.findall(r"^  (d \w+|through) +(.*)", "\n".join(rows), re.MULTILINE):
        if heading == "through":
            signature = text
        else:
            assert re.search(rf"[(, *]{heading.removeprefix('d ')}\b", signature)


def test_the_functions_that_an_operator_chooses_from_stand_above_their_rules() -> None:
    shown = run_here("functions", "@").out
    assert re.search(r"through   mv\(input, vec\)\n +d input +unsqueeze\(g, 1\) \* vec\n +d vec +mv\(t\(input\), g\)\n", shown)


@pytest.mark.parametrize("spelling", ["relu", "torch.relu", "F.relu", "torch.nn.functional.relu", "x.relu", "relu_"])
def test_every_spelling_of_a_name_is_understood(spelling: str) -> None:
    assert "relu(input" in run_here("functions", spelling).out


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("backward", "torch.autograd.backward(tensors"),
        ("backward", "torch.Tensor.backward(gradient=None"),
        ("torch.Tensor.float", "torch.Tensor.float(*, memory_format=torch.preserve_format)"),
        ("exp_", "torch.exp(input)"),
        ("x.requires_grad_", "torch.Tensor.requires_grad_(requires_grad=True)"),
        ("item", "torch.Tensor.item()"),
        ("@", "torch.matmul(input, other)"),
        ("**", "torch.pow(input, exponent)"),
    ],
)
def test_methods_and_operators_are_explained_too(name: str, signature: str) -> None:
    assert signature in run_here("functions", name).out


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_terminal_gets_lines_that_end_at_words(width: int) -> None:
    sentences = "".join(text for text, _ in listing(declared(), width))
    assert all(len(line) <= width or len(line.split()) == 1 for line in sentences.splitlines())  # a name may be longer
    for name in ("sigmoid", "mean", "max", "unbind", "cat", "backward"):
        explained = "".join(text for text, _ in explanation(named(name)[-1], width))
        assert max(map(len, explained.splitlines())) <= width


@pytest.mark.parametrize("width", [40, 75])
def test_an_example_on_several_lines_is_one_command_for_a_shell(width: int) -> None:
    commands = [command for function in declared() if (command := facts_of(function).example.command)]
    broken = ["\n".join(command_lines(command, width)) for command in commands]
    script = "\n".join([r"""gradcli() { printf '%s\0' "$@"; printf '\0'; }""", *broken])
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    read = [[word.split() for word in words.split("\0")] for words in done.stdout.split("\0\0")[:-1]]
    assert read == [[word.split() for word in shlex.split(command)[1:]] for command in commands]
    assert max(map(len, "\n".join(broken).splitlines())) <= max(width, 75)


def test_a_value_that_is_broken_for_a_narrow_terminal_is_the_same_value() -> None:
    command = facts_of(named("F.layer_norm")[0]).example.command
    narrow = "\n".join(command_lines(command, 30))
    assert narrow.count("\n") == 4
    words, broken = shlex.split(command), shlex.split(narrow.replace("\\\n", ""))
    assert run_here(*broken[1:], "--no-grad").out == run_here(*words[1:], "--no-grad").out != ""


def test_a_misspelt_function_gets_suggestions() -> None:
    done = run_here("functions", "sigmiod", "--json")
    assert done.status == 1
    assert "sigmoid" in done.record["error"]["did_you_mean"]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("matrix inverse", "linalg.inv "),
        ("bessel", "special.i1 "),
        ("max pooling", "max_pool2d "),
        ("average", "mean "),
        ("mean squared error", "mse_loss "),
        ("cumulative sum", "cumsum "),
        ("eigenvalues", "linalg.eigvalsh "),
        ("linalg", "linalg.svd "),
    ],
)
def test_words_find_the_functions_that_they_describe(words: str, name: str) -> None:
    found = run_here("functions", *words.split()).out
    assert f"  {name}" in found
    assert run_here("functions", words).out == found
    assert len(found.splitlines()) < 100
    assert name.strip().removeprefix("x.") in str([record["name"] for record in run_here("functions", words, "--json").records])


@pytest.mark.parametrize("words", [["cross", "entropy"], ["Cross_Entropy"], ["cross_entropy(x, y)"]])
def test_a_name_is_understood_however_it_is_written(words: list[str]) -> None:
    assert run_here("functions", *words).out == run_here("functions", "cross_entropy").out


def test_several_names_are_explained_one_after_the_other() -> None:
    assert run_here("functions", "sin", "cos").out == "\n".join(run_here("functions", name).out for name in ("sin", "cos"))


@pytest.mark.parametrize("name", ["e", "pi", "???", "fft"])
def test_what_is_no_function_is_not_suggested(name: str) -> None:
    done = run_here("functions", name, "--json")
    assert (done.status, name in done.record["error"]["did_you_mean"]) == (1, False)


def test_what_is_also_called_otherwise_is_declared() -> None:
    assert set(ALSO_CALLED) <= {full_name(function) for function in declared()}


def test_json_has_a_record_for_each_function() -> None:
    records = run_here("functions", "--json").records
    assert len({record["name"] for record in records}) == len(records) == len(declared())
    assert all(record["ok"] and record["signature"] and record["summary"] for record in records)


@pytest.mark.parametrize("function", declared(), ids=full_name)
def test_a_shown_example_runs_and_a_differentiable_function_has_rules(function: Function) -> None:
    record = record_of(function)
    if record["grad_fn"]:
        assert all(derivative["gradient"] for derivative in record["derivatives"])
        assert all(re.search(r"Backward\d(_copy)?$|^CopySlices$|^NotImplemented$", name) for name in record["grad_fn"])
    if function.examples:
        assert record["example"]
    if record["example"]:
        done = run_here(*shlex.split(record["example"])[1:])
        assert done.status == 0
        assert done.out.startswith((record["output"] or "").removesuffix("\n..."))


def test_a_function_that_is_made_of_others_tells_their_nodes() -> None:
    assert "UnsafeViewBackward0, MulBackward0: of the functions that it is made of" in run_here("functions", "kron").out
    assert "none: it has no derivative" in run_here("functions", "isnan").out
    assert "none of its own" in run_here("functions", "torch.autograd.functional.hessian").out


def test_the_example_of_what_is_random_has_a_seed() -> None:
    assert "--seed 0" in run_here("functions", "rand").out
