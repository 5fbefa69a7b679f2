"""The samples for operators work: proxies carry pages, ops and sockets; unit, image and compose file hold together."""

import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from served import ROOT, Served
from websockets.exceptions import InvalidHandshake, InvalidMessage
from websockets.sync.client import connect

from feedback.addresses import free_port
from feedback.cli.__main__ import main
from feedback.domain.ids import ulid

SAMPLES = ROOT / "docs" / "operate"
SETTINGS = set(re.findall(r"^\| `(FEEDBACK_\w+)` \|", (ROOT / "docs" / "operate.md").read_text(encoding="utf-8"), re.M))
#: Of the program's own; what stands in front of it takes more bytes into account.
BODY_LIMIT = 2 * 1024 * 1024


def sample(name: str) -> str:
    return (SAMPLES / name).read_text(encoding="utf-8")


def need(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


class Behind(Served):
    """A server that is reached under other addresses, which it prints instead of its own."""

    def start(self) -> "Behind":
        self.port = free_port("127.0.0.1", 0, fixed=True)
        with (self.instance / "errors.log").open("a") as errors:
            self.process = self._open(errors)
        assert self.process.stdout is not None
        assert any("Stop with Ctrl-C" in line for line in self.process.stdout)
        return self


class Visitor:
    """A phone that comes through a proxy, under an address that the server was told of or not."""

    def __init__(self, port: int, *, tls: bool, host: str = "127.0.0.1") -> None:
        self.context = ssl.create_default_context() if tls else None
        if self.context is not None:
            self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        self.port, self.tls, self.name = port, tls, f"{host}:{port}"
        self.origin = f"{'https' if tls else 'http'}://{self.name}"
        self.cookies: dict[str, str] = {}
        self.secure: list[bool] = []

    def fetch(self, method: str, path: str, body: bytes | None = None, **more: str) -> tuple[int, bytes]:
        kind = http.client.HTTPSConnection if self.tls else http.client.HTTPConnection
        tls: dict[str, Any] = {"context": self.context} if self.tls else {}
        with closing(kind("127.0.0.1", self.port, timeout=60, **tls)) as line:
            sent = {"Host": self.name, "Cookie": self.cookie(), **more}
            headers = {key.replace("_", "-"): value for key, value in sent.items() if value}
            with suppress(
                BrokenPipeError, ConnectionResetError, ssl.SSLEOFError
            ):  # whoever refuses a body need not read it
                line.request(method, path, body, headers)
            answer = line.getresponse()
            for value in answer.headers.get_all("Set-Cookie", []):
                name, _, rest = value.partition("=")
                self.cookies[name] = rest.split(";")[0]
                self.secure.append("Secure" in rest)
            return answer.status, answer.read()

    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def ops(self, code: str, body: bytes) -> tuple[int, bytes]:
        headers = {"Content_Type": "application/json", "X_Op": "1", "Origin": self.origin}
        return self.fetch("POST", f"/c/{code}/ops", body, **headers)

    def op_by_socket(self, code: str, op: dict[str, Any], origin: str) -> dict[str, Any]:
        address = f"{'wss' if self.tls else 'ws'}://127.0.0.1:{self.port}/socket.io/?EIO=4&transport=websocket"
        headers = {"Cookie": self.cookie()}
        more: dict[str, Any] = {"ssl": self.context} if self.tls else {}
        with connect(address, additional_headers=headers, origin=origin, open_timeout=180, legacy=True, **more) as line:
            wait_for(line, "0")
            line.send("40" + json.dumps({"code": code, "view": "phone", "since": 0}))
            wait_for(line, "40")
            line.send("421" + json.dumps(["op", op]))
            return json.loads(wait_for(line, "431")[3:])[0]


def wait_for(line: Any, start: str) -> str:
    while not (said := str(line.recv(180))).startswith(start):
        pass
    return said


def idea(prompt: int, text: str) -> dict[str, Any]:
    fresh = ulid(time.time_ns() // 1_000_000, secrets.randbits)
    return {"op": fresh, "k": "idea", "id": fresh, "prompt": prompt, "text": text, "lang": "en"}


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    return {name: free_port("127.0.0.1", 0, fixed=True) for name in ("tls", "plain", "caddy")}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, ports: dict[str, int]) -> Iterator[Behind]:
    """The server as the samples say that it must be set."""
    origins = f"https://127.0.0.1:{ports['tls']} http://127.0.0.1:{ports['caddy']}"
    env = {"FEEDBACK_ORIGINS": origins, "FEEDBACK_TRUSTED_PROXIES": "1"}
    served = Behind(tmp_path_factory.mktemp("behind"), env)
    with closing(served.start()):
        yield served


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need("openssl")
    folder = tmp_path_factory.mktemp("certificate")
    kind = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
    ]
    files = ["-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"]
    subprocess.run(["openssl", "req", "-x509", *kind, *files], check=True, capture_output=True)
    return folder


