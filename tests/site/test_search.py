"""The site's search: its index as data, and what a reader finds in a real browser."""

import gzip
import json
import re
from urllib.parse import quote

import pytest
from docutils import nodes
from sphinx import addnodes

from book._ext import book_search
from book.chapters import CHAPTERS
from book.identity import ROOT
from tests.site.browser import DESK, PHONE, SITE, Visit, serious

READY = [chapter for chapter in CHAPTERS if chapter.ready]
WORDS = json.loads((ROOT / "book" / "search_words.json").read_text("utf8"))
TERMS = re.findall(
    r"^(\S.*?) · (.*)\n  \S", (ROOT / "book" / "glossary.md").read_text("utf8"), re.M
)
INDEX_LIMIT = 500_000  # bytes
site = pytest.mark.site

GLOSSARY, HELPERS = "book/glossary.html#term-", "book/helpers.html#"
GPU = "book/how_to_use.html#what-a-graphics-card-changes"
ENTROPY, BATCH = GLOSSARY + "cross-entropy", GLOSSARY + "batch-normalisation"
FRECHET, GAN = GLOSSARY + "Frechet-distance", GLOSSARY + "GAN"
# What a reader types, and what must be among the first three hits.
TABLE = [
    ("FID", GLOSSARY + "FID-Frechet-Inception"),
    ("fid", "notebooks/06_evaluation.html#the-frechet-distance"),
    ("Fréchet distance", FRECHET),
    ("Frechet distance", FRECHET),
    ("GAN", GAN),
    ("GANs", GAN),
    ("generative adversarial network", GAN),
    ("GPU", GPU),
    ("GPUs", GPU),
    ("graphics card", GPU),
    ("cuda", GPU),
    ("colab gpu", GPU),
    ("How do I use a GPU in Colab?", GPU),
    ("colab", "book/how_to_use.html#run-a-chapter-in-colab"),
    ("batch norm", BATCH),
    ("batchnorm", BATCH),
    ("batch normalisation", BATCH),
    ("Batch Normalization", "notebooks/04_dcgan.html#batch-normalisation-and-what-it-leaks"),
    ("VAE", GLOSSARY + "variational-autoencoder"),
    ("auto-encoder", GLOSSARY + "autoencoder"),
    ("mode collapse", GLOSSARY + "mode-collapse"),
    ("modecollapse", GLOSSARY + "mode-collapse"),
    ("cross-entropy", ENTROPY),
    ("cross entropy", ENTROPY),
    ("crossentropy", ENTROPY),
    ("Kullback–Leibler", GLOSSARY + "Kullback-Leibler-divergence-KL"),
    ("unet", GLOSSARY + "U-Net-U"),
    ("u net", GLOSSARY + "U-Net-U"),
    ("leaky relu", "notebooks/04_dcgan.html#leakyrelu"),
    ("text2image", "notebooks/18_text_to_image.html"),
    ("artifact", GLOSSARY + "artefact"),
    ("nearest neighbors", GLOSSARY + "nearest-neighbour"),
    ("memorization", GLOSSARY + "memorisation"),
    ("discriminators", GLOSSARY + "discriminator"),
    ("discrim", GLOSSARY + "discriminator"),
    ("generator", "notebooks/04_dcgan.html"),
    ("Gram matrices", GLOSSARY + "Gram-matrix"),
    ("18", "notebooks/18_text_to_image.html"),
    ("4", "notebooks/04_dcgan.html"),
    ("chapter 06", "notebooks/06_evaluation.html"),
    ("Ch. 10", "notebooks/10_style_transfer.html"),
    ("gan objective", "notebooks/02_gan_objective.html"),
    ("生成", GAN),
    ("判别", GLOSSARY + "discriminator"),
    ("对抗", GLOSSARY + "adversarial-loss"),
    ("网络", GAN),
    ("生成网络", GAN),
    ("frechet_distance", HELPERS + "helpers.metrics.frechet_distance"),
    ("gan.GAN", HELPERS + "helpers.gan.GAN"),
    ("NonSaturatingGAN", HELPERS + "helpers.gan_losses.NonSaturatingGAN"),
    ("cite", "book/index.html"),
]  # fmt: skip
HARMLESS = ("constructor", "class constructor", "__proto__", "toString", "hasOwnProperty",
            "<b>bold</b>", "&amp;", '"', "\\", "(", "[a-z", "%", "🙂", "…")  # fmt: skip


