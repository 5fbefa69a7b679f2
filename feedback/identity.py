"""Who is asking: the signed token of a browser, the secrets of links, the organiser's password.

A browser has one token (cookie). The database holds only hashes of it, another one for each conversation, so that
what one person wrote in two conversations cannot be joined.
"""

import hashlib
import hmac
import secrets
import sys
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from itsdangerous import BadSignature, Signer

from feedback.domain.facts import WeakPassword, WrongPassword

COOKIE = "feedback"
COOKIE_AGE = 400 * 86_400
PASSWORD_LIMIT = 12
_STAGE = "stage"
# OWASP's second choice for argon2id: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
T = TypeVar("T")


class Identity:
    """Signs and reads tokens with the installation's secret key."""

    def __init__(self, secret_key: str) -> None:
        self._key = secret_key.encode()
        self._signer = Signer(secret_key, salt="feedback.bearer", digest_method=hashlib.sha256)

    def sign(self, token: str) -> str:
        """Return the cookie value for a token."""
        return self._signer.sign(token).decode()

    def read(self, cookie: str | None) -> str | None:
        """Return the token in a cookie value, None when it is missing or not ours."""
        if not cookie:
            return None
        try:
            return self._signer.unsign(cookie).decode()
        except (BadSignature, UnicodeError):
            return None

    def token_hash(self, token: str, conversation_id: int) -> str:
        """Return the name a browser has in one conversation."""
        return self._mac(f"participant:{conversation_id}:{token}")

    def bearer_hash(self, token: str) -> str:
        """Return the name a browser has among the crew."""
        return self._mac(f"crew:{token}")

    def stage_secret(self, conversation_id: int, version: int) -> str:
        """Return the reusable secret of a conversation's stage link; raising the version takes it back."""
        return f"{_STAGE}.{conversation_id}.{version}.{self._mac(f'{_STAGE}:{conversation_id}:{version}')}"

    def stage_of(self, secret: str) -> tuple[int, int] | None:
        """Return (conversation id, version) of a genuine stage secret, else None."""
        parts = secret.split(".")
        if len(parts) != 4 or parts[0] != _STAGE or not parts[1].isdecimal() or not parts[2].isdecimal():
            return None
        place, version = int(parts[1]), int(parts[2])
        return (place, version) if hmac.compare_digest(self.stage_secret(place, version), secret) else None

    def _mac(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def new_token() -> str:
    """Make a browser's token, 256 bits."""
    return secrets.token_urlsafe(32)


def new_secret() -> str:
    """Make a link's secret, 256 bits."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> str:
    """Return what the database keeps of a link's secret."""
    return hashlib.sha256(secret.strip().encode()).hexdigest()


def hash_password(password: str) -> str:
    """Return a password's argon2id hash; raises WeakPassword under 12 characters."""
    if len(password) < PASSWORD_LIMIT:
        raise WeakPassword(limit=PASSWORD_LIMIT)
    return _off_loop(lambda: _hasher.hash(password))


def check_password(password_hash: str | None, password: str) -> None:
    """Raise WrongPassword unless the password fits; takes as long when there is none to fit."""

    def fits() -> bool:
        try:
            return _hasher.verify(password_hash or _hasher.hash("no password was set"), password)
        except VerificationError:
            return False

    if not _off_loop(fits) or password_hash is None:
        raise WrongPassword


def _off_loop(work: Callable[[], T]) -> T:
    # Hashing takes tenths of a second; in the server it would hold up every phone's greenlet.
    monkey = sys.modules.get("gevent.monkey")
    if monkey is None or not monkey.is_module_patched("threading"):
        return work()
    from gevent import get_hub  # noqa: PLC0415 -- only where gevent runs already

    result: T = get_hub().threadpool.apply(work)
    return result