@contextmanager
def program(command: list[str], folder: Path, port: int) -> Iterator[Path]:
    """Run a proxy until it listens; yields where it writes what it has to say."""
    said = folder / "said"
    env = os.environ | {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "HOME": str(folder)}
    with said.open("wb") as output:
        child = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder)
        try:
            until = time.monotonic() + 180
            while not listens(port) and child.poll() is None and time.monotonic() < until:
                time.sleep(0.02)
            assert child.poll() is None, said.read_text()
            yield said
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(180)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def nginx_config(text: str, folder: Path, certificate: Path, ports: dict[str, int], backend: int) -> Path:
    """Put this machine's ports and folders into the sample; everything else stays as it is."""
    for was, now in (
        ("listen 80;", f"listen 127.0.0.1:{ports['plain']};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{ports['tls']} ssl http2;"),
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{backend};"),
        ("/etc/ssl/ideas.example.org", str(certificate)),
        ("/var/cache/feedback-static", str(folder / "static")),
    ):
        assert was in text, was
        text = text.replace(was, now)
    text = re.sub(r"\n *listen \[::\]:.*", "", text)
    rest = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    own = "".join(f"    {kind}_temp_path {folder / kind};\n" for kind in rest)
    path = folder / "nginx.conf"
    path.write_text(text.replace("http {\n", f"http {{\n{own}", 1), encoding="utf-8")
    return path


def nginx(config: Path, *more: str) -> list[str]:
    user = "user root;" if os.geteuid() == 0 else ""
    return ["nginx", "-e", "stderr", "-c", str(config), "-g", f"daemon off; pid {config.parent}/pid; {user}", *more]


def story(house: Behind, port: int, *, tls: bool) -> list[str]:
    """Take part through the proxy; returns what did not work."""
    links = house.links()
    code = links["conversations"][0]["code"]
    known, stranger = Visitor(port, tls=tls), Visitor(port, tls=tls, host="localhost")
    found: list[str] = []

    def check(what: str, holds: Callable[[], bool]) -> None:
        try:
            ok = holds()
        except (OSError, InvalidHandshake, InvalidMessage, TimeoutError):
            ok = False
        if not ok:
            found.append(what)

    check("page", lambda: known.fetch("GET", f"/c/{code}")[0] == 200 and stranger.fetch("GET", f"/c/{code}")[0] == 200)
    check("secure cookies", lambda: len(known.secure) >= 2 and set(known.secure) == {tls})
    prompt = json.loads(known.fetch("GET", f"/c/{code}/sync")[1])["prompts"][0]["id"]
    by_http = json.dumps({"ops": [idea(prompt, "By HTTP")]}).encode()
    check("op by HTTP", lambda: known.ops(code, by_http)[0] == 200)
    # Under a name that it was not told of, the server must see which one the browser used, port included.
    check("op under another name", lambda: stranger.ops(code, by_http)[0] == 200)
    ask = idea(prompt, "By socket")
    check("op by socket", lambda: known.op_by_socket(code, ask, known.origin)["status"] == "ok")
    check("socket of another site", lambda: refused(lambda: known.op_by_socket(code, ask, "https://evil.example")))
    check("body within the limit", lambda: stranger.ops(code, b"x" * (BODY_LIMIT - 50_000))[0] == 400)
    check("body above the limit", lambda: stopped(lambda: stranger.ops(code, b"x" * (BODY_LIMIT + 50_000)), whole=tls))
    asset = re.search(rb"/static/build/[\w.-]+\.css", known.fetch("GET", f"/c/{code}")[1])
    path = asset[0].decode() if asset else "/static/none"
    check("file", lambda: [known.fetch("GET", path)[0] for _ in range(2)] == [200, 200])
    check("figures", lambda: known.fetch("GET", "/metrics")[0] == 404)
    return found