# ---- the index --------------------------------------------------------------------


def page(*children):
    """Return a page's tree: a section `top` with a title and these children."""
    section = nodes.section(ids=["top"])
    section += [nodes.title(text="Top"), *children]
    tree = nodes.document(None, None)
    tree += section
    return tree


def paragraph(text):
    return nodes.paragraph(text=text)


def test_a_section_keeps_its_own_sentences_and_leaves_code_out_of_them():
    inner = nodes.section(ids=["inner"])
    inner += [nodes.title(text="Inner"), paragraph("Below.")]
    row = nodes.row("", *(nodes.entry("", paragraph(text)) for text in "ab"))
    formula = nodes.paragraph("", "Both ", nodes.math(text="x"))
    formula += [nodes.Text(" and "), nodes.math(text=r"\frac{1}{2}"), nodes.Text(".")]
    code = nodes.literal_block(text="import keras\nrate_of_all = Adam(Above)")
    shown = nodes.container(cell_metadata={"mystnb": {"image": {"alt": "Two lines."}}})
    tree = page(paragraph("Above."), formula, row, code, shown, inner)
    first, second = book_search.entries(tree, "book/some")
    assert first == ("", "Top", "page", "Above.\nBoth x and ….\na · b\nPicture: Two lines.",
                     "Adam keras rate_of_all")  # fmt: skip
    assert second == ("inner", "Inner", "section", "Below.", "")


def test_the_set_up_cell_is_not_in_the_index():
    tree = page(nodes.literal_block(text="# Set-up: in Colab ..\nimport subprocess"))
    assert next(book_search.entries(tree, "book/some")).names == ""


def test_a_name_of_the_helpers_leads_to_its_anchor():
    sign = addnodes.desc_signature(ids=["helpers.zoo.load"])
    tree = page(addnodes.desc("", sign, addnodes.desc_content("", paragraph("Load."))))
    top, name = book_search.entries(tree, "book/helpers")
    assert (top.kind, top.text) == ("reference", "")
    assert name == ("helpers.zoo.load", "zoo.load", "name", "Load.", "")


def test_a_chapter_is_called_as_in_the_menu():
    tree = page()
    assert book_search.title_of("notebooks/04_dcgan", tree) == "04 · DCGAN"
    assert book_search.title_of("book/map", tree) == "Top"


def test_the_table_of_words_names_no_phrase_twice_in_a_group():
    for group in WORDS["same"]:
        assert len(group) > 1
        assert len({one.lower() for one in group}) == len(group)


def built():
    """Return the index of the built site."""
    text = (SITE / book_search.FILE).read_text("utf8")
    return json.loads(re.fullmatch(r"window\.bookSearchIndex = (.*);\n", text)[1])


@site
def test_the_index_is_small_and_every_entry_leads_to_a_place(capsys):
    raw = (SITE / book_search.FILE).read_bytes()
    with capsys.disabled():
        small = len(gzip.compress(raw)) / 1000
        print(f"\nthe index: {len(raw) / 1000:.0f} kB, compressed {small:.0f} kB")
    assert len(raw) < INDEX_LIMIT
    index, texts = built(), {}
    assert len(index["entries"]) > 300
    for of, anchor, title, *_ in index["entries"]:
        address = index["pages"][of][0]
        if address not in texts:
            texts[address] = (SITE / address).read_text("utf8")
        assert title
        assert not anchor or f'id="{anchor}"' in texts[address], (address, anchor)


@site
def test_no_sentence_of_the_index_is_a_line_of_code():
    told = {line for entry in built()["entries"] for line in entry[4].split("\n")}
    for chapter in READY:
        cells = json.loads(chapter.path.read_text("utf8"))["cells"]
        for cell in cells:
            if cell["cell_type"] == "code":
                lines = {line.strip() for line in "".join(cell["source"]).split("\n")}
                assert not lines & told - {""}


