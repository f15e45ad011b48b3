"""The live figures in a real Chromium: bytes, first touch, and what one step or picture
takes.

Run: python benchmarks/bench_live_page.py, after make book (which builds the site). A
first touch is from the press to the figure being there, script and data fetched anew
each time from this machine; the least of several counts, because other work can only
add to it.
"""

import gzip
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from helpers import live
from tests.live.browser import Page, served
from tests.site.browser import CHROMIUM
from tools import live as build

TIMES = 5
# What is measured, and the JavaScript that measures it with the module `m`
MEASURES = {
    "gan-plane": ("steps a second, no drawing", "m.stepsPerSecond(2000)"),
    "latent-space": ("ms a picture", "m.speed(await m.generator('{base}'), 64)"),
    "ruler": ("ms all four at N = 500", "m.speed(500)"),
    "tokens": ("ms decode", "(await m.speed('{base}')).decode"),
    "next-token": ("ms a picture, 49 tokens", "m.speed('{base}')"),
    "masked-tokens": ("ms a picture, 8 steps", "(await m.speed('{base}')).drawing"),
    "patches": ("ms both painters", "m.speed('{base}')"),
    "write-a-sentence": ("ms a picture, 73 tokens", "m.speed('{base}', 1)"),
}


def script_bytes(folder: Path, name: str) -> int:
    """Return the gzipped bytes of a figure's script."""
    return len(gzip.compress((folder / f"{name}.js").read_bytes(), 9))


def main():
    from playwright.sync_api import sync_playwright

    folder = Path(__file__).resolve().parents[1] / "_build" / "bench-live"
    build.demo(folder, [])
    print(
        f"{'figure':18}{'script, kB':>11}{'data, kB':>10}{'first touch, ms':>17}   "
        f"measured"
    )
    with served(folder) as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name in live.figures():
            touches = []
            for _ in range(TIMES):
                page = Page(browser, address, name, 1280).touch()
                touches.append(int(page.figure.get_attribute("data-ready")))
                page.context.close()
            told = ""
            if name in MEASURES:
                what, script = MEASURES[name]
                page = Page(browser, address, name, 1280)
                script = script.replace("{base}", f"./live/{name}/")
                found = page.evaluate(
                    f"async () => {{ const m = await import('./live/{name}.js'); "
                    f"const found = []; for (let k = 0; k < 3; k++) found.push(await "
                    f"{script}); "
                    "return found; }"
                )
                best = (
                    max(found)
                    if name == "gan-plane"
                    else min(
                        one if isinstance(one, (int, float)) else sum(one.values())
                        for one in found
                    )
                )
                told = f"{best:.1f} {what}"
                page.context.close()
            data = sum(
                file.stat().st_size for file in (folder / "live" / name).glob("*")
            )
            print(
                f"{name:18}{script_bytes(folder / 'live', name) / 1e3:11.1f}{data / 1e3:10.0f}"
                f"{min(touches):17}   {told}"
            )
        print(f"Chromium {browser.version}, 1280 pixels wide")
        browser.close()


if __name__ == "__main__":
    main()
