"""The library's pages in a real browser: a neuron is found, and shown at two widths, light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import library
from tests.in_browser import DESK, PHONE, opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> Path:
    return library.made(tmp_path_factory.mktemp("results")) / "pages"


@pytest.mark.parametrize("name", ["neurons", "composition-one-0-0-1"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_reads_on_a_phone_and_on_a_desk(pages, browser, name, scheme):
    for viewport in (PHONE, DESK):
        options = {"viewport": viewport, "color_scheme": scheme}
        with opened(browser, pages / f"{name}.html", **options) as page:
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= viewport["width"], "it scrolls sideways"
            assert page.locator("h1").first.inner_text()


def test_a_reader_finds_a_neuron_by_what_it_reads(pages, browser):
    with opened(browser, pages / "neurons.html") as page:
        shown = page.locator(".neurons tbody tr").filter(visible=True)
        assert shown.count() == 8
        page.locator("#n-search").fill("r1")
        page.locator("#n-kind").select_option("token")
        page.locator("#n-clean").fill("0.99")
        assert shown.count() == 1
        assert page.locator("#n-count").inner_text() == "1 neuron"
        shown.locator("a").click()
        page.wait_for_url("**/composition-one-0-0-0.html")
        assert "token = r1" in page.locator(".answer").inner_text()
        assert page.locator("svg").count() == 3


def test_a_reader_goes_from_what_a_world_declares_to_a_neuron(browser, tmp_path):
    rows = library.rows()
    rows.at[4, "facts"], rows.at[4, "values"] = ["bridge"], [7]
    rows.at[4, "description"], rows.at[4, "cleanliness"] = "bridge = e7", 0.31
    pages = library.made(tmp_path, rows) / "pages"
    with opened(browser, pages / "neurons.html", viewport=PHONE) as page:
        (said,) = page.locator(".neuron-index p").all_inner_texts()
        assert said.startswith("bridge: e7 0.31")
        page.locator(".neuron-index a", has_text="e7").click()
        page.wait_for_url("**/composition-one-0-0-4.html")
        assert "bridge = e7" in page.locator(".answer").inner_text()


def test_other_pages_lead_to_the_neurons_of_their_models(pages, browser):
    with opened(browser, pages / "composition-one-0-0-0.html") as page:
        page.get_by_text("All neurons of these models").click()
        page.wait_for_url("**/neurons.html#study=composition&condition=as%20it%20is")
        assert page.locator("#n-condition").input_value() == "as it is"
        shown = page.locator(".neurons tbody tr").filter(visible=True)
        assert shown.count() == 8
        page.evaluate("location.hash = 'study=composition&kind=token'")
        page.wait_for_function("document.getElementById('n-kind').value === 'token'")
        assert set(shown.locator("td:nth-child(8)").all_inner_texts()) == {"token"}
        page.evaluate("location.hash = 'condition=none+of+these'")
        page.wait_for_function("document.getElementById('n-condition').value === ''")


def test_filters_and_order(pages, browser):
    with opened(browser, pages / "neurons.html") as page:
        shown = page.locator(".neurons tbody tr").filter(visible=True)
        page.locator("#n-kind").select_option("token")
        assert set(shown.locator("td:nth-child(8)").all_inner_texts()) == {"token"}
        page.locator("#n-kind").select_option("")
        page.locator("#n-order").select_option("lost")
        lost = [float(its.get_attribute("data-lost") or "-inf") for its in shown.all()]
        assert lost == sorted(lost, reverse=True)
        page.locator("#n-search").fill("no such neuron")
        assert page.locator("#n-count").inner_text() == "0 neurons"


def test_without_scripts_all_are_there(pages, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((pages / "neurons.html").resolve().as_uri())
    assert page.locator(".neurons tbody tr").filter(visible=True).count() == 8
    assert not page.locator(".neuron-filters").is_visible()
    context.close()