@site
def test_the_index_is_loaded_by_the_search_page_alone():
    for path in SITE.rglob("*.html"):
        text = path.read_text("utf8")
        assert (book_search.FILE in text) == (path.name == "search.html"), path
        assert "searchtools" not in text
        assert "searchindex" not in text


# ---- what is found ----------------------------------------------------------------


@pytest.fixture(scope="module")
def search(browser, address):
    """The search page, opened once: find(query) asks what the page would show."""
    one = Visit(browser, address, "search")

    def find(query):
        return one.tab.evaluate(
            """query => { const found = bookSearch.find(query); return {
                 hits: found.hits.map(hit => hit.address), meant: found.meant,
                 kinds: found.hits.map(hit => hit.kind), missing: found.missing}; }""",
            query,
        )

    yield find
    assert one.faults == []
    assert one.outside == []
    one.close()


@site
@pytest.mark.parametrize(("query", "wanted"), TABLE)
def test_a_query_finds_what_it_means_among_the_first_three(search, query, wanted):
    assert wanted in search(query)["hits"][:3]


@site
@pytest.mark.parametrize("query", ["GAN", "attention", "colour", "style", "features"])
def test_what_explains_a_word_comes_before_the_reference(search, query):
    assert not {"name", "reference"} & set(search(query)["kinds"][:3])


@site
def test_a_word_is_found_whole_then_begun_and_never_in_the_middle_of_another(visit):
    texts = ("Fidelity.", "Draw by confidence, with confidence.", "The FID of it.")
    index = {
        "pages": [["a.html", "Page"]], "same": [], "spelling": [], "forms": [], "small": [],
        "entries": [[0, str(i), "A", "section", text, ""] for i, text in enumerate(texts)],
    }  # fmt: skip
    hits = visit("search").tab.evaluate(
        "index => { bookSearch.read(index); return bookSearch.find('fid').hits.map(hit => hit.text); }",
        index,
    )
    assert hits == ["The FID of it.", "Fidelity."]


@site
@pytest.mark.parametrize(("british", "american"), [
    ("colour", "color"), ("normalise", "normalize"), ("grey", "gray"),
    ("neighbouring", "neighboring"), ("labelled", "labeled"), ("tokeniser", "tokenizer"),
    ("centre", "center"), ("optimiser", "optimizer"),
])  # fmt: skip
def test_british_and_american_find_the_same(search, british, american):
    found = search(british)["hits"]
    assert found
    assert found == search(american)["hits"]


@site
@pytest.mark.parametrize("group", WORDS["same"], ids=lambda group: group[0])
def test_each_side_of_a_synonym_is_found(search, group):
    found = [search(phrase) for phrase in group]
    assert all(not one["missing"] for one in found)
    assert set.intersection(*(set(one["hits"][:5]) for one in found))


@site
@pytest.mark.parametrize(("english", "chinese"), TERMS)
def test_every_term_is_found_in_both_languages(search, english, chinese):
    for query in (english, english.upper(), english.replace("-", " "),
                  re.sub("[- ]", "", english), chinese):  # fmt: skip
        hits = [hit for hit in search(query)["hits"][:3] if hit.startswith(GLOSSARY)]
        plain = english.replace("é", "e").replace(" ", "-")
        assert any(hit.startswith(GLOSSARY + plain) for hit in hits), query


@site
def test_every_two_letters_of_a_chinese_term_find_it(search):
    for english, chinese in TERMS:
        for run in re.findall("[\u4e00-\u9fff]{2,}", chinese):
            for i in range(len(run) - 1):
                hits = search(run[i : i + 2])["hits"]
                plain = english.replace("é", "e").replace(" ", "-")
                assert any(hit.startswith(GLOSSARY + plain) for hit in hits), run


