"""Automatic differentiation with PyTorch's rules, over lazy arrays; it does not know which functions exist."""

from gradcli.autograd.backward import backward, gradients
from gradcli.autograd.in_place import change_in_place
from gradcli.autograd.node import Node, edge_to, walk
from gradcli.autograd.state import GradMode, SwitchedMode, state
from gradcli.autograd.tensor import Tensor

__all__ = ["GradMode", "Node", "SwitchedMode", "Tensor", "backward", "change_in_place", "edge_to", "gradients", "state", "walk"]
