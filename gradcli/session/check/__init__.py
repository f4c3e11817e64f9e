"""Checks: the gradients of a program compared with finite differences, and what is to blame where they disagree."""

from gradcli.session.check.check import CheckedSession
from gradcli.session.check.options import DEFAULT_TOLERANCE, CheckOptions, Claim

__all__ = ["DEFAULT_TOLERANCE", "CheckOptions", "CheckedSession", "Claim"]
