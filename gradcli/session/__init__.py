"""Sessions: programs run under settings, their results differentiated and computed; `gradcli.session.api` is for Python code."""

from gradcli.session.evaluation import Evaluation
from gradcli.session.session import QuietHost, Session

__all__ = ["Evaluation", "QuietHost", "Session"]