def refused(deed: Callable[[], Any]) -> bool:
    try:
        deed()
    except InvalidHandshake as reason:
        return "403" in str(reason)
    return False


def stopped(deed: Callable[[], tuple[int, bytes]], *, whole: bool) -> bool:
    """Tell whether a body was refused before the program had all of it; its own answer names the code.

    nginx takes a body whole before it passes it on. Caddy 2.6 passes it on at once and answers 502 when it becomes too
    long, unless the program, which reads the length first, was faster.
    """
    try:
        status, said = deed()
    except (
        ConnectionError,
        ssl.SSLEOFError,
        http.client.IncompleteRead,
    ):  # it need not read what it refuses; its answer may be lost
        return True
    return status == 502 or (status == 413 and (not whole or b"too_large" not in said))


def test_nginx_takes_the_sample_and_carries_everything(
    tmp_path: Path, house: Behind, certificate: Path, ports: dict[str, int]
) -> None:
    need("nginx")
    config = nginx_config(sample("nginx.conf"), tmp_path, certificate, ports, house.port)
    looked = subprocess.run(nginx(config, "-t"), capture_output=True, text=True)
    assert (looked.returncode, "syntax is ok" in looked.stderr, "[warn]" in looked.stderr) == (0, True, False)
    with program(nginx(config), tmp_path, ports["tls"]) as said:
        assert story(house, ports["tls"], tls=True) == []
        moved = http.client.HTTPConnection("127.0.0.1", ports["plain"], timeout=180)
        moved.request("GET", "/c/ABCDEF?x=1", headers={"Host": "ideas.example.org"})
        assert moved.getresponse().headers["Location"] == "https://ideas.example.org/c/ABCDEF?x=1"
        moved.close()
    assert "127.0.0.1" not in said.read_text()


def test_nginx_says_nothing_of_visitors_while_the_server_is_away(
    tmp_path: Path, certificate: Path, ports: dict[str, int]
) -> None:
    need("nginx")
    nobody = free_port("127.0.0.1", 0, fixed=True)
    config = nginx_config(sample("nginx.conf"), tmp_path, certificate, ports, nobody)
    with program(nginx(config), tmp_path, ports["tls"]) as said:
        assert Visitor(ports["tls"], tls=True).fetch("GET", "/c/ABCDEF")[0] == 502
    assert "127.0.0.1" not in said.read_text()


@pytest.mark.parametrize(
    ("was", "now", "breaks"),
    [
        ("$http_host", "$host", "op under another name"),
        ("proxy_set_header Upgrade           $http_upgrade;", "", "op by socket"),
        ("X-Forwarded-Proto $scheme", "X-Forwarded-Proto http", "secure cookies"),
        ("client_max_body_size 2m", "client_max_body_size 9m", "body above the limit"),
    ],
)
def test_the_story_fails_on_a_mutant_of_nginx(
    tmp_path: Path, house: Behind, certificate: Path, ports: dict[str, int], was: str, now: str, breaks: str
) -> None:
    need("nginx")
    assert was in sample("nginx.conf")
    mutant = sample("nginx.conf").replace(was, now)
    config = nginx_config(mutant, tmp_path, certificate, ports, house.port)
    with program(nginx(config), tmp_path, ports["tls"]):
        assert breaks in story(house, ports["tls"], tls=True)


def test_quiet_sockets_outlive_the_ping() -> None:
    inside = sample("nginx.conf").partition("location /socket.io/ {")[2].partition("}")[0]
    waits = dict(re.findall(r"(proxy_\w+_timeout) (\d+)s;", inside))
    assert all(int(seconds) > 20 + 15 for seconds in waits.values())
    assert waits.keys() == {"proxy_read_timeout", "proxy_send_timeout"}


