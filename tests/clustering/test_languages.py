import pytest

from feedback.clustering.languages import base_code, guess_languages


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We should open the libraries on Sundays because many people work.", "en"),
        ("Nous voulons plus de pistes cyclables dans la ville pour les enfants.", "fr"),
        ("Die Bibliotheken sollen auch am Sonntag für alle geöffnet sein.", "de"),
        ("Queremos más conciertos gratis en los barrios de la ciudad.", "es"),
        ("Chcemy więcej koncertów w parku, bo dzieci nie mają gdzie się bawić.", "pl"),
        ("نريد المزيد من المكتبات في المدينة", "ar"),
        ("Нам нужны новые автобусы и чтобы они ходили ночью", "ru"),
        ("我们需要更多的图书馆", "zh"),
        ("もっと図書館がほしい", "ja"),
        ("Θέλουμε περισσότερες βιβλιοθήκες", "el"),
    ],
)
def test_guess_languages_reads_small_words_letters_and_script(text, language):
    assert guess_languages([text], [None]) == [language]


def test_guess_languages_returns_none_where_nothing_speaks():
    assert guess_languages(["🚲🚲", "", "42"], [None, None, None]) == [None, None, None]


def test_guess_languages_overrules_the_page_when_the_words_are_clear():
    text = "Die Bibliotheken sollen auch am Sonntag für alle geöffnet sein."
    assert guess_languages([text], ["en"]) == ["de"]


def test_guess_languages_keeps_the_stated_language_of_a_text_without_small_words():
    assert guess_languages(["Solarstrom Freilichtbühne"], ["de-AT"]) == ["de"]


def test_guess_languages_lets_the_room_decide_between_equals():
    texts = ["Buses at night", "More trees please", "We want the museum to be open for all of us"]
    assert guess_languages(texts, [None] * 3) == ["en", "en", "en"]


def test_base_code_takes_the_region_away():
    assert [base_code(code) for code in ("de-AT", "pt_BR", " EN ", "", None)] == ["de", "pt", "en", None, None]
