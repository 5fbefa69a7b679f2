"""The translations: every sentence of a fresh extraction is there, fits its places, and reaches pages and phones."""

import io
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from feedback.web.i18n import LANGUAGES, script_words

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "feedback" / "locale"
TRANSLATED = [language for language in LANGUAGES if language != "en"]
PLURALS = {"fr": (2, "(n > 1)"), "de": (2, "(n != 1)")}
PLACE = re.compile(r"%\((\w+)\)[sd]|%%")
#: Names, units and signs that are the same in every language.
SAME_EVERYWHERE = {"F"}
READ_ALOUD = {"alt", "aria-label", "placeholder", "title", "aria-description"}


def po_of(path):
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def sentences(catalogue):
    return {message.id: message for message in catalogue if message.id}


def forms(value):
    """One sentence, or the forms of one that counts; an empty one is the matter of one test only."""
    return [form for form in (value if isinstance(value, tuple | list) else (value,)) if form]


@pytest.fixture(scope="module")
def extracted(tmp_path_factory):
    """Every sentence that the sources hold now."""
    target = tmp_path_factory.mktemp("words") / "messages.pot"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run([ROOT / ".ci" / "catalogues", "--template", target], check=True, env={**os.environ, "PATH": path})
    return sentences(po_of(target))


@pytest.fixture(params=TRANSLATED)
def language(request):
    return request.param


@pytest.fixture
def catalogue(language):
    return po_of(LOCALE / language / "LC_MESSAGES" / "messages.po")


def test_every_sentence_is_translated(extracted, catalogue):
    known = sentences(catalogue)
    missing = [key for key in extracted if key not in known or len(forms(known[key].string)) < len(forms(key))]
    assert not missing, "run .ci/catalogues, then translate these"


def test_no_sentence_is_left_over(extracted, catalogue):
    assert not catalogue.obsolete
    assert set(sentences(catalogue)) == set(extracted), "run .ci/catalogues"


def test_no_translation_is_a_guess(catalogue):
    assert not catalogue.fuzzy
    assert not [message.id for message in catalogue if message.id and message.fuzzy]


def test_places_are_those_of_the_english_sentence(catalogue):
    wrong = []
    for key, message in sentences(catalogue).items():
        wanted = set(PLACE.findall(forms(key)[-1]))
        wrong += [key for form in forms(message.string) if set(PLACE.findall(form)) != wanted]
        wrong += [key for form in forms(message.string) if "%" in PLACE.sub("", form)]
    assert not wrong


def test_sentences_end_as_the_english_ones_do(catalogue):
    """A full stop too many breaks sentences that are put together; a missing ellipsis hides that more follows."""
    wrong = []
    for key, message in sentences(catalogue).items():
        for english, form in zip(forms(key), forms(message.string), strict=False):
            shortened = len(english) < 10 or english.endswith(" no.")  # "No." is not a sentence
            wrong += [form for mark in ".…?:" if not shortened and english.endswith(mark) != form.endswith(mark)]
            wrong += [form for mark in "\n " if english.startswith(mark) != form.startswith(mark)]
    assert not wrong


def test_plural_forms_are_those_of_the_language(language, catalogue):
    assert (catalogue.num_plurals, catalogue.plural_expr) == PLURALS[language]
    assert str(catalogue.locale) == language


def test_catalogues_compile(catalogue):
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    assert len(read_mo(compiled)) == len(
        [message for message in sentences(catalogue).values() if forms(message.string)]
    )


def test_french_sets_its_marks_apart_by_spaces_that_do_not_break():
    loose = re.compile(r"[^\s\u00a0\u202f%][;?!»]|[\w)] ?:(?: |$)|«[^\u00a0\u202f]| [:;?!»]|'")
    found = [
        form
        for message in po_of(LOCALE / "fr" / "LC_MESSAGES" / "messages.po")
        if message.id
        for form in forms(message.string)
        if loose.search(form)
    ]
    assert not found


def test_phones_get_their_sentences(language, extracted):
    words = script_words(language)
    front_end = {
        forms(key)[0]
        for key, message in extracted.items()
        if any(place.startswith("feedback/frontend/") for place, _ in message.locations)
    }
    assert set(words) == front_end
    assert isinstance(words["%(n)s idea"], list)
    assert isinstance(words["Send idea"], str)


def test_phones_get_nothing_for_english():
    assert script_words("en") == {}


def test_every_sentence_of_a_script_is_extracted(extracted):
    """Babel reads TypeScript as if it were JavaScript: count with other eyes what it found."""
    known = {forms(key)[0] for key in extracted}
    sources = [*(ROOT / "feedback" / "frontend").glob("*.ts*"), *(ROOT / "feedback" / "frontend").glob("[lp]*/*.ts*")]
    called = [
        match[1]
        for path in sources
        for match in re.finditer(r'\btn?\(\s*"([^"\\]*)"', path.read_text(encoding="utf-8"))
    ]
    assert len(called) > 80
    assert not [sentence for sentence in called if sentence not in known]


class Visible(HTMLParser):
    """What a template shows or reads aloud by itself, outside of expressions."""

    def __init__(self):
        super().__init__()
        self.texts, self._inside = [], []

    def handle_starttag(self, tag, attrs):
        self._inside.append(tag)
        self.texts += [value for name, value in attrs if name in READ_ALOUD and value]

    def handle_endtag(self, tag):
        while tag in self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data):
        if not {"script", "style"} & set(self._inside[-1:]):
            self.texts.append(data)


@pytest.mark.parametrize("path", sorted((ROOT / "feedback" / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_templates_hold_no_words_of_their_own(path):
    source = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.S)
    # What fills attributes of a tag from elsewhere is no text.
    source = re.sub(r"\{% block (?:marks|width) %\}.*?\{% endblock %\}", "", source)
    reader = Visible()
    reader.feed(re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "\u241f", source, flags=re.S))
    words = {word for text in reader.texts for word in re.findall(r"[^\W\d_]+", text)}
    assert words <= SAME_EVERYWHERE
