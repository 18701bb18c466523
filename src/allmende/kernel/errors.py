"""What can go wrong, sorted by what the caller should do, with a sentence in both languages."""

from dataclasses import dataclass
from typing import ClassVar

from allmende.kernel.text import Text


@dataclass(frozen=True)
class ErrorCode:
    """A stable code, the sentence that says what happened and the one that says what to do next."""

    code: str
    what: Text
    next: Text

    registry: ClassVar[dict[str, "ErrorCode"]] = {}

    def __post_init__(self) -> None:
        """Enter the code in the one list of codes, where each may stand once."""
        if self.code in ErrorCode.registry:
            raise ValueError(f"error code {self.code} is defined twice")
        ErrorCode.registry[self.code] = self


class AllmendeError(Exception):
    """An error that a person is told: a code, safe parameters, an HTTP status.

    ``about`` is the part of the input that it speaks of, where who raised it knew.
    """

    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False
    about: object = None

    def __init__(self, code: ErrorCode, /, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(f"{self.what.en} {self.next.en}")

    @property
    def what(self) -> Text:
        """Say what happened."""
        return self.code.what.filled(**self.params)

    @property
    def next(self) -> Text:
        """Say what to do about it."""
        return self.code.next.filled(**self.params)


class Invalid(AllmendeError):
    """The input cannot be taken as it is."""

    status = 422
    exit_code = 2


class Malformed(Invalid):
    """The request cannot even be read."""

    status = 400


class Unknown(AllmendeError):
    """Who asks did not say who they are, or the token is not valid."""

    status = 401
    exit_code = 3


class Denied(AllmendeError):
    """The rules or the role do not permit it."""

    status = 403
    exit_code = 3


class NotFound(AllmendeError):
    """There is no such thing."""

    status = 404
    exit_code = 4


class Conflict(AllmendeError):
    """It contradicts what is there already."""

    status = 409
    exit_code = 5


class Busy(AllmendeError):
    """It would work later."""

    status = 503
    exit_code = 6
    retryable = True


class Broken(AllmendeError):
    """The installation is not as it must be."""

    status = 500
    exit_code = 7
