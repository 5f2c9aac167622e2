"""What if: one question, one function."""

from scenarios.scenario import scenario  # isort: skip  (first: the scenarios below are made with it)

__all__ = ["scenario"]
