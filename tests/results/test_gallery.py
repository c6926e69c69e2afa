"""The gallery in a real browser: what a reader sees, at two widths, in the light and in the dark."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from onset.export.site import write_site
from onset.results import open_run
from tests.in_browser import DESK, PHONE, contrast, opened
from tests.results.conftest import PAPER

pytestmark = pytest.mark.smoke

KINDS = {
    "front": "index.html",
    "study": "composition/index.html",
    "study without heads": "superposition/index.html",
    "atlas": "atlas/index.html",
    "condition": "composition/two_layers/index.html",
    "condition with a parent": "finetuning/replay/index.html",
    "condition without heads": "superposition/plane/index.html",
    "long sequences": "induction/two_layers/index.html",
    "figure": "composition/figures/contrast.html",
    "figure with many rows": "superposition/figures/phases.html",
    "mosaic": "atlas/figures/mosaic.html",
    "notebook": "composition/notebook.html",
    "notebook with equations": "superposition/notebook.html",
}
"""A page of each kind."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_reads_on_a_phone_and_on_a_desk(smoke: Path, browser, kind: str, scheme: str):
    for viewport in (PHONE, DESK):
        with opened(browser, smoke / KINDS[kind], viewport=viewport, color_scheme=scheme) as page:
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= viewport["width"], "it scrolls sideways"
            assert page.locator("h1").first.inner_text()
            text, ground = page.evaluate(
                "(() => { const its = getComputedStyle(document.body);"
                " return [its.color, its.backgroundColor]; })()"
            )
            assert contrast(text, ground) >= 7  # WCAG 2.2, 1.4.6 (AAA)
            page.evaluate("for (const image of document.images) image.loading = 'eager'")
            page.wait_for_function("[...document.images].every((image) => image.complete)")
            assert page.evaluate("[...document.images].every((image) => image.naturalWidth > 0)")


def test_every_page_opens_without_a_complaint(smoke: Path, browser):
    with opened(browser, smoke / "index.html") as page:
        for path in pages(smoke):
            page.goto(path.resolve().as_uri())
            assert page.locator("main").inner_text(), path


class _Page(HTMLParser):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for key, value in attrs if key in ("href", "src") and value]
        self.ids |= {value for key, value in attrs if key == "id" and value}


def pages(smoke: Path) -> list[Path]:
    """All of them; those that a run of other studies left behind are reached from nowhere."""
    found = {smoke / "index.html": _Page(smoke / "index.html")}
    ahead = list(found)
    while ahead:
        page = ahead.pop()
        for link in found[page].links:
            name = unquote(link.partition("#")[0])
            target = (page.parent / name).resolve().relative_to(smoke.resolve())
            path = smoke / target
            if name.endswith(".html") and "//" not in link and path not in found:
                found[path] = _Page(path)
                ahead.append(path)
    return sorted(found)


def test_every_link_leads_somewhere(smoke: Path):
    read = {path: _Page(path) for path in pages(smoke)}
    assert len(read) > 200
    for path, page in read.items():
        for link in page.links:
            if link.startswith("data:"):
                continue
            assert "//" not in link, f"{path} reaches out to {link}"
            name, _, place = unquote(link).partition("#")
            target = (path.parent / name).resolve() if name else path.resolve()
            if target.name == "paper.pdf" and not PAPER:
                continue
            assert target.exists(), f"{path} links to {link}"
            if place:
                assert place in read[smoke / target.relative_to(smoke.resolve())].ids, (path, link)


@pytest.fixture(scope="module")
def site(smoke: Path, tmp_path_factory) -> Path:
    """What `make site` writes."""
    folder = tmp_path_factory.mktemp("elsewhere") / "site"
    write_site(smoke, folder)
    return folder


def test_the_site_opens_wherever_it_is_put(site: Path, browser):
    """Pages of each kind: all are the gallery's, which opens as a whole."""
    with opened(browser, site / "index.html") as page:
        for path in (site / its for its in (*KINDS.values(), "left_at_home.html")):
            page.goto(path.resolve().as_uri())
            assert page.locator("main").inner_text(), path
            page.evaluate("for (const image of document.images) image.loading = 'eager'")
            page.wait_for_function("[...document.images].every((image) => image.complete)")
            assert page.evaluate("[...document.images].every((image) => image.naturalWidth > 0)")


def test_a_missing_picture_is_a_complaint_and_leaving_early_is_none(tmp_path: Path, browser):
    pictures = "".join(f"<img src='{number}.png'>" for number in range(9))
    for name, body in {"none": "", "missing": pictures}.items():
        (tmp_path / f"{name}.html").write_text(f"<!doctype html><title>.</title>{body}")
    with opened(browser, tmp_path / "none.html"):
        pass
    with (
        pytest.raises(AssertionError, match=r"8\.png: net::ERR_FILE_NOT_FOUND"),
        opened(browser, tmp_path / "missing.html"),
    ):
        pass
    with opened(browser, tmp_path / "none.html") as page:
        page.route("**/*.png", lambda route: None)  # they never come
        page.goto((tmp_path / "missing.html").as_uri(), wait_until="domcontentloaded")
        page.goto((tmp_path / "none.html").as_uri())


