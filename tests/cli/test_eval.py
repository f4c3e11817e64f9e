"""gradcli eval: values, gradients, layouts and exit statuses, as a user types them."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from .command import run_here
from .readme import ROOT

EXAMPLE = ["eval", "mean((x+2)*(x+2)*3)", "--let", "x=ones(2,2)"]


def test_the_example_has_the_value_27_and_the_gradient_four_and_a_half() -> None:
    record = run_here(*EXAMPLE, "--json").record
    assert record["value"] == 27.0
    assert record["grads"]["x"]["value"] == [[4.5, 4.5], [4.5, 4.5]]
    assert [node["name"] for node in record["graph"]] == [
        "MeanBackward0",
        "MulBackward0",
        "MulBackward0",
        "AddBackward0",
        "AddBackward0",
        "AccumulateGrad",
    ]


def test_a_piped_result_is_plain_text() -> None:
    done = run_here(*EXAMPLE)
    assert done.out.startswith("tensor(27., grad_fn=<MeanBackward0>)\nx.grad = tensor([[4.5000, 4.5000],\n")
    assert "\x1b" not in done.out


def test_color_always_gives_the_rich_layout_in_a_pipe() -> None:
    assert "\x1b[" in run_here(*EXAMPLE, "--color", "always").out


def test_plain_wins_over_color_always_on_stdout() -> None:
    assert "\x1b" not in run_here(*EXAMPLE, "--plain", "--color", "always").out


def test_statements_share_one_scope_and_the_last_expression_is_the_result() -> None:
    assert run_here("eval", "y = x**2", "z = y + 1; w = z * 2", "sum(w)", "--let", "x=[1,2]", "--json").record["value"] == 14.0


def test_a_let_binding_may_use_earlier_ones_and_constants() -> None:
    record = run_here("eval", "sum(y)", "--let", "x=[1,2]", "--let", "y=x*k", "--const", "k=10", "--json").record
    assert record["value"] == 30.0
    assert list(record["grads"]) == ["y"]


@pytest.mark.parametrize(
    ("binding", "dtype", "requires_grad"),
    [("x=3", "float32", True), ("x=[1,2]", "float32", True), ("x=[True,False]", "bool", False), ("x=arange(3)", "int64", False)],
)
def test_let_makes_numbers_floating_and_floating_leaves_require_grad(binding: str, dtype: str, requires_grad: bool) -> None:
    record = run_here("eval", "x", "--let", binding, "--json").record
    assert (record["dtype"], record["requires_grad"]) == (dtype, requires_grad)


def test_const_follows_the_rule_for_literals_and_has_no_gradient() -> None:
    record = run_here("eval", "x", "--const", "x=[0,2]", "--json").record
    assert (record["dtype"], record["requires_grad"], record["grads"]) == ("int64", False, None)


def test_gradients_come_in_the_order_of_binding() -> None:
    record = run_here("eval", "sum(b*a + c)", "--let", "c=1", "--let", "a=[1,2]", "--let", "b=[3,4]", "--json").record
    assert list(record["grads"]) == ["c", "a", "b"]


def test_leaves_made_by_statements_count_by_the_name_of_their_variable() -> None:
    record = run_here("eval", "w = tensor([1., 2.], requires_grad=True)", "sum(w * x)", "--let", "x=[3,4]", "--json").record
    assert list(record["grads"]) == ["x", "w"]
    assert record["grads"]["w"]["value"] == [3.0, 4.0]


def test_a_leaf_that_the_result_does_not_depend_on_has_no_gradient_and_a_note_says_so() -> None:
    done = run_here("eval", "sum(x)", "--let", "x=[1,2]", "--let", "y=2", "--json")
    assert list(done.record["grads"]) == ["x"]
    assert done.err == "note: the result does not depend on y, which therefore has no gradient\n"


def test_wrt_restricts_the_gradients() -> None:
    record = run_here("eval", "sum(x*y)", "--let", "x=[1,2]", "--let", "y=[3,4]", "--wrt", "y", "--json").record
    assert list(record["grads"]) == ["y"]


def test_wrt_may_name_a_result_in_the_middle() -> None:
    record = run_here("eval", "h = x*2", "sum(h*h)", "--let", "x=[1,2]", "--wrt", "h", "--json").record
    assert record["grads"]["h"]["value"] == [4.0, 8.0]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--wrt", "q"], "--wrt q: there is no such name"),
        (["--wrt", "n"], "--wrt n: n does not require grad; it is a tensor of int64"),
    ],
)
def test_a_wrt_that_cannot_be_is_a_usage_error(options: list[str], sentence: str) -> None:
    done = run_here("eval", "sum(x*n)", "--let", "x=[1,2]", "--const", "n=[1,2]", *options)
    assert done.status == 2
    assert sentence in done.err


def test_wrt_of_something_unused_says_what_pytorch_says() -> None:
    done = run_here("eval", "sum(x)", "--let", "x=1", "--let", "y=2", "--wrt", "y", "--json")
    assert done.status == 1
    assert done.record["error"]["torch_message"].startswith("One of the differentiated Tensors appears to not have been used")


def test_a_result_with_several_elements_has_a_note_instead_of_gradients() -> None:
    done = run_here("eval", "x*2", "--let", "x=[1,2]", "--json")
    assert (done.status, done.record["grads"]) == (0, None)
    assert "--grad-output" in done.err and "sum()" in done.err


def test_a_result_with_several_elements_and_wrt_is_pytorchs_error() -> None:
    done = run_here("eval", "x*2", "--let", "x=[1,2]", "--wrt", "x", "--json")
    assert done.status == 1
    assert done.record["error"]["torch_message"] == "grad can be implicitly created only for scalar outputs"
    assert done.record["error"]["span"]["start"] == 0


def test_grad_output_is_handed_to_backward() -> None:
    record = run_here("eval", "x*2", "--let", "x=[1,2]", "--grad-output", "[1, 10]", "--json").record
    assert record["grads"]["x"]["value"] == [2.0, 20.0]


def test_no_grad_gives_the_value_only() -> None:
    record = run_here(*EXAMPLE, "--no-grad", "--json").record
    assert (record["value"], record["grads"], record["grad_fn"], record["graph"]) == (27.0, None, None, [])


def test_a_result_without_grad_is_a_value_only() -> None:
    assert run_here("eval", "ones(2).sum()").out == "tensor(2.)\n"


def test_a_result_that_is_no_tensor_is_shown_as_it_is() -> None:
    assert run_here("eval", "(1, 2.5, 'a', None)").out == "(1, 2.5, 'a', None)\n"


def test_dtype_is_the_default_floating_dtype() -> None:
    assert run_here("eval", "sum(x)", "--let", "x=[1,2]", "--dtype", "float64", "--json").record["dtype"] == "float64"


def test_the_same_seed_gives_the_same_numbers() -> None:
    command = ["eval", "rand(3)", "--json", "--seed"]
    assert run_here(*command, "7").record["value"] == run_here(*command, "7").record["value"]
    assert run_here(*command, "7").record["value"] != run_here(*command, "8").record["value"]


def test_print_goes_to_stderr_where_stdout_is_a_record() -> None:
    done = run_here("eval", "print('hello')", "1 + 1", "--json")
    assert done.err == "hello\n"
    assert done.record["value"] == 2


def test_keep_going_skips_a_failed_statement_and_the_status_tells() -> None:
    done = run_here("eval", "y = undefined_name", "sum(x)", "--let", "x=[1,2]", "--keep-going", "--json")
    assert done.status == 1
    assert done.record["value"] == 3.0
    assert "undefined_name" in done.err


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["eval", "1 +"], 3, "syntax"),
        (["eval", "undefined_name"], 1, "unknown-name"),
        (["eval", "ones(2,3) @ ones(2,3)"], 1, "shape-mismatch"),
        (["eval", "assert 1 == 2", "1"], 4, "assert-failed"),
        (["eval", "x", "--let", "x=1 +"], 3, "syntax"),
        (["eval", "x", "--let", "x"], 2, "usage"),
        (["eval", "x", "--let", "1x=2"], 2, "usage"),
        (["eval", "x", "--dtype", "float16"], 2, "usage"),
        (["eval", "x", "--seed", "one"], 2, "usage"),
        (["eval", "x", "--threads", "0"], 2, "usage"),
        (["eval", "x", "--nan", "maybe"], 2, "usage"),
        (["eval"], 2, "usage"),
        (["eval", "x", "--jsn"], 2, "usage"),
        (["eval", "x", "--js"], 2, "usage"),
        (["eval", "x", "--let"], 2, "usage"),
        (["eval", "-x"], 2, "usage"),
        (["evaluate", "x"], 2, "usage"),
        (["ev", "x"], 2, "usage"),
        (["run", "no/such/file.grad"], 6, "input-data"),
        (["functions", "no_such_function"], 1, "unknown-name"),
    ],
)
def test_an_error_is_a_record_on_stdout_and_words_on_stderr(words: list[str], status: int, code: str) -> None:
    done = run_here(*words, "--json")
    assert done.status == status
    record = done.record
    assert (record["ok"], record["error"]["code"]) == (False, code)
    assert "error" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("words", "suggestion"),
    [(["evall", "x"], "eval"), (["eval", "x", "--jsno"], "--json"), (["eval", "maen(x)", "--let", "x=[1,2]"], "mean")],
)
def test_a_misspelling_gets_a_suggestion(words: list[str], suggestion: str) -> None:
    assert suggestion in run_here(*words, "--json").record["error"]["did_you_mean"]


def test_a_statement_may_start_with_a_minus_sign_after_two_dashes() -> None:
    assert run_here("eval", "--let", "x=3", "--json", "--", "-x*x").record["value"] == -9.0


def test_every_record_follows_the_printed_schema() -> None:
    validator = Draft202012Validator(json.loads(run_here("eval", "--json-schema").out))
    for words in (EXAMPLE, ["eval", "1 +"], ["eval", "(1, 'a', None)"], ["eval", "inf * ones(2)"], ["eval"]):
        validator.validate(run_here(*words, "--json").record)


@pytest.mark.parametrize(("nan", "value"), [("null", [None, 1.0]), ("string", ["nan", 1.0])])
def test_numbers_that_are_not_finite_are_written_as_asked(nan: str, value: list[object]) -> None:
    assert run_here("eval", "tensor([nan, 1.])", "--json", "--nan", nan).record["value"] == value


def test_a_number_that_is_not_finite_can_be_an_error() -> None:
    assert run_here("eval", "nan", "--json", "--nan", "error").status == 1


def test_a_call_that_gives_nothing_displays_nothing() -> None:
    assert run_here("eval", "print(3)").out == "3\n"
    assert run_here("eval", "print(3)", "--json").record["type"] == "none"
    assert run_here("eval", "x.grad", "--let", "x=1").out == "None\n"


def test_after_backward_the_gradients_are_pointed_at() -> None:
    done = run_here("eval", "(x * y).backward()", "--let", "x=1", "--let", "y=2")
    assert (done.status, done.out) == (0, "")
    assert done.err == "note: backward() gives no value; it filled x.grad, y.grad: end with x.grad to see it\n"


@pytest.mark.parametrize("options", [["--json", "--plain"], ["--no-grad", "--wrt", "x"], ["--no-grad", "--grad-output", "1"]])
def test_options_that_contradict_each_other_are_refused(options: list[str]) -> None:
    done = run_here("eval", "x", "--let", "x=1", *options)
    assert done.status == 2
    assert "contradict each other" in done.err


def test_a_word_that_is_no_command_is_told_where_the_commands_are() -> None:
    assert "hint: gradcli --help lists them" in run_here("help").err


def test_a_binding_is_one_expression() -> None:
    done = run_here("eval", "x", "--let", "x=1; y=2")
    assert done.status == 3
    assert "a second statement" in done.err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["eval", "x", "+", "1", "--let", "x=3"], "a statement that has spaces stands in quotes: gradcli eval 'x + 1'"),
        (["check", "x", "*", "x", "--let", "x=3"], "a statement that has spaces stands in quotes: gradcli check 'x * x'"),
        (["eval", "x", "--let", "x=[1,", "2]"], "a value that has spaces stands in quotes: --let 'x=[1, 2]'"),
        (["check", "x", "--const", "x=(1,"], "a value that has spaces stands in quotes: --const 'x=[1, 2]'"),
        (["eval", "x", "--let", "x", "=", "3"], "NAME=VALUE is one word, in quotes if it has spaces: --let 'x=ones(2,2)'"),
        (["eval", "x", "--let", "‘x=3’"], "write the straight quotes of the keyboard: --let 'x=ones(2,2)'"),
        (["eval", "‘x’"], "write the straight quotes of the keyboard"),
        (["eval", "lambda_", "--let", "lambda=3"], "it is a word of the language; take another, such as lambda_"),
        (["eval", "x", "--var", "x=3"], "a name is given its value by --let, as in: --let x=3"),
        (["run", "a.grad", "x=3"], "a name is given its value by --let, as in: --let x=3"),
        (["eval", "x*y", "--let", "x=3", "--let", "y=3", "--wrt", "x,y"], "repeat it: --wrt x --wrt y"),
    ],
)
def test_what_a_shell_or_a_beginner_took_apart_is_told_how_to_write(words: list[str], hint: str) -> None:
    done = run_here(*words)
    assert done.status in (2, 3)
    assert f"hint: {hint}" in done.err


@pytest.mark.parametrize("words", [["eval", "x +"], ["eval", "x +", "y z"], ["eval", "x = (1\n2"], ["eval", "if x:\n2"]])
def test_a_hint_at_quotes_is_given_only_where_they_help(words: list[str]) -> None:
    assert "quotes" not in run_here(*words).err


def test_a_formula_that_became_two_statements_is_told_of() -> None:
    done = run_here("eval", "x", "+1", "--let", "x=3")
    assert (done.out, done.err) == ("1\n", "note: only the last expression is shown, and not x\n")
    assert run_here("eval", "print(1)", "x = 2; x;", "x").err == ""


@pytest.mark.parametrize("command", ["eval", "check"])
def test_lines_that_end_as_on_another_system_are_understood(command: str) -> None:
    here = run_here(command, "y = x*x\ny + x", "--let", "x=2")
    assert here.status == 0
    assert run_here(command, "y = x*x\r\ny + x\r", "--let", "x=2\r") == here


def test_a_power_that_is_none_is_told_of() -> None:
    note = "note: in 2^3, ^ joins whole numbers bit by bit; a power is written **\n"
    assert (run_here("eval", "[2^3]").out, run_here("eval", "[2^3]").err) == ("[1]\n", note)
    assert run_here("eval", "tensor(6) ^ tensor(3)").err == run_here("eval", "'2^3'").err == ""


@pytest.mark.parametrize(
    ("value", "kind"), [("arange(3)", "a tensor of int64"), ("tensor([True])", "a tensor of bool"), ("1,5", "a tuple")]
)
def test_a_binding_without_gradient_is_told_of(value: str, kind: str) -> None:
    note = f"note: --let x is {kind}, which has no gradient; --const says that none is meant\n"
    assert run_here("eval", "sum(x)", "--let", f"x={value}").err == note
    assert run_here("eval", "sum(x)", "--const", f"x={value}").err == ""


def test_a_keyword_cannot_be_bound() -> None:
    done = run_here("eval", "1", "--let", "lambda=1")
    assert done.status == 2
    assert "'lambda' is not a name" in done.err


@pytest.mark.parametrize(
    ("words", "help"),
    [
        (["version"], "did you mean: --version"),
        (["help"], "did you mean: --help"),
        (["-V"], "did you mean: --version"),
        (["eval", "-j"], "did you mean: --jacobian, --json, --json-schema"),
        (["samples/newton.grad"], "hint: a script is run with: gradcli run samples/newton.grad"),
        (["eval", "samples/newton.grad"], "hint: a script is run with: gradcli run samples/newton.grad"),
        (["x**2"], "hint: a statement is evaluated with: gradcli eval 'x**2'"),
        (["run", "x = 3"], "hint: statements are evaluated with: gradcli eval 'x = 3'"),
    ],
)
def test_a_command_line_that_is_nearly_right_is_told_the_right_one(
    monkeypatch: pytest.MonkeyPatch, words: list[str], help: str
) -> None:
    monkeypatch.chdir(ROOT)
    done = run_here(*words)
    assert done.status != 0
    assert f"\n{help}\n" in done.err


def test_what_starts_with_a_minus_sign_is_no_statement_where_none_is_taken() -> None:
    assert "stands after --" in run_here("eval", "-x*x").err
    assert "stands after --" not in run_here("-x").err + run_here("run", "-x").err
