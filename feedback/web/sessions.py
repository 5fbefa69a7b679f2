"""Flask's session, which holds a form's proof of origin, without the wall clock: putting it right ends no form."""

from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import TimestampSigner, URLSafeTimedSerializer


class _Ageless(TimestampSigner):
    """Checks who signed and not when: by the server's clock a cookie of a moment ago can be of tomorrow."""

    def unsign(self, signed_value: str | bytes, max_age: int | None = None, return_timestamp: bool = False) -> Any:  # noqa: ARG002
        """Return what was signed, whatever its age; raises BadSignature."""
        return super().unsign(signed_value, None, return_timestamp)  # type: ignore[call-overload]  # a plain bool


class Sessions(SecureCookieSessionInterface):
    """Sessions that end when the browser drops its cookie, and by nothing else."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return Flask's own serializer with a signer that reads no clock."""
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = _Ageless
        return serializer