def test_a_link_to_what_the_site_lacks_says_why(site: Path, browser):
    with opened(browser, site / KINDS["condition"]) as page:
        page.get_by_role("link", name="measures", exact=True).first.click()
        page.wait_for_url("**/left_at_home.html#**")
        asked = "composition/two_layers/seed_0/measures.parquet"
        assert page.locator("#asked").inner_text() == f"You asked for {asked}."
        page.locator("header a").click()
        page.wait_for_url("**/site/index.html")
        assert page.locator(".card").count()


def test_every_link_of_the_site_leads_somewhere_on_it(site: Path):
    read = pages(site)
    assert len(read) > 200
    for path in read:
        for link in _Page(path).links:
            if not link.startswith(("data:", "#")):
                target = (path.parent / unquote(link.partition("#")[0])).resolve()
                assert target.is_relative_to(site.resolve()), (path, link)
                assert target.is_file(), (path, link)


def test_each_study_says_what_it_found_and_how_sure_that_is(smoke: Path, browser):
    with opened(browser, smoke / "index.html") as page:
        for card in page.locator(".card").all():
            assert card.locator(".question").inner_text()
            assert "{" not in card.locator(".answer").inner_text()
            assert "core-minute" in card.locator("[data-time]").inner_text()


def test_the_numbers_of_an_answer_are_the_notebooks(smoke: Path, browser):
    numbers = json.loads((smoke / "induction/numbers.json").read_text(encoding="utf-8"))
    with opened(browser, smoke / "index.html") as page:
        answer = page.locator("#induction .answer").inner_text()
        for name in ("two_layers/half", "one_layer/n_there", "two_layers/n_there"):
            assert f" {numbers[name]} " in re.sub("[,;.]", " ", answer)


def test_all_means_of_a_condition_are_folded_and_open(smoke: Path, browser):
    with opened(browser, smoke / KINDS["condition"]) as page:
        row = page.locator("td", has_text="two_layers/oo/accuracy")
        assert not row.is_visible()
        page.get_by_text("means at the last checkpoint").click()
        assert row.is_visible()
        assert "accuracy" in page.locator("table.numbers th").all_inner_texts()


def test_search_finds_conditions_and_figures(smoke: Path, browser):
    with opened(browser, smoke / "index.html") as page:
        page.locator("#search").fill("composition early readout")
        found = page.locator("#found a")
        assert found.count() == 1
        found.click()
        page.wait_for_url("**/composition/two_layers_early_readout/index.html")
        page.go_back()
        page.locator("#search").fill("figure contrast composition")
        assert (
            page.locator("#found a").first.get_attribute("href")
            == "composition/figures/contrast.html"
        )
        page.locator("#search").fill("no such thing anywhere")
        assert "Nothing" in page.locator("#found").inner_text()


def test_equations_are_drawn(smoke: Path, browser):
    with opened(browser, smoke / KINDS["notebook with equations"]) as page:
        equations = page.locator("math").all()
        assert len(equations) >= 5
        for equation in equations:
            assert equation.bounding_box()["width"] > 5
        assert "$" not in page.locator("main p").all_inner_texts()[1]


def test_a_long_cell_is_folded_and_opens(smoke: Path, browser):
    with opened(browser, smoke / KINDS["notebook"]) as page:
        folded = page.locator("details.code:not([open])").first
        code = folded.locator("pre").first
        assert not code.is_visible()
        folded.locator("summary").click()
        assert page.locator("details.code pre").filter(visible=True).count()


def test_the_curves_name_every_split(smoke: Path, browser):
    with opened(browser, smoke / KINDS["condition"]) as page:
        drawn = page.locator(".curves svg text").all_text_contents()
        assert {"accuracy", "training step", "training loss"} <= set(drawn)
        assert {"atomic", "id", "oi", "io", "oo"} <= set(
            page.locator(".key span").all_inner_texts()
        )


def test_a_reader_watches_a_circuit_form(smoke: Path, browser):
    run = open_run("induction", "two_layers", 0, smoke)
    with opened(browser, smoke / "induction/two_layers/index.html") as page:
        drawn = "[...document.querySelectorAll('.views canvas')].map((its) => its.toDataURL())"
        slider = page.locator(".views-slider")
        assert f"{run.steps[-1]:,}" in page.locator(".views-step").inner_text()
        at_the_end = page.evaluate(drawn)
        assert len(at_the_end) == 2 * run.model.settings.n_heads + 1  # and the enlarged one
        slider.focus()
        page.keyboard.press("Home")
        assert page.locator(".views-step").inner_text() == "step 0"
        assert page.evaluate(drawn) != at_the_end
        page.keyboard.press("End")
        assert page.evaluate(drawn) == at_the_end


def test_the_lens_marks_the_right_answer(smoke: Path, browser):
    with opened(browser, smoke / "composition/shared_per_hop/index.html") as page:
        assert (
            page.locator(".views-lens tr").count() == 1 + 1 + 2
        )  # names, embedding, two applications
        assert "✓" in page.locator(".views-lens").inner_text()


def test_heads_and_neurons_show_what_excites_them(smoke: Path, browser):
    with opened(browser, smoke / "composition/two_layers/index.html") as page:
        units = page.locator(".views-unit option").all_inner_texts()
        assert any("head" in its for its in units)
        assert any("neuron" in its for its in units)
        before = page.locator(".views-top").inner_text()
        page.locator(".views-unit").select_option(index=len(units) - 1)
        after = page.locator(".views-top").inner_text()
        assert after
        assert after != before