def slips(word):
    """Yield a word with one letter left out, put in, changed, or two swapped."""
    for i in range(len(word)):
        yield word[:i] + word[i + 1 :]
        yield word[:i] + "q" + word[i:]
        yield word[:i] + "q" + word[i + 1 :]
    for i in range(len(word) - 1):
        if word[i] != word[i + 1]:
            yield word[:i] + word[i + 1] + word[i] + word[i + 2 :]


@site
@pytest.mark.parametrize("word", ["discriminator", "artefact", "diffusion", "gradient"])
def test_one_wrong_letter_is_answered_by_the_word(search, word):
    for typed in slips(word):
        assert search(typed)["meant"] == word, typed


@site
@pytest.mark.parametrize(("typed", "meant"), [
    ("gna", "GAN"), ("mode colapse", "mode collapse"), ("Frechte distance", "frechet distance"),
    ("batch normalizaton", "batch normalisation"), ("colur", "colour"), ("visoin", "vision"),
])  # fmt: skip
def test_only_the_wrong_word_of_a_query_is_mended(search, typed, meant):
    assert search(typed)["meant"] == meant


@site
@pytest.mark.parametrize(
    "query", ["GAN", "pix", "discriminator", "gp_weight", "18", "生"]
)
def test_what_is_spelled_right_is_not_mended(search, query):
    found = search(query)
    assert found["hits"]
    assert found["meant"] is None


# ---- the page ---------------------------------------------------------------------


@pytest.fixture
def asked(visit):
    """Open the search page with a query in its address."""
    return lambda query, **options: visit_at(visit, query, **options)


def visit_at(visit, query, **options):
    seen = visit("search", **options)
    seen.tab.goto(f"{seen.address}/search.html?q={quote(query)}", wait_until="load")
    return seen


@site
@pytest.mark.parametrize("query", HARMLESS)
def test_no_query_stops_the_script(asked, query):
    seen = asked(query)
    line = seen.tab.locator(".search-summary").inner_text()
    assert re.match(r"(\d+ results?|Nothing found)\b", line)
    assert query in line
    assert "undefined" not in seen.tab.locator("article").inner_text()
    assert seen.faults == []


@site
def test_the_results_are_a_list_whose_number_is_told_politely(asked):
    seen = asked("batch normalization")
    line = seen.tab.get_by_role("status")
    shown = seen.tab.locator("#search-results ul.search > li").count()
    assert shown > 5
    assert line.inner_text() == f"{shown} results for “batch normalization”."
    assert line.get_attribute("aria-live") == "polite"
    assert seen.tab.locator("#search-results pre").count() == 0
    marks = seen.tab.locator("ul.search mark").all_inner_texts()
    assert "batch normalisation" in marks


@site
def test_a_hit_leads_to_its_section_by_keyboard_alone(visit):
    seen = visit("book/index")
    seen.tab.keyboard.press("Control+k")
    seen.tab.keyboard.type("batch norm")
    seen.tab.keyboard.press("Enter")
    seen.tab.wait_for_selector("ul.search li")
    for _ in range(4):
        seen.tab.keyboard.press("Tab")
        if seen.tab.evaluate("document.activeElement.closest('ul.search') !== null"):
            break
    seen.tab.keyboard.press("Enter")
    seen.tab.wait_for_url("**/book/glossary.html#term-batch-normalisation")
    seen.tab.wait_for_function(  # the page rolls to it
        """() => { const e = document.getElementById("term-batch-normalisation");
            const top = e.getBoundingClientRect().top;
            return 0 <= top && top < innerHeight; }"""
    )
    assert seen.faults == []
    assert seen.outside == []


@site
def test_the_key_of_the_search_leads_to_the_field_of_the_page(asked):
    seen = asked("GAN")
    seen.tab.locator("ul.search a").first.focus()
    seen.tab.keyboard.press("Control+k")
    assert seen.tab.evaluate("document.activeElement.id") == "search-input"
    assert not seen.tab.locator(".search-button__search-container").is_visible()
    assert seen.faults == []