def test_caddy_takes_the_sample_and_carries_everything(tmp_path: Path, house: Behind, ports: dict[str, int]) -> None:
    need("caddy")
    env = os.environ | {"XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)}
    look = ["caddy", "validate", "--adapter", "caddyfile", "--config", str(SAMPLES / "Caddyfile")]
    looked = subprocess.run(look, capture_output=True, text=True, env=env)
    assert looked.returncode == 0, looked.stderr
    text = sample("Caddyfile")
    for was, now in (
        ("ideas.example.org {", f"http://127.0.0.1:{ports['caddy']}, http://localhost:{ports['caddy']} {{"),
        ("127.0.0.1:8000", f"127.0.0.1:{house.port}"),
    ):
        assert was in text
        text = text.replace(was, now)
    (tmp_path / "Caddyfile").write_text(text, encoding="utf-8")
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", "Caddyfile"]
    with program(command, tmp_path, ports["caddy"]) as said:
        assert story(house, ports["caddy"], tls=False) == []
        before = said.read_text()
    away = text.replace(f"127.0.0.1:{house.port}", f"127.0.0.1:{free_port('127.0.0.1', 0, fixed=True)}")
    (tmp_path / "Caddyfile").write_text(away, encoding="utf-8")
    with program(command, tmp_path, ports["caddy"]) as said:
        assert Visitor(ports["caddy"], tls=False).fetch("GET", "/c/ABCDEF")[0] == 502
        assert "remote_ip" not in before + said.read_text()


def verify(unit: Path) -> str:
    """Return what systemd finds wrong with a unit."""
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    looked = subprocess.run(command, capture_output=True, text=True)
    return looked.stderr + looked.stdout + ("" if looked.returncode == 0 else f"({looked.returncode})")


def is_shut_in(unit: Path) -> bool:
    """Tell whether systemd rates what the unit may do at 2 of 10 or less."""
    command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=20", str(unit)]
    return subprocess.run(command, capture_output=True).returncode == 0


def test_systemd_takes_the_unit_and_finds_it_shut_in(tmp_path: Path) -> None:
    need("systemd-analyze")
    unit = tmp_path / "feedback.service"
    unit.write_text(sample("feedback.service"), encoding="utf-8")
    assert verify(unit) == ""
    assert is_shut_in(unit)
    unit.write_text(sample("feedback.service").replace("CapabilityBoundingSet=\n", ""), encoding="utf-8")
    assert not is_shut_in(unit)
    unit.write_text(sample("feedback.service").replace("TimeoutStopSec=5", "TimeoutStopSecs=5"), encoding="utf-8")
    assert "TimeoutStopSecs" in verify(unit)


def test_unit_starts_the_program_as_it_is_started_by_hand_and_lets_it_end() -> None:
    unit = dict(re.findall(r"^(\w+)=(.+)$", sample("feedback.service"), re.MULTILINE))
    _, module, name, command, *options = unit["ExecStart"].split()
    assert (module, name, command) == ("-m", "feedback", "run")
    known = {word for each in main.commands["run"].params for word in (*each.opts, *each.secondary_opts)}
    assert set(options) <= known
    assert int(unit["TimeoutStopSec"]) > 3  # seconds in which the program ends by itself
    assert unit["KillSignal"] == "SIGTERM"
    assert int(unit["LimitNOFILE"]) >= 3 * 6_000
    assert f"/var/lib/{unit['StateDirectory']}" in sample("feedback.service")


def compose() -> dict[str, Any]:
    return yaml.safe_load(sample("compose.yaml"))


def faults_of(file: dict[str, Any]) -> list[str]:
    """List what is wrong with a compose file for this program."""
    services = file["services"]
    app = services["feedback"]
    found = [
        f"{name} has no health check" for name, each in services.items() if not each.get("healthcheck", {}).get("test")
    ]
    found += [f"{name} is published" for name in ("postgres", "redis") if "ports" in services[name]]
    found += [f"{port} is open to everybody" for port in app["ports"] if not port.startswith("127.0.0.1:")]
    found += [
        f"{name} is no setting" for name in app["environment"] if name[:9] == "FEEDBACK_" and name not in SETTINGS
    ]
    if "/readyz" not in str(app["healthcheck"]["test"]):
        found.append("the health check does not ask whether it is ready")
    for each in services.values():
        named = [volume.partition(":")[0] for volume in each.get("volumes", [])]
        found += [f"there is no volume {name}" for name in named if name not in file["volumes"]]
        found += [f"there is no service {name}" for name in each.get("depends_on", {}) if name not in services]
    if not any("--requirepass" in part for part in services["redis"]["command"]):
        found.append("redis has no password")
    secrets_here = [
        value
        for each in services.values()
        for name, value in each.get("environment", {}).items()
        if re.search("PASSWORD|SECRET|TOKEN|AUTH", name)
    ]
    secrets_here += re.findall(r"://\w*:(.+?)@", str(file)) + re.findall(r"--requirepass', '(.+?)'", str(file))
    found += [f"a secret is written down: {value}" for value in secrets_here if not value.startswith("${")]
    return found


def test_compose_file_holds_together() -> None:
    assert faults_of(compose()) == []
    app = compose()["services"]["feedback"]
    assert {"FEEDBACK_DATABASE_URL", "FEEDBACK_REDIS_URL", "FEEDBACK_SECRET_KEY"} <= app["environment"].keys()
    assert {name: each["image"] for name, each in compose()["services"].items() if "image" in each} == {
        "postgres": "postgres:16",
        "redis": "redis:7",
    }
    module, command = app["command"][1:3], app["command"][3:]
    assert (module, command[:1]) == (["-m", "feedback"], ["run"])
    main.commands["run"].make_context("run", list(command[1:]))  # raises for an option that there is not
    assert (SAMPLES / app["build"]["context"]).resolve() == ROOT
    assert (ROOT / app["build"]["dockerfile"]).is_file()


@pytest.mark.parametrize(
    ("service", "key", "value", "says"),
    [
        ("postgres", "ports", ["5432:5432"], "postgres is published"),
        ("feedback", "ports", ["8000:8000"], "open to everybody"),
        ("feedback", "environment", {"FEEDBACK_DATABASE": "x"}, "is no setting"),
        ("feedback", "volumes", ["state:/data"], "there is no volume"),
        ("redis", "healthcheck", {}, "no health check"),
        ("redis", "command", ["redis-server"], "no password"),
        ("redis", "command", ["redis-server", "--requirepass", "guest"], "written down: guest"),
        ("feedback", "environment", {"FEEDBACK_REDIS_URL": "redis://:guest@redis/0"}, "written down: guest"),
        ("postgres", "environment", {"POSTGRES_PASSWORD": "guest"}, "written down: guest"),
    ],
)
def test_the_check_fails_on_a_mutant_of_compose(service: str, key: str, value: Any, says: str) -> None:
    mutant = compose()
    mutant["services"][service][key] = value
    assert says in "; ".join(faults_of(mutant))


def test_image_takes_what_the_program_needs_and_nothing_made_here() -> None:
    lines = [line.split() for line in sample("Dockerfile").replace("\\\n", " ").splitlines() if line[:1].isupper()]
    kinds = [words[0] for words in lines]
    assert kinds[0] == "FROM"
    assert lines[0][1] == "python:3.11-slim"
    assert kinds.index("USER") < kinds.index("CMD")
    copied = [word for words in lines if words[0] == "COPY" for word in words[1:-1] if not word.startswith("--")]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    named = dict(part.split("=", 1) for words in lines if words[0] == "ENV" for part in words[1:])
    assert {name for name in named if name.startswith("FEEDBACK_")} <= SETTINGS
    kept_out = set(sample("Dockerfile.dockerignore").splitlines())
    assert {".git", ".venv*", "instance", "**/node_modules", "**/.stamp"} <= kept_out
    mounted = [words[1] for words in lines if words[0] == "VOLUME"]
    assert mounted == [named["FEEDBACK_INSTANCE"]]
    assert compose()["services"]["feedback"]["volumes"] == [f"data:{mounted[0]}"]


def test_every_sample_is_named_in_the_operators_page() -> None:
    said = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    assert [path.name for path in sorted(SAMPLES.iterdir()) if f"](operate/{path.name})" not in said] == []
