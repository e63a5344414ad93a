"""Handing mail in by SMTP: one plain text to one person. Where no server is set, the site sends none."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from urllib.parse import SplitResult, unquote, urlsplit

from app.config import is_loopback, settings
from app.visible import visible

_SECONDS = 20.0  # that the server may take for one answer
_PORTS = {"smtp": 587, "smtps": 465}
_NEVER = range(500, 600)  # what a server says who will not take it later, either


class NotSent(Exception):
    """The mail is still here; the message says what was said. `for_good`: to try again is of no use."""

    def __init__(self, message: str, *, for_good: bool = False) -> None:
        super().__init__(message)
        self.for_good = for_good


@dataclass(frozen=True)
class Mail:
    """What is sent. `off` is the address of the page that turns such mail off, if it can be."""

    to: str
    name: str
    subject: str
    text: str
    off: str = ""


def ready() -> bool:
    """Whether this site sends mail."""
    return settings().smtp is not None


def send(mail: Mail) -> None:
    """Hand it in. Raises NotSent."""
    message = written(mail)
    try:
        with _server(urlsplit(settings().smtp or "")) as server:
            server.send_message(message, settings().sender, [mail.to])
    except smtplib.SMTPRecipientsRefused as error:
        code, said = error.recipients.get(mail.to, (550, b""))
        raise NotSent(_said(code, said), for_good=code in _NEVER) from None
    except smtplib.SMTPNotSupportedError as error:
        raise NotSent(str(error), for_good=True) from None
    except smtplib.SMTPResponseException as error:
        raise NotSent(_said(error.smtp_code, error.smtp_error)) from None
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(f"{type(error).__name__}: {error}") from None


def written(mail: Mail) -> EmailMessage:
    """The mail with its headers. Raises NotSent, for good, if that can't be: its address is none, say."""
    try:
        message = _written(mail)
        message.as_bytes(policy=SMTP)  # as it will be on its way
    except (ValueError, LookupError, MessageError) as error:
        raise NotSent(f"this mail can’t be written: {error}", for_good=True) from None
    return message


def _written(mail: Mail) -> EmailMessage:
    message, domain = EmailMessage(), settings().sender.rpartition("@")[2]
    message["To"] = Address(_line(mail.name), addr_spec=mail.to)
    message["From"] = Address("Unembed", addr_spec=settings().sender)
    message["Subject"] = _line(mail.subject)
    message["Date"], message["Message-ID"] = formatdate(usegmt=True), make_msgid(domain=domain)
    message["Auto-Submitted"] = "auto-generated"  # so that no one's holiday answers it
    if mail.off:
        message["List-Unsubscribe"] = f"<{mail.off}>"
    text = _encodable(mail.text)
    message.set_content(text, cte="8bit" if text.isascii() else "quoted-printable")
    return message


def _line(text: str) -> str:
    """One line, whatever it was: what ends a line ends a header, and no such mail can be sent."""
    return visible(" ".join(_encodable(text).split()))


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _server(address: SplitResult) -> smtplib.SMTP:
    """Connected, encrypted where it can be, and signed in where there is a name. Raises what smtplib does."""
    host, port = address.hostname or "", address.port or _PORTS[address.scheme]
    trusted = ssl.create_default_context()
    if address.scheme == "smtps":
        return _sign_in(smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=trusted), address)
    server = smtplib.SMTP(host, port, timeout=_SECONDS)
    server.ehlo()
    if not is_loopback(host):
        if server.has_extn("starttls"):
            server.starttls(context=trusted)
        elif address.username:
            server.close()
            raise smtplib.SMTPException("the server offers no TLS, so it is not told the password")
    return _sign_in(server, address)


def _sign_in(server: smtplib.SMTP, address: SplitResult) -> smtplib.SMTP:
    if address.username:
        server.login(unquote(address.username), unquote(address.password or ""))
    return server


def _said(code: int, said: bytes | str) -> str:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {' '.join(words.split())}"
