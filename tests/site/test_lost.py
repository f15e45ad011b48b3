"""What helps those who are lost: wrong addresses, no scripts, another language."""

import re
from xml.etree import ElementTree

import pytest
import yaml

from book._ext import book_lost, book_words
from book.chapters import CHAPTERS
from book.identity import ROOT, identity
from tests.site.browser import PHONE, SITE

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))
PAGES = [TOC["root"]] + [
    entry["file"] for part in TOC["parts"] for entry in part["chapters"]
]
CHINESE = "[\u3400-\u9fff]"
site = pytest.mark.site


# ---- a wrong address --------------------------------------------------------------


def test_the_map_of_the_site_lists_addresses():
    made = ElementTree.fromstring(book_lost.sitemap("https://x.org/a&b/", {"b", "a"}))
    assert [place.text for place in made.iter() if place.tag.endswith("loc")] == [
        "https://x.org/a&b/a.html", "https://x.org/a&b/b.html",
    ]  # fmt: skip


def test_only_chapters_are_listed_as_chapters():
    names = {"notebooks/04_dcgan", "book/map", "notebooks/02_gan_objective"}
    assert book_lost.chapters(names) == [
        ("notebooks/02_gan_objective.html", "02 · How do you score a forger?"),
        ("notebooks/04_dcgan.html", "04 · DCGAN"),
    ]


@site
def test_the_map_of_the_site_lists_every_page_and_nothing_else():
    made = ElementTree.parse(SITE / "sitemap.xml")
    places = [place.text for place in made.iter() if place.tag.endswith("loc")]
    assert sorted(places) == sorted(f"{identity().site}{page}.html" for page in PAGES)


@site
def test_a_wrong_address_at_any_depth_leads_back(browser, address):
    """The host shows 404.html under the address that was asked: here a route does."""
    text = (SITE / "404.html").read_text("utf8")
    context = browser.new_context(viewport=PHONE)
    asked = []
    tab = context.new_page()
    tab.on("request", lambda request: asked.append(request.url))
    tab.route(
        "**/wrong/**",
        lambda route: route.fulfill(status=404, body=text, content_type="text/html"),
    )
    tab.goto(f"{address}/wrong/a/b/c.html")
    assert asked == [f"{address}/wrong/a/b/c.html"]  # it loads nothing else
    assert tab.locator("h1").count() == 1
    assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    links = tab.locator("a").evaluate_all("all => all.map(link => link.href)")
    base = identity().site
    assert all(link.startswith(base) for link in links)
    inside = [link.removeprefix(base) for link in links]
    assert all((SITE / link).is_file() for link in inside)
    assert f"{TOC['root']}.html" in inside
    for chapter in CHAPTERS:
        assert (f"notebooks/{chapter.name}.html" in inside) == chapter.ready
    assert tab.locator("form").evaluate("form => form.action") == f"{base}search.html"
    context.close()


# ---- no scripts -------------------------------------------------------------------


@site
@pytest.mark.parametrize(
    "page", ["book/index", "notebooks/04_dcgan", "search", "genindex"]
)
@pytest.mark.parametrize("width", [360, 1280])
def test_without_scripts_a_sentence_says_so_and_no_dead_button_is_shown(
    browser, address, page, width
):
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": width, "height": 900}
    )
    tab = context.new_page()
    tab.goto(f"{address}/{page}.html")
    told = tab.locator("noscript .book-noscript")
    assert told.count() == 1
    assert told.is_visible()
    assert told.inner_text().startswith("Scripts are off")
    assert [one for one in tab.locator("button").all() if one.is_visible()] == []
    assert not tab.locator("input[type=search]").first.is_visible()
    for link in told.locator("a").all():
        href = link.get_attribute("href")
        there = (SITE / f"{page}.html").parent.joinpath(href).resolve()
        assert href == "#" or there.is_file(), href  # a link to this very page
    context.close()


@site
def test_with_scripts_the_sentence_is_not_shown(visit):
    seen = visit("notebooks/04_dcgan")
    assert seen.tab.locator(".book-noscript").count() == 0


# ---- Chinese ----------------------------------------------------------------------


def test_chinese_is_told_once_and_only_where_a_span_may_stand():
    page = (
        '<title>词元</title><meta content="词元"><p>tokens · 词元 and 先验 分布</p>'
        "<script>'词元'</script><svg><text>词元</text></svg><dt>KL 散度</dt>"
    )
    span = '<span lang="zh-Hans">{}</span>'.format
    told = book_words.chinese(page)
    assert told == (
        f'<title>词元</title><meta content="词元"><p>tokens · {span("词元")} and '
        f"{span('先验')} {span('分布')}</p><script>'词元'</script>"
        f"<svg><text>词元</text></svg><dt>KL {span('散度')}</dt>"
    )
    assert book_words.chinese(told) == told
    assert book_words.chinese("<p>Gram 矩阵</p>").count("span") == 2


@site
def test_all_chinese_of_the_site_tells_its_language():
    seen = 0
    for path in SITE.rglob("*.html"):
        text = re.sub(
            r"(?s)<(script|style|title)\b.*?</\1>", "", path.read_text("utf8")
        )
        bare = re.sub(r'<span lang="zh-Hans">[^<]*</span>', "", text)
        bare = re.sub(r"<[^>]*>", "", bare)
        assert not re.search(CHINESE, bare), path
        seen += text.count('lang="zh-Hans"')
    assert seen > 2 * 134  # the glossary and the index


@site
def test_chinese_in_a_card_tells_its_language(visit):
    seen = visit("notebooks/04_dcgan")
    term = seen.tab.locator("a.book-term").first
    term.evaluate("a => { a.dataset.meaning = 'Also called 偏置, at times.'; }")
    term.hover()
    card = seen.tab.locator("#book-card")
    assert card.inner_text() == "Also called 偏置, at times."
    assert card.locator("[lang=zh-Hans]").inner_text() == "偏置"


# ---- the index --------------------------------------------------------------------


@site
def test_the_index_is_one_column_on_a_phone(visit):
    seen = visit("genindex")
    seen.tab.set_viewport_size(PHONE)
    assert seen.tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    lefts = seen.tab.locator("table.indextable td").evaluate_all(
        "all => all.map(cell => cell.getBoundingClientRect().left)"
    )
    assert len(set(map(round, lefts))) == 1
    seen.tab.set_viewport_size({"width": 1280, "height": 900})
    lefts = seen.tab.locator("table.indextable td").evaluate_all(
        "all => all.map(cell => cell.getBoundingClientRect().left)"
    )
    assert len(set(map(round, lefts))) > 1
