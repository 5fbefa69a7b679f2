"""Which embedders there could be: looked at, never loaded."""

import pytest

from feedback import offers
from feedback.embedding import make_embedder
from feedback.offers import model_folder, offered
from feedback.settings import EmbedderSettings


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "modules.json").write_text("[]")
    return folder


def test_words_alone_are_always_to_be_had():
    assert offered(EmbedderSettings("no-such-package")) == {"lexical"}
    assert make_embedder("lexical", EmbedderSettings("no-such-package")) is None


def test_an_endpoint_is_to_be_had_once_it_is_named():
    assert offered(EmbedderSettings("no-such-package", "https://vectors.example/v1", "letters")) == {"lexical", "http"}


def test_a_folder_with_a_model_is_to_be_had_where_the_library_is(model, monkeypatch):
    monkeypatch.setattr(offers, "LIBRARY", "json")
    assert offered(EmbedderSettings(str(model))) == {"lexical", "local"}
    assert offered(EmbedderSettings(str(model.parent))) == {"lexical"}
    monkeypatch.setattr(offers, "LIBRARY", "no_such_module")
    assert offered(EmbedderSettings(str(model))) == {"lexical"}


def test_a_package_with_a_model_is_found_by_its_name(model, monkeypatch, tmp_path):
    info = tmp_path / "a_model-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: a-model\nVersion: 1.0\n")
    (info / "RECORD").write_text("a_model/__init__.py,,\nmodel/modules.json,,\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert model_folder("a-model") == model
    assert model_folder("pytest") is None
    assert model_folder("") is None
    assert model_folder("/nowhere/at/all") is None


def test_models_in_one_place_are_told_apart(model, monkeypatch):
    monkeypatch.setattr(offers, "LIBRARY", "json")
    settings = EmbedderSettings(str(model))
    before = make_embedder("local", settings).id
    assert before.startswith("local:model:")
    assert make_embedder("local", settings).id == before
    (model / "model.safetensors").write_bytes(b"\0" * 200_000 + b"1")
    one = make_embedder("local", settings).id
    (model / "model.safetensors").write_bytes(b"\0" * 200_000 + b"2")
    assert len({before, one, make_embedder("local", settings).id}) == 3
