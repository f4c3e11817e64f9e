"""What is to blame where a gradient and differences disagree: a rule, a hook, a piece outside of the graph; and at which kink."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ldexp
from typing import Any, NamedTuple

import numpy as np

from gradcli.autograd import GradMode, Node, Tensor, gradients, walk
from gradcli.autograd.tensor import operators
from gradcli.errors import BackwardTwice, GradcliError, Related, Span
from gradcli.functions import Function
from gradcli.language import tree
from gradcli.lazy import LazyArray, ops
from gradcli.report.checked import AGREES, JUMP, KINK, MISMATCH, STEEP, Element
from gradcli.session.check.differences import QUIET, WeightedSum, along_element, scales_of
from gradcli.session.check.elements import compared
from gradcli.session.check.program import Observer, epsilon_of, piece
from gradcli.session.check.triangles import is_mirrored
from gradcli.session.check.verdicts import examined
from gradcli.session.trace import arrays_behind

#: How many operations are looked at, how many elements of each, and how many numbers at once.
MOST_NODES, MOST_ELEMENTS, MOST_NUMBERS = 400, 16, 1 << 26
#: How much of what they do over a step values do over half of it, at least. What is smooth bends a quarter as much, at a kink
#: half as much; it changes half as much, more where it is steep, and as much where it jumps.
SHARES = {KINK: 0.35, STEEP: 0.6, JUMP: 0.85}
# What takes a value out of the graph, and what to say where it stands.
_NUMBER = "made a plain number here, which has no gradient"
_DERIVATIVE = "a derivative, which is not recorded unless create_graph=True"
CUTS = {
    **dict.fromkeys(("grad", "hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"), _DERIVATIVE),
    **dict.fromkeys(("float", "item"), _NUMBER),
    "bool": "made a truth value here, which has no gradient",
    "data": "taken out of the graph here",
    "detach": "detached here",
    "detach_": "detached here",
    "int": "made a whole number here, which has no gradient",
    "long": "made whole numbers here, which have no gradient",
    "no_grad": "nothing is recorded in this block",
    "numpy": "made a NumPy array here, which has no gradient",
    "set_grad_enabled": "recording is switched here",
    "tolist": "made plain numbers here, which have no gradient",
}


class Graph(NamedTuple):
    """What was differentiated: the outputs, the gradients that arrive at them, and who knows the numbers."""

    outputs: Sequence[Tensor]
    cotangents: Sequence[Tensor]
    observer: Observer

    def nodes(self) -> list[Node]:
        """The recorded operations, from the result on."""
        roots = [output.grad_fn for output in self.outputs if output.grad_fn is not None]
        found = {node for root in roots for node in walk(root) if node.rule is not None}
        return sorted(found, key=lambda node: node.sequence, reverse=True)

    def gradient(self, leaf: Tensor) -> np.ndarray:
        """The gradient with respect to a leaf, as autograd computes it now."""
        recorded = [(output, g) for output, g in zip(self.outputs, self.cotangents, strict=True) if output.requires_grad]
        found = gradients([o for o, _ in recorded], [leaf], [g for _, g in recorded], retain_graph=True, allow_unused=True)[0]
        return np.zeros(leaf.shape) if found is None else self.observer.numbers([found.array])[0]


class Blame(NamedTuple):
    """An operation, or a hook, that is to blame, and what it does."""

    node: Node | None
    label: str
    hint: str | None = None


def faulty_rule(graph: Graph, tolerance: float) -> Blame | None:
    """The first operation from the result on whose derivative is not that of what it computes."""
    for node in graph.nodes()[:MOST_NODES]:
        fault = _fault_of(node, graph.observer, tolerance)
        if fault is not None:
            where = f" at {list(fault.place)}" if fault.place else ""
            label = f"{node.name} gives {fault.autograd:.6g}{where} for a slope of {fault.differences:.6g}"
            premise = node.rule.premise if isinstance(node.rule, Function) else ""
            return Blame(node, label, f"its rule takes it that {premise}" if premise else None)
    return None


def _fault_of(node: Node, observer: Observer, tolerance: float) -> Element | None:
    """An element of an input at which the rule of an operation disagrees with differences of its values, if there is one."""
    if node.kept is None:
        return None
    given, others, values = node.kept
    inputs = [array for array in dict.fromkeys(given) if array is not None]
    is_floating = [array.dtype.is_floating for array in values]
    results = [array for array, floats in zip(values, is_floating, strict=True) if floats]
    held = [array for array in dict.fromkeys(others) if array not in inputs]
    if len(held) < len(set(others)) or not set(inputs) <= set(arrays_behind(results, ())):
        return None  # one operand stands for two, or a rewritten graph goes around it
    generator = np.random.default_rng(0)
    weights = [generator.uniform(0.5, 1.5, array.shape) for array in results]
    if is_mirrored(node):
        weights = [(own + own.mT) / 2 for own in weights]
    arriving = iter([Tensor(ops.from_buffer(w.astype(a.dtype.name), a.dtype)) for w, a in zip(weights, results, strict=True)])
    pulled = _pulled_back(node, [next(arriving) if floats else None for floats in is_floating])
    if pulled is None:
        return None
    at = observer.numbers([*inputs, *held])
    total = WeightedSum(piece([*inputs, *held], results, observer), at, weights, epsilon_of(inputs, results))
    if not total.is_finite:
        return None
    for number, array in enumerate(inputs):
        parts = [part for part, own in zip(pulled, given, strict=True) if own is array]
        summed = [operators["sum_to"](part, array.shape).array for part in parts if part is not None]
        slopes = sum(observer.numbers(summed), np.zeros(array.shape))
        found = compared("", total, number, slopes, tolerance, min(at[number].size, MOST_ELEMENTS), lambda: None)
        for element in found.examples.get(MISMATCH, ()):
            return element
    return None


def _pulled_back(node: Node, cotangents: Sequence[Tensor | None]) -> Sequence[Tensor | None] | None:
    assert node.rule is not None
    try:
        with GradMode(False):
            return node.rule.pull_back(node, cotangents)
    except (BackwardTwice, GradcliError):
        return None


def guilty_hook(graph: Graph, name: str, leaf: Tensor, element: Element, tolerance: float) -> Blame | None:
    """The hook without which the gradient would be that of the differences."""
    assert element.place is not None
    owners: list[Any] = [node for node in graph.nodes() if node.hooks] + ([leaf] if leaf.hooks else [])
    for owner in owners:
        hooks, owner.hooks = owner.hooks, None
        try:
            without = float(graph.gradient(leaf)[element.place])
        finally:
            owner.hooks = hooks
        allowed = tolerance * max(abs(without), abs(element.differences)) + element.error
        if abs(without - element.differences) <= allowed:
            node = None if owner is leaf else owner
            return Blame(node, f"a hook changes the gradient of {name if node is None else 'this'}")
    return None


def source_of_nan(graph: Graph) -> Blame | None:
    """The first operation from the result on that makes something not finite of a finite gradient."""
    results = {node: node.kept.results for node in graph.nodes()[:MOST_NODES] if node.kept is not None}
    places = [(node, number) for node, arrays in results.items() for number in range(len(arrays))]
    stand_ins = [Tensor(results[node][number], True, node, number) for node, number in places]
    recorded = [(output, g) for output, g in zip(graph.outputs, graph.cotangents, strict=True) if output.requires_grad]
    found = gradients([o for o, _ in recorded], stand_ins, [g for _, g in recorded], retain_graph=True, allow_unused=True)
    arriving: dict[Node, list[Tensor | None]] = {}
    for (node, _), cotangent in zip(places, found, strict=True):
        arriving.setdefault(node, []).append(cotangent)
    for node, cotangents in arriving.items():
        given = [cotangent.array for cotangent in cotangents if cotangent is not None]
        pulled = _pulled_back(node, cotangents) if given else None
        if pulled is None or not all(np.isfinite(array).all() for array in graph.observer.numbers(given)):
            continue
        made = graph.observer.numbers([tensor.array for tensor in pulled if tensor is not None])
        broken = [array for array in made if not np.isfinite(array).all()]
        if broken:
            kind = "nan" if np.isnan(broken[0]).any() else "an infinite gradient"
            meets_zero = any((array == 0).any() for array in graph.observer.numbers(given))
            hint = (
                "a branch that where() does not take gets the gradient 0, and 0 times inf is nan: let it compute with safe values"
            )
            return Blame(node, f"{node.name} makes {kind} of a finite gradient", hint if meets_zero else None)
    return None


def is_right_within_the_graph(graph: Graph, leaf: LazyArray, element: Element, tolerance: float) -> bool:
    """Whether the gradient is that of the recorded operations, if everything else that they are given stays as it is."""
    assert element.place is not None
    others = [array for node in graph.nodes() if node.kept is not None for array in node.kept.others]
    inputs = list(dict.fromkeys([leaf, *(array for array in others if array.dtype.is_floating)]))
    recorded = [(output.array, g) for output, g in zip(graph.outputs, graph.cotangents, strict=True) if output.requires_grad]
    roots = [array for array, _ in recorded]
    weights = graph.observer.numbers([g.array for _, g in recorded])
    total = WeightedSum(piece(inputs, roots, graph.observer), graph.observer.numbers(inputs), weights, epsilon_of(inputs, roots))
    position = int(np.ravel_multi_index(element.place, leaf.shape)) if leaf.shape else 0
    own_scale, scale = (float(scales.flat[position]) for scales in scales_of(total.at[0]))
    line = along_element(total, 0, position, own_scale, scale)
    return examined(line, element.autograd, tolerance, QUIET).kind in (AGREES, KINK)


def cuts(program: tree.Program) -> list[Related]:
    """The pieces of a program that take values out of the graph."""
    found: dict[Span, str] = {}
    called: set[tree.Node] = set()
    for node in _nodes_of(program):
        match node:
            case tree.Call(function=tree.Attribute(name=name) | tree.Name(identifier=name) as function):
                called.add(function)
            case tree.Attribute(name="data" | "grad" as name) if node not in called:
                pass
            case _:
                continue
        if name in CUTS:
            found[node.span] = CUTS[name]
    return [Related(span, found[span], program.source) for span in sorted(found)]


def _nodes_of(program: tree.Program) -> Iterator[tree.Node]:
    """All nodes of a syntax tree."""
    stack: list[Any] = [program]
    while stack:
        item = stack.pop()
        if isinstance(item, tree.Node):
            yield item
            stack += [getattr(item, part) for part in item.__slots__]
        elif isinstance(item, list):
            stack += item


def singular_function(graph: Graph, leaf: LazyArray, element: Element, verdict: str) -> tuple[Node, str, str] | None:
    """The operation nearest to a leaf that has a kink where an element lies (or jumps, or is steep): its name and convention."""
    assert element.place is not None
    results = {node: node.kept.results for node in reversed(graph.nodes()) if node.kept is not None}
    if sum(array.shape.numel() for arrays in results.values() for array in arrays) > MOST_NUMBERS:
        return None
    values = list(dict.fromkeys(array for arrays in results.values() for array in arrays if array.dtype.is_floating))
    (at,) = graph.observer.numbers([leaf])
    replay = piece([leaf], values, graph.observer)
    position = int(np.ravel_multi_index(element.place, at.shape)) if at.shape else 0
    step = ldexp(float(scales_of(at)[0].flat[position]), -17)

    def numbers(distance: float) -> Sequence[np.ndarray]:
        moved = at.copy()
        moved.flat[position] += distance
        return replay([moved]) or ()

    epsilon = epsilon_of([leaf], values)
    far, near = (zip(numbers(-distance), numbers(distance), strict=True) for distance in (step, step / 2))
    beside = zip(values, numbers(0.0), far, near, strict=True)
    bends = {array for array, here, wide, narrow in beside if _is_singular(here, wide, narrow, epsilon, verdict)}
    for node, arrays in results.items():
        if not bends.isdisjoint(arrays):
            function: object = node.rule
            return (node, function.name, function.kink) if isinstance(function, Function) else (node, node.name, "")
    return None


Sides = tuple[np.ndarray, np.ndarray]  # what values are behind a point and ahead of it


def _is_singular(at: np.ndarray, far: Sides, near: Sides, epsilon: float, verdict: str) -> bool:
    """Whether values have a kink at a point, or jump, or are steep: by what they do over a step and over half of it."""
    if verdict == KINK:
        pairs = [(far[0] - 2 * at + far[1], near[0] - 2 * at + near[1])]
    else:
        pairs = [(wide - at, narrow - at) for wide, narrow in zip(far, near, strict=True)]
    rounding = 64 * epsilon * np.abs(at)
    return any(
        bool(((np.abs(wide) > rounding) & (np.abs(narrow) > SHARES[verdict] * np.abs(wide))).any()) for wide, narrow in pairs
    )
