"""Sessions: programs run under settings, their results differentiated and computed; and the Python API over them."""

from gradcli.session.api import Compiled, Result, compile, evaluate
from gradcli.session.evaluation import Evaluation
from gradcli.session.session import Options, QuietHost, Session

__all__ = ["Compiled", "Evaluation", "Options", "QuietHost", "Result", "Session", "compile", "evaluate"]
