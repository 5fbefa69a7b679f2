"""A small Socket.IO server of real parts, started by the tests: `python -m gevent.monkey small_server.py SETTINGS`."""

import gc
import json
import signal
import sys
from collections import Counter
from pathlib import Path
from socket import IPPROTO_TCP, TCP_NODELAY

import gevent
from flask import Flask, jsonify, request
from flask_socketio import SocketIO, join_room
from greenlet import greenlet

from feedback.live import transport
from feedback.live.guard import Limits
from feedback.live.rooms import RoomManager
from tests.live.weak import BROKEN

settings = json.loads(sys.argv[1])
BROKEN[settings.get("mutant", "none")]()
app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 65536
rooms = RoomManager()
socketio = SocketIO(
    async_mode="gevent",
    client_manager=rooms,
    transports=["websocket"],
    max_http_buffer_size=16384,
    ping_interval=settings.get("ping_interval", 20),
    ping_timeout=settings.get("ping_timeout", 15),
    monitor_clients=False,
    cors_allowed_origins=["http://house.test", "https://tls.house.test"],
    manage_session=False,
)
counters: Counter[str] = Counter()
handled: Counter[str] = Counter()
limits = Limits(**settings.get("limits", {}))
seq = 0


@socketio.on("connect")
def connect(auth: dict | None = None) -> bool:
    if auth and auth.get("refuse"):
        return False
    handled["connect"] += 1
    handled["without_delay"] += bool(request.environ[transport.SOCKET].getsockopt(IPPROTO_TCP, TCP_NODELAY))
    join_room((auth or {}).get("room", "hall"))
    return True


@socketio.on("disconnect")
def disconnect(reason: str) -> None:
    handled["disconnect"] += 1


socketio.init_app(app)


@socketio.server.on("op")
def op(sid: str, data: dict) -> dict:
    handled["op"] += 1
    return data


@socketio.server.on("blast")
def blast(sid: str, data: dict) -> int:
    """Send `count` beats of `size` bytes to a room; `key` makes them absolute, `keys` gives each a key of its own."""
    global seq
    for number in range(data["count"]):
        seq += 1
        beat = {"from": seq - 1, "to": seq, "fill": "é" * (data["size"] // 2)}
        key = f"own{number}" if data.get("keys") else data.get("key")
        rooms.broadcast(data.get("room", "hall"), data.get("event", "beat"), beat, key=key)
        gevent.sleep(data.get("pause", 0))
    return seq


@app.get("/figures")
def figures():
    if counting := bool(request.args.get("greenlets")):
        gc.collect()
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return jsonify(
        counters=counters,
        handled=handled,
        sockets=len(socketio.server.eio.sockets),
        environs=len(socketio.server.environ),
        in_hall=rooms.sockets_in("hall"),
        rooms=len(rooms._by_name) + len(rooms._rooms_of) + sum(len(one) for one in rooms.rooms.get("/", {}).values()),
        threads=int(status["Threads"]),
        greenlets=sum(isinstance(one, greenlet) and not one.dead for one in gc.get_objects()) if counting else 0,
        fds=len(list(Path("/proc/self/fd").iterdir())),
        rss_kib=int(status["VmRSS"].split()[0]),
        peak_kib=int(status["VmHWM"].split()[0]),
    )


@app.post("/text")
def text():
    return request.get_data(as_text=True)[:10]


@app.get("/large")
def large():
    return "x" * 30_000_000


transport.install(socketio, events=frozenset({"op", "blast"}), counters=counters, limits=limits)
server = transport.make_server(app, socketio, ("127.0.0.1", 0), limits)
server.start()
gevent.signal_handler(signal.SIGTERM, server.stop)
sys.stdout.write(f"{server.server_port}\n")
sys.stdout.flush()
server.serve_forever()
