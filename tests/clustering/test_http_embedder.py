import socket
import time

import numpy as np
import pytest
from endpoint import DIMENSIONS, WRONG, Endpoint, vector_of

from feedback.clustering.embedders import EmbedderFailed
from feedback.clustering.http_embedder import BATCH, HttpEmbedder, read_answer

TEXTS = ["More night buses", "Buses at night", "Libraries with reading rooms"]


def failed(embedder, texts=TEXTS):
    with pytest.raises(EmbedderFailed) as failure:
        embedder.encode(texts)
    return failure.value.code


def test_an_endpoint_gives_unit_rows_in_the_order_of_the_texts():
    with Endpoint() as endpoint:
        rows = HttpEmbedder(endpoint.url, "letters", "a key").encode(TEXTS)
        assert rows.shape == (3, DIMENSIONS)
        assert np.allclose(np.linalg.norm(rows, axis=1), 1)
        assert np.allclose(rows, [vector_of(text) for text in TEXTS])
        assert rows[0] @ rows[1] > rows[0] @ rows[2]
        assert endpoint.asked == [{"model": "letters", "input": TEXTS, "encoding_format": "float"}]
        assert endpoint.keys == ["Bearer a key"]
        endpoint.mode = "other_order"
        assert np.allclose(HttpEmbedder(endpoint.url, "letters").encode(TEXTS), rows)
        assert endpoint.keys[1] is None


def test_many_texts_go_in_batches():
    with Endpoint() as endpoint:
        rows = HttpEmbedder(endpoint.url, "letters").encode([f"Idea {number}" for number in range(2 * BATCH + 1)])
        assert [len(body["input"]) for body in endpoint.asked] == [BATCH, BATCH, 1]
        assert np.allclose(rows[-1], vector_of(f"Idea {2 * BATCH}"))
        assert HttpEmbedder(endpoint.url, "letters").encode([]).shape == (0, 1)


@pytest.mark.parametrize("mode", WRONG)
def test_an_answer_that_is_not_one_vector_for_each_text_is_wrong(mode):
    with Endpoint(mode) as endpoint:
        assert failed(HttpEmbedder(endpoint.url, "letters")) == "wrong"


def test_vectors_of_other_dimensions_in_the_next_batch_are_wrong():
    sizes = iter([DIMENSIONS] * BATCH + [DIMENSIONS - 1])
    with Endpoint(encode=lambda text: vector_of(text, next(sizes))) as endpoint:
        assert failed(HttpEmbedder(endpoint.url, "letters"), ["Idea"] * (BATCH + 1)) == "wrong"


@pytest.mark.parametrize("mode", ["slow", "drips"])
def test_an_answer_that_takes_too_long_is_cut_off(mode):
    with Endpoint(mode) as endpoint:
        begun = time.monotonic()
        assert failed(HttpEmbedder(endpoint.url, "letters", patience=0.2), TEXTS[:1]) == "slow"
        assert time.monotonic() - begun < 20  # it would take for ever


@pytest.mark.parametrize(
    ("mode", "code"), [("401", "refused"), ("403", "refused"), ("429", "failed"), ("500", "failed"), ("204", "failed")]
)
def test_an_endpoint_that_says_no_is_told_from_one_that_is_broken(mode, code):
    with Endpoint(mode) as endpoint:
        assert failed(HttpEmbedder(endpoint.url, "letters")) == code


def test_a_redirect_is_not_followed():
    with Endpoint() as elsewhere, Endpoint("redirects") as endpoint:
        endpoint.url, url = elsewhere.url, endpoint.url
        assert failed(HttpEmbedder(url, "letters", "a key")) == "failed"
        assert elsewhere.asked == []


def test_an_endpoint_that_is_down_is_unreachable():
    endpoint = Endpoint("hangs_up")
    assert failed(HttpEmbedder(endpoint.url, "letters")) == "unreachable"
    endpoint.close()
    assert failed(HttpEmbedder(endpoint.url, "letters")) == "unreachable"
    assert failed(HttpEmbedder("http://no-such-host.invalid/v1/embeddings", "letters")) == "unreachable"


def test_what_is_no_tls_is_unreachable():
    with Endpoint() as endpoint:
        assert failed(HttpEmbedder(endpoint.url.replace("http:", "https:"), "letters")) == "unreachable"


def test_one_that_never_takes_the_connection_is_slow():
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(1)
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/v1/embeddings"
        assert failed(HttpEmbedder(url, "letters", patience=0.2), TEXTS[:1]) == "slow"


def test_ids_tell_models_and_places_apart_and_hold_no_address():
    one = HttpEmbedder("https://here.example/v1/embeddings", "letters").id
    assert one == HttpEmbedder("https://here.example/v1/embeddings", "letters", "a key").id
    assert one != HttpEmbedder("https://there.example/v1/embeddings", "letters").id
    assert one != HttpEmbedder("https://here.example/v1/embeddings", "words").id
    assert len(HttpEmbedder("https://here.example/" + "x" * 500, "m" * 500).id) <= 120
    assert "here" not in one


def test_numbers_that_a_square_would_lose_are_kept():
    content = b'{"data": [{"index": 0, "embedding": [3e300, 4e300]}, {"index": 1, "embedding": [3e-300, 4e-300]}]}'
    assert np.allclose(read_answer(content, 2), [[0.6, 0.8], [0.6, 0.8]])
