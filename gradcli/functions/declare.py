"""Declaring a function: its forward, its derivative rules and its names, in one place; everything else is derived.

A declaration is a Python function in lazy primitives, or in the project's own functions, under a decorator that holds one
derivative rule for each differentiable argument:

    @function("TransposeBackward0", view=True, examples=("transpose(x, 0, 1)",),
              d_input=lambda g, dim0, dim1: transpose(g, dim0, dim1))
    def transpose(input: Tensor, dim0: int, dim1: int) -> LazyArray: ...

A rule maps the cotangent `g` of the result to the cotangent of its argument. The names it takes say what it needs:

    g                           the cotangent of the result (`gs`: those of all results, however many there are)
    g_NAME                      the cotangent of one of several results, which the declaration names in `results`
    result, NAME of a result    the result itself: *saved* for backward
    NAME of an argument         a tensor (or several) is saved for backward; any other argument is a plain value
    NAME_shape, NAME_dtype      of a tensor that is an argument: nothing is saved
    strides                     in the rule `strides` of a view, which gives its strides: those of what it is a view of

What is saved decides whether backward may run twice, as in PyTorch. Rules are written with the project's own functions on
tensors, so that they can be differentiated again. A cotangent that is larger than its argument is summed back over
broadcast axes by the reverse pass, not by the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradcli.functions.function import Function, GradFnName, Rule
from gradcli.functions.general import GeneralFunction
from gradcli.functions.registry import METHODS, NAMESPACES, register


def function(
    grad_fn: GradFnName = None,
    *,
    name: str | None = None,
    namespace: str = "torch",
    aliases: Sequence[str] = (),
    method: bool | None = None,
    in_place: bool = False,
    one_by_one: bool = False,
    results: tuple[str, ...] = (),
    returns_named: bool = True,
    constant: tuple[str, ...] = (),
    view: bool = False,
    strides: Rule | None = None,
    laid_out_as: tuple[str, ...] = (),
    examples: tuple[str, ...] = (),
    kink: str = "",
    premise: str = "",
    forms: tuple[Function, ...] = (),
    public: bool = True,
    **rules: Rule,
) -> Callable[[Callable[..., Any]], GeneralFunction]:
    """Declare a function; `d_ARGUMENT` is the derivative rule of an argument. See the module's docstring.

    Results named as `constant` have no gradient, though they are floating.
    A `premise` is what the rules take for granted of the arguments, and without which they are not the derivative.
    A `view` without a rule for its `strides` has those of what it is a view of. A result that is `laid_out_as` arguments lies
    in memory as they do; others lie row by row.
    `public=False` declares one form of an overloaded function, which users reach through the function that picks the form
    and lists it in `forms`.
    """

    def declare(forward: Callable[..., Any]) -> GeneralFunction:
        own_name = name or forward.__name__.rstrip("_")
        declared = GeneralFunction(
            forward,
            name=own_name,
            namespace=namespace,
            grad_fn=grad_fn,
            rules={key.removeprefix("d_"): rule for key, rule in rules.items()},
            results=results,
            returns_named=returns_named,
            constant=constant,
            view=view,
            strides=strides,
            laid_out_as=laid_out_as,
            examples=examples,
            kink=kink,
            premise=premise,
            forms=forms,
        )
        if public:
            as_method = method if method is not None else namespace == "torch"
            register(
                declared,
                own_name,
                namespace=namespace,
                aliases=aliases,
                method=as_method,
                in_place=in_place,
                one_by_one=one_by_one,
            )
        return declared

    return declare


def method(name: str, *, of_torch: bool = False) -> Callable[[Callable[..., Any]], GeneralFunction]:
    """Declare a method of Tensor that is no function, or one of torch only under the name of what changes in place."""

    def declare(forward: Callable[..., Any]) -> GeneralFunction:
        declared = METHODS[name] = function(public=False, name=name)(forward)
        if of_torch:
            NAMESPACES["torch"][name] = declared
        return declared

    return declare