@site
def test_did_you_mean_is_a_link_that_finds(asked):
    seen = asked("discrimnator")
    hint = seen.tab.locator(".book-hint")
    assert hint.inner_text() == "Did you mean discriminator?"
    hint.get_by_role("link").click()
    seen.tab.wait_for_selector("ul.search li")
    assert seen.tab.locator("input[name=q]:visible").input_value() == "discriminator"


@site
@pytest.mark.parametrize("query", ["", "   ", "qqqqqq", "?!"])
def test_who_finds_nothing_is_told_where_to_look(asked, query):
    seen = asked(query)
    hint = seen.tab.locator(".book-hint")
    assert "categor" not in seen.tab.locator("article").inner_text()
    links = hint.get_by_role("link").evaluate_all("all => all.map(link => link.href)")
    assert len(links) == 3
    assert all(seen.tab.request.get(link).ok for link in links)
    told = seen.tab.get_by_role("status").inner_text()
    assert told == (f"Nothing found for “{query}”." if query.strip() else "")


@site
def test_words_that_the_book_lacks_are_named(asked):
    hint = asked("zebra discriminator").tab.locator(".book-hint").inner_text()
    assert hint == "Nothing in the book has “zebra”; these have the rest."


@site
def test_chinese_among_the_hits_tells_its_language(asked):
    seen = asked("生成")
    untold = seen.tab.evaluate(
        """() => { const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
             const left = [];
             while (walk.nextNode()) {
               const at = walk.currentNode;
               if (/\\p{Script=Han}/u.test(at.data) && !at.parentElement.closest('[lang=zh-Hans], .search-summary'))
                 left.push(at.data);
             }
             return left; }"""
    )
    assert untold == []
    assert seen.tab.locator("ul.search [lang=zh-Hans]").count() >= 4


@site
def test_the_field_has_its_id_for_itself_and_no_letter_lies_under_the_glass(visit):
    seen = visit("search")
    twice = seen.tab.evaluate(
        """() => { const all = [...document.querySelectorAll('[id]')].map(one => one.id);
             return all.filter((id, i) => all.indexOf(id) !== i); }"""
    )
    assert twice == []
    for opened in (seen, visit("book/index")):
        for size in (DESK, PHONE):
            opened.tab.set_viewport_size(size)
            if opened is not seen and size is DESK:
                opened.tab.keyboard.press("Control+k")
            field = opened.tab.locator("form.bd-search:visible")
            field.wait_for()
            glass = field.locator("i").bounding_box()
            inside = field.locator("input")
            left = inside.bounding_box()["x"] + inside.evaluate(
                "e => parseFloat(getComputedStyle(e).paddingLeft)"
            )
            assert left >= glass["x"] + glass["width"] + 2
            assert glass["x"] >= inside.bounding_box()["x"]


@site
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_results_is_open_to_all(asked, scheme):
    seen = asked("GAN", color_scheme=scheme)
    assert serious(seen.tab) == []
    seen.tab.set_viewport_size(PHONE)
    assert seen.tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@site
def test_the_search_answers_from_the_disk(browser):
    context = browser.new_context()
    tab = context.new_page()
    tab.goto((SITE / "search.html").as_uri() + "?q=FID")
    tab.wait_for_selector("ul.search li")
    assert (
        tab.locator("ul.search a").first.evaluate("a => a.hash").startswith("#term-FID")
    )
    context.close()


@site
def test_the_search_answers_where_storage_is_blocked(browser, address):
    context = browser.new_context()
    context.add_init_script(
        """for (const name of ["localStorage", "sessionStorage"])
             Object.defineProperty(window, name, {get() { throw new DOMException("blocked"); }});"""
    )
    tab = context.new_page()
    tab.goto(f"{address}/search.html?q=FID")
    tab.wait_for_selector("ul.search li")
    context.close()


@site
def test_an_index_that_does_not_come_is_told(browser, address):
    context = browser.new_context()
    context.route("**/search-index.js*", lambda route: route.abort())
    tab = context.new_page()
    tab.goto(f"{address}/search.html?q=FID")
    told = tab.get_by_role("status").inner_text()
    assert told.startswith("The index of the search did not load.")
    context.close()
