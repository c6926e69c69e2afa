"""The front page in a real browser with twice as many studies as there are, all of them made up."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from playwright.sync_api import Page

from onset.gallery.front import front_page
from tests.cards import card_of
from tests.in_browser import DESK, PHONE, contrast, opened

NAMES = [f"study_{number}" for number in range(22)]
THEMES = ["Out-of-context learning", "Features and superposition", "Reasoning", None]
SHORT, LONG = "It is so.", "As measured at the end of training, it is as it was. " * 12
SHAPES = [(310, 1100), (780, 1100), (2077, 1100)]
"""of figures, in pixels: height and width"""


@pytest.fixture(scope="module")
def front(tmp_path_factory) -> Path:
    """The page next to the figures that it shows; every second study has much to say."""
    results = tmp_path_factory.mktemp("results")
    cards = []
    for number, name in enumerate(NAMES):
        figures = results / name / "figures"
        figures.mkdir(parents=True)
        shape = SHAPES[number % len(SHAPES)]
        matplotlib.image.imsave(figures / "main.png", np.full((*shape, 3), 0.4))
        said = LONG if number % 2 else SHORT
        theme = THEMES[number * len(THEMES) // len(NAMES)]
        cards.append(card_of(name, theme, title=f"Study {number}", question=said, answer=said))
    times = {name: {"jobs": 40, "seconds": 400} for name in NAMES}
    (results / "logs").mkdir()
    (results / "logs/times.js").write_text(f"window.onsetTimes = {json.dumps(times)};\n")
    path = results / "index.html"
    path.write_text(front_page(cards, paper=True, smoke=False), encoding="utf-8")
    return path


def heights(page: Page, selector: str) -> list[tuple[int, int]]:
    """Of each element, in pixels: how much of it is seen, and how much there is."""
    found = "(all) => all.map((its) => [its.clientHeight, its.scrollHeight])"
    return [(seen, all_of_it) for seen, all_of_it in page.locator(selector).evaluate_all(found)]


@pytest.mark.parametrize(
    ("viewport", "highest"), [(PHONE, 280), (DESK, 240)], ids=["phone", "desk"]
)
def test_it_can_be_skimmed(front, browser, viewport, highest):
    with opened(browser, front, viewport=viewport) as page:
        page.evaluate("for (const image of document.images) image.loading = 'eager'")
        page.wait_for_function("[...document.images].every((image) => image.complete)")
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        search = page.locator("#search").bounding_box()
        assert search["y"] + search["height"] < viewport["height"] / 2
        assert page.locator("h2").all_inner_texts() == [*THEMES[:-1], "Other studies"]
        cards = heights(page, ".card")
        assert len(cards) == len(NAMES)
        assert max(seen for seen, _ in cards) <= highest
        pictures = [seen for seen, _ in heights(page, ".card img")]
        assert 20 < min(pictures) < max(pictures) <= viewport["height"] / 5
        for said in page.locator(".card").all_inner_texts():
            assert "3 runs of 2 conditions finished · 40 jobs, 7 core-minutes" in said


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_texts_stand_out(front, browser, scheme):
    with opened(browser, front, color_scheme=scheme) as page:
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        for selector in ("h3 a", ".question", ".answer", ".card .quiet", ".themes", ".themes a"):
            text = page.locator(selector).first
            colour = text.evaluate("(its) => getComputedStyle(its).color")
            assert contrast(colour, ground) >= 4.5, selector  # WCAG 2.2, 1.4.3 (AA)


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_a_long_answer_is_cut_until_it_is_asked_for(front, browser, viewport):
    with opened(browser, front, viewport=viewport) as page:
        seen, all_of_it = heights(page, "#study_1 .answer")[0]
        assert seen < all_of_it / 2
        assert LONG in page.locator("#study_1 .answer").text_content()
        button = page.get_by_role("button", name="More")
        assert button.count() == len(NAMES) / 2  # those with long texts
        button.first.click()
        seen, all_of_it = heights(page, "#study_1 .answer")[0]
        assert seen == all_of_it
        button = page.locator("#study_1 button")
        assert (button.inner_text(), button.get_attribute("aria-expanded")) == ("Less", "true")
        button.click()
        assert heights(page, "#study_1 .answer")[0][0] < all_of_it / 2


def test_what_fits_is_cut_no_more_when_the_window_grows(front, browser):
    with opened(browser, front, viewport={"width": 200, "height": 700}) as page:
        page.locator("#study_0 .answer").evaluate("(its) => its.textContent = 'word '.repeat(30)")
        page.set_viewport_size(PHONE)
        button = page.locator("#study_0 button")
        button.wait_for(state="visible")
        page.set_viewport_size(DESK)
        button.wait_for(state="hidden")


def test_without_scripts_and_on_paper_all_is_there(front, browser):
    with opened(browser, front, java_script_enabled=False) as page:
        assert not page.locator("#search").is_visible()
        assert not page.locator("button").filter(visible=True).count()
        assert all(seen == all_of_it for seen, all_of_it in heights(page, ".answer, .question"))
    with opened(browser, front) as page:
        page.emulate_media(media="print")
        assert not page.locator("button").filter(visible=True).count()
        assert all(seen == all_of_it for seen, all_of_it in heights(page, ".answer, .question"))


def test_search_leads_to_a_theme(front, browser):
    with opened(browser, front, viewport=PHONE) as page:
        page.locator("#search").fill("superposition")
        found = page.locator("#found a")
        assert found.count() == 1 + sum("Features" in its for its in themes_of_cards(page))
        found.first.click()
        assert page.locator(":target").inner_text() == "Features and superposition"
        assert page.locator(":target").bounding_box()["y"] < PHONE["height"] / 2


def themes_of_cards(page: Page) -> list[str]:
    """The heading that each card stands below."""
    return page.locator(".card").evaluate_all(
        "(cards) => cards.map((its) => {"
        " while (!its.matches('.theme')) its = its.previousElementSibling;"
        " return its.textContent; })"
    )
