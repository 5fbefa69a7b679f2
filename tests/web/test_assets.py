"""Built files: packed for who can unpack, kept for good, and nothing beside the build."""

import gzip

import pytest

from feedback.web import assets


@pytest.fixture
def build(tmp_path, monkeypatch):
    """A build with one script, its packed twin, and a typeface."""
    (tmp_path / "phone-AAAA.js").write_text("let plain = 1;")
    (tmp_path / "phone-AAAA.js.gz").write_bytes(gzip.compress(b"let plain = 1;"))
    (tmp_path / "font-BBBB.woff2").write_bytes(b"wOF2")
    monkeypatch.setattr(assets, "BUILD", tmp_path)


def test_scripts_go_out_packed_and_stay(house, build):
    answer = house.browser().get("/static/build/phone-AAAA.js", headers={"Accept-Encoding": "gzip, br"}, buffered=True)
    assert gzip.decompress(answer.data) == b"let plain = 1;"
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "max-age=31536000" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("accepted", ["identity", "gzip;q=0", ""])
def test_who_cannot_unpack_gets_it_plain(house, build, accepted):
    answer = house.browser().get("/static/build/phone-AAAA.js", headers={"Accept-Encoding": accepted}, buffered=True)
    assert answer.data == b"let plain = 1;"
    assert "Content-Encoding" not in answer.headers


def test_typefaces_are_not_packed_again(house, build):
    answer = house.browser().get("/static/build/font-BBBB.woff2", headers={"Accept-Encoding": "gzip"}, buffered=True)
    assert (answer.data, answer.mimetype) == (b"wOF2", "font/woff2")


@pytest.mark.parametrize("name", ["absent.js", "..%2f..%2fapp.py", ".hidden"])
def test_nothing_beside_the_build_is_sent(house, build, name):
    assert house.browser().get(f"/static/build/{name}").status_code == 404
