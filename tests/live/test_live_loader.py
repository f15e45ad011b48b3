"""What all live figures share in the page: the loader, fetching, and errors while they
run."""

import contextlib
import http.server
import re
import threading
import zlib

import pytest
from playwright.sync_api import expect

from tests.live.browser import THEME, asleep
from tests.live.test_live import node
from tools import live

pytestmark = pytest.mark.site
NAME, FILE = "next-token", "model.bin"
# The press comes in the same turn: on a busy machine a frame could fail before it.
FAIL_ONCE = """([kind, name, press]) => {
    const thing = window[kind].prototype, real = thing[name];
    thing[name] = function () { thing[name] = real; throw new Error("made to fail."); };
    [...document.querySelectorAll(".live-stage button")]
        .find(button => button.textContent === press)?.click();
}"""


def trouble(page):
    return page.figure.get_by_role("alert")


@pytest.mark.parametrize("then", ["press", "reload"])
def test_a_script_that_does_not_come_is_told_and_may_be_asked_for_again(
    live_page, then
):
    page = live_page(NAME, touch=False)
    page.tab.route(f"**/live/{NAME}.js", lambda route: route.abort())
    page.figure.locator(".live-start").click()
    expect(trouble(page)).to_have_text(
        "This figure could not start: its script could not be fetched. Is there a "
        "connection? Press again, or reload the page."
    )
    asleep(page)
    page.forgive()
    page.tab.unroute(f"**/live/{NAME}.js")
    if then == "reload":
        page.tab.reload()
    page.touch()
    expect(trouble(page)).to_be_hidden()
    expect(page.figure.locator(".live-stage")).to_be_visible()


@contextlib.contextmanager
def server_that_stops_half_way(body, sent, over):
    """Serve half of `body` and set `sent`; wait until `over` is set, and hang up."""

    class Half(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # the name that http.server asks for
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            sent.set()
            over.wait()

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Half)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        over.set()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("file", "fault", "words"),
    [
        (FILE, "cut off", "The file of weights broke off: try again."),
        (
            FILE,
            "stalled",
            "The weights did not come for 8 seconds: is there a connection? Try again.",
        ),
        (
            f"{NAME}.js",
            "cut off",
            "its script could not be fetched. Is there a connection? Press again, or "
            "reload the page.",
        ),
        (
            f"{NAME}.js",
            "stalled",
            "its script did not come for 8 seconds. Is there a connection? Press again, "
            "or reload the page.",
        ),
    ],
)
def test_half_a_file_is_told_in_one_sentence(live_page, file, fault, words):
    page = live_page(NAME, touch=False)
    page.tab.clock.install()
    body = page.tab.request.get(f"{page.address}/live/{NAME}/{FILE}").body()
    sent, over = threading.Event(), threading.Event()
    with server_that_stops_half_way(body, sent, over) as half:
        if fault == "cut off":
            over.set()
        page.tab.route(f"**/{file}", lambda route: route.continue_(url=half))
        page.figure.locator(".live-start").click()
        while not sent.is_set():
            page.frames(2)
        if fault == "stalled":
            page.tab.clock.run_for(7000)  # its first half came, and it waits for more
            expect(page.figure.locator(".live-start")).to_contain_text("Fetching")
            page.tab.clock.run_for(9000)
        expect(trouble(page)).to_have_text(f"This figure could not start: {words}")
        asleep(page)
        page.forgive()
        page.tab.unroute(f"**/{file}")
        page.touch()  # while the other line still hangs
    expect(trouble(page)).to_be_hidden()


def test_a_slow_line_is_waited_for_as_long_as_bytes_come(live_page):
    """Ten pieces of the weights, five seconds apart."""
    page = live_page(NAME, touch=False)
    page.evaluate("""() => { const real = window.fetch;
        window.fetch = async (url, options) => {
            const response = await real(url, options);
            if (!String(url).endsWith(".bin")) return response;
            const whole = new Uint8Array(await response.arrayBuffer()), n = 10;
            let i = 0;
            return new Response(new ReadableStream({async pull(stream) {
                await new Promise((done) => { window.onward = done; });
                const at = (k) => Math.floor(whole.length * k / n);
                if (i === n) stream.close(); else stream.enqueue(whole.slice(at(i), at(++i)));
            }}, {highWaterMark: 0}));
        }; }""")
    page.tab.clock.install()
    page.figure.locator(".live-start").click()
    for piece in range(11):
        page.tab.wait_for_function("() => window.onward")
        page.tab.clock.fast_forward(5000)
        page.evaluate("() => { const on = window.onward; window.onward = null; on(); }")
        if piece < 9:
            share = f"Fetching … {10 * (piece + 1)} %"
            expect(page.figure.locator(".live-start")).to_have_text(share)
    page.tab.wait_for_selector(".live-figure[data-ready]")


def test_a_programmer_s_error_is_for_the_console(live_page):
    page = live_page(NAME, touch=False)
    page.evaluate(
        "() => { CanvasRenderingContext2D.prototype.putImageData = undefined; }"
    )
    page.figure.locator(".live-start").click()
    expect(trouble(page)).to_have_text(
        "This figure could not start: its script ran into an error. Reload the page and "
        "try again, or try another browser."
    )
    assert "putImageData" in "".join(page.faults)
    page.forgive()


