"""The queue between the server and its worker, and how jobs and results are written there."""

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

from feedback.settings import Settings

if TYPE_CHECKING:
    from huey import Huey

MARK = 32  # bytes before what waits in the queue


class SignedJson:
    """How jobs and results wait in the queue's store: as JSON with a mark of this house.

    Huey's own way is pickle, by which whoever can write to the store makes the server run what they like.
    """

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"feedback.jobs:" + secret.encode()).digest()

    def serialize(self, data: Any) -> bytes:
        """Return the bytes for a task, an error or a plain value."""
        from huey.registry import Message  # noqa: PLC0415 -- slow import, see make_queue
        from huey.utils import Error  # noqa: PLC0415 -- as above

        kinds = {Message: "task", Error: "error"}
        text = json.dumps([kinds.get(type(data), "value"), data], separators=(",", ":")).encode()
        return self._mark(text) + text

    def deserialize(self, data: bytes) -> Any:
        """Return what was serialized; raises ValueError when it does not carry our mark."""
        from huey.registry import Message  # noqa: PLC0415 -- as above
        from huey.utils import Error  # noqa: PLC0415 -- as above

        mark, text = bytes(data[:MARK]), bytes(data[MARK:])
        if not hmac.compare_digest(mark, self._mark(text)):
            raise ValueError("this was not put into the queue by this house")
        kind, value = json.loads(text)
        return Message(*value) if kind == "task" else Error(*value) if kind == "error" else value

    def _mark(self, text: bytes) -> bytes:
        return hmac.new(self._key, text, hashlib.sha256).digest()


def make_queue(settings: Settings) -> "Huey":
    """Return the job queue: Redis when it is configured, a file in the instance folder otherwise."""
    from huey import RedisHuey, SqliteHuey  # noqa: PLC0415 -- slow import: it loads every store it knows

    serializer = SignedJson(settings.secret_key)
    if settings.redis_url:
        from redis import ConnectionPool  # noqa: PLC0415 -- as above

        pool = ConnectionPool.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=2)
        return RedisHuey("feedback", connection_pool=pool, serializer=serializer)
    return SqliteHuey("feedback", filename=str(settings.instance / "jobs.db"), serializer=serializer)
