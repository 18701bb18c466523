"""The town over HTTP on each database, whose rules let quality be checked."""

from tests.apis.conftest import workshop

__all__ = ["workshop"]