def test_files_are_fetched_by_the_one_way_that_checks_them():
    fetching = re.compile(r"\bfetch\(|XMLHttpRequest|\.src\s*=|importScripts|Worker\(")
    scripts = [p for p in live.SOURCE.rglob("*.js") if "node_modules" not in p.parts]
    found = {p.name for p in scripts if fetching.search(p.read_text("utf8"))}
    assert found == {"weights.js"}


def test_the_checksum_is_zlib_s():
    sizes = (0, 1, 9, 70_000)
    bodies = [bytes(i * 7 % 256 for i in range(size)) for size in sizes]
    script = "return input.map((body) => lib.crc32(Uint8Array.from(body)))"
    found = node(script, [list(body) for body in bodies], imports="weights")
    assert found == [zlib.crc32(body) for body in bodies]


@pytest.mark.parametrize("where", ["painting", "frame", "promise"])
def test_an_error_while_it_runs_is_told_and_the_picture_comes_back(live_page, where):
    page = live_page(NAME)
    draw = page.tab.get_by_role("button", name="Draw", exact=True)
    if where == "painting":  # in a frame that the canvas asked for
        page.evaluate(FAIL_ONCE, ["CanvasRenderingContext2D", "drawImage", "Step"])
    elif where == "frame":  # in the clock of a figure that plays
        button = page.tab.get_by_role("button", name="Clear", exact=True)
        button.click()  # it drew once when it woke
        draw.click()
        page.evaluate(FAIL_ONCE, ["Element", "setAttribute"])
    else:  # in work that awaits
        page.tab.get_by_label("at once").check(force=True)
        page.evaluate(FAIL_ONCE, ["Element", "setAttribute", "Draw"])
    expect(trouble(page)).to_have_text(
        "This figure stopped: its script ran into an error (made to fail)."
    )
    asleep(page)
    assert (
        len(page.faults) == 1 and "made to fail" in page.faults[0]
    )  # for whoever debugs it
    page.forgive()
    page.touch()
    expect(trouble(page)).to_be_hidden()
    page.tab.get_by_role("button", name="Step").click()
    expect(page.tab.locator(".live-say")).to_contain_text("code ")


def test_back_brings_the_picture_and_the_figure_can_be_woken_again(live_page):
    page = live_page(NAME)
    page.tab.get_by_role("button", name="Back to the picture").click()
    asleep(page)
    page.touch()
    expect(page.figure.locator(".live-still")).to_be_hidden()


def rewritten(page, *pairs):
    """Load the page anew with its HTML changed."""

    def answer(route):
        html = route.fetch().text()
        for old, new in pairs:
            assert old in html
            html = html.replace(old, new)
        route.fulfill(body=html, content_type="text/html")

    page.tab.route(f"**/{page.name}.html", answer)
    page.tab.reload()


def test_a_picture_that_was_a_link_no_longer_promises_one(live_page):
    page = live_page(NAME, touch=False)
    rewritten(
        page,
        ("<img", '<a class="image-reference" href="elsewhere.png"><img'),
        ('<div class="live"', '</a><div class="live"'),
    )
    image = page.figure.locator(".live-still img")
    expect(image).to_be_visible()
    assert page.tab.locator("a").count() == 0
    image.click()
    page.tab.wait_for_selector(".live-figure[data-ready]")
    assert page.tab.url.endswith(f"{NAME}.html")


def test_the_theme_s_rules_for_cells_and_lists_leave_a_figure_alone(live_page):
    page = live_page("ruler", width=360, touch=False)
    rewritten(
        page,
        ('<article class="bd-article">', '<article class="bd-content bd-article">'),
        ('<div class="live"', '<div class="output text_html"><div class="live"'),
        ("</div></div><p>After", "</div></div></div><p>After"),
    )
    page.tab.add_style_tag(path=THEME)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.touch()
    styles = page.evaluate("""() => ['.text_html', '.ruler-numbers dd', '.live-figure'].map(
        (name) => { const {backgroundColor, padding, color, marginLeft}
            = getComputedStyle(document.querySelector(name));
            return {backgroundColor, padding, color, marginLeft}; })""")
    output, number, _ = styles
    text = page.evaluate("getComputedStyle(document.querySelector('h1')).color")
    assert (output["backgroundColor"], output["padding"]) == ("rgba(0, 0, 0, 0)", "0px")
    assert output["color"] == text
    assert number["marginLeft"] == "0px"
    box = page.tab.locator(".ruler-numbers > div").last.bounding_box()
    view = page.tab.locator(".live-view").bounding_box()
    assert (
        box["x"] + box["width"] <= view["x"] + view["width"] + 1
    )  # recall is not cut off


def test_a_page_opened_as_a_file_says_that_it_needs_a_server(browser, tmp_path):
    from tools import live

    live.demo(tmp_path, ["ruler"])
    context = browser.new_context()
    tab = context.new_page()
    tab.goto((tmp_path / "ruler.html").as_uri())
    tab.locator(".live-start").click()
    tab.get_by_role("alert").filter(has_text="only from a server").wait_for()
    assert tab.locator(".live-still img").is_visible()
    context.close()
