"""Batches as ``multipart/mixed``: parts of ``application/http``, change sets as ``multipart/mixed`` within."""

import secrets
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from http import HTTPStatus

from allmende.apis.sensorthings.batch.parts import METHODS, Outcome, Part, bad_batch, bad_part, check_count
from allmende.kernel.errors import Malformed


def read(content_type: str, body: bytes) -> list[Part]:
    """Read a batch; parts that are no request carry their error."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("ascii", "replace")
    try:
        message = BytesParser(policy=HTTP).parsebytes(head + body)
        members = _members(message)
    except (ValueError, LookupError, AttributeError, RecursionError) as error:
        raise bad_batch(f"kein multipart/mixed ({type(error).__name__})", "no multipart/mixed") from error
    parts: list[Part] = []
    for number, member in enumerate(members):
        if member.get_content_type() == "multipart/mixed":
            parts += [_request(one, f"change set {number}") for one in _members(member)]
        else:
            parts.append(_request(member, ""))
        check_count(len(parts))
    check_count(len(parts))
    return parts


def _members(message: Message) -> list[Message]:
    found = message.get_payload()
    if not isinstance(found, list):
        raise bad_batch("keine Teile zwischen Trennzeilen", "no parts between boundaries")
    return [member for member in found if isinstance(member, Message)]


def _request(member: Message, group: str) -> Part:
    number = str(member.get("Content-ID", "")).strip().strip("<>")
    try:
        return _readable(member, group, number)
    except Malformed as error:
        return Part(id=number, group=group, error=error)
    except (ValueError, LookupError, AttributeError, RecursionError) as error:
        return Part(id=number, group=group, error=bad_part(type(error).__name__, type(error).__name__))


def _readable(member: Message, group: str, number: str) -> Part:
    if member.get_content_type() != "application/http":
        raise bad_part("application/http ist nötig", "application/http is needed")
    payload = member.get_payload(decode=True)
    if not isinstance(payload, bytes):
        raise bad_part("kein Inhalt", "no content")
    line, _, rest = payload.lstrip().replace(b"\r\n", b"\n").partition(b"\n")
    head, _, body = rest.partition(b"\n\n") if not rest.startswith(b"\n") else (b"", b"", rest[1:])
    method, _, target = line.decode("utf-8").strip().partition(" ")
    url = target.rpartition(" HTTP/")[0] or target
    if method not in METHODS or not url:
        raise bad_part("die Anfragezeile fehlt", "the request line is missing")
    headers = {name.lower(): str(value) for name, value in BytesParser(policy=HTTP).parsebytes(head + b"\n\n").items()}
    number = number or headers.get("content-id", "").strip("<>")
    return Part(id=number, method=method, url=url.strip(), headers=headers, body=body.strip(), group=group)


def write(outcomes: list[Outcome]) -> tuple[bytes, str]:
    """Give body and content type; a change set that failed has one answer, the failure."""
    boundary = f"batch_{secrets.token_hex(12)}"
    lines: list[bytes] = []
    place = 0
    while place < len(outcomes):
        group = outcomes[place].part.group
        same = [outcome for outcome in outcomes[place:] if group and outcome.part.group == group]
        place += len(same) or 1
        lines.append(f"--{boundary}\r\n".encode())
        lines.append(_change_set(same) if same else _http(outcomes[place - 1]))
    lines.append(f"--{boundary}--\r\n".encode())
    return b"".join(lines), f"multipart/mixed; boundary={boundary}"


def _change_set(outcomes: list[Outcome]) -> bytes:
    failed = [outcome for outcome in outcomes if outcome.status >= 400]
    if failed:
        return _http(min(failed, key=lambda outcome: outcome.status == HTTPStatus.FAILED_DEPENDENCY))
    boundary = f"changeset_{secrets.token_hex(12)}"
    inner = b"".join(f"--{boundary}\r\n".encode() + _http(outcome) for outcome in outcomes)
    return (
        f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode() + inner + f"--{boundary}--\r\n".encode()
    )


def _http(outcome: Outcome) -> bytes:
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if outcome.part.id:
        head.append(f"Content-ID: {outcome.part.id}")
    status = HTTPStatus(outcome.status)
    answer = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{n}: {v}" for n, v in outcome.headers.items())]
    return "\r\n".join([*head, "", *answer, "", ""]).encode() + outcome.body + b"\r\n"
