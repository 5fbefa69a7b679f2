import io

import pytest
from PIL import Image

from feedback.export.blocks import Chart
from feedback.export.charts import png, svg

NAMES = ["1  Depot", "2  $x_1$ \\frac{", "3  🎉 你好", "4  مرحبا", "5  <b>&amp;", "6  नमस्ते", f"7  {'long ' * 40}"]


@pytest.fixture
def chart() -> Chart:
    return Chart("Votes", "alt", tuple((name, 6 - place, str(6 - place)) for place, name in enumerate(NAMES)))


def test_names_of_every_kind_are_drawn_without_a_warning(chart):
    assert svg(chart, "0B6E75").startswith(b"<?xml")
    assert Image.open(io.BytesIO(png(chart, "0B6E75"))).width == 1260


def test_same_chart_gives_the_same_bytes(chart):
    assert svg(chart, "A8400F") == svg(chart, "A8400F")
    assert png(chart, "A8400F") == png(chart, "A8400F")


def test_letters_are_outlines_so_no_name_becomes_markup(chart):
    assert b"<text" not in svg(chart, "0B6E75")
    assert b"<b>" not in svg(chart, "0B6E75")


def test_a_bar_takes_the_same_room_however_many_there_are():
    def height(bars: int) -> int:
        drawn = png(Chart("t", "a", tuple((str(n), n, str(n)) for n in range(bars))), "0B6E75")
        return Image.open(io.BytesIO(drawn)).height

    assert height(20) - height(10) == 10 * (height(2) - height(1))


def test_chart_without_votes_is_drawn():
    assert png(Chart("t", "a", (("1  Depot", 0, "0"),)), "0B6E75")
