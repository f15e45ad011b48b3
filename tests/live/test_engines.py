"""Every live figure in Firefox and in WebKitGTK: it wakes, takes a press and a key.

What it computes and shows is tried in Chromium (test_every_figure.py and each figure's
own file); here, that another engine runs it. An engine that is not installed is skipped
with what to install; the workflow `weekly` has both.
"""

import contextlib

import pytest

from tests.live import engines
from tools import live

pytestmark = [pytest.mark.site, pytest.mark.slow]
ENGINES = (engines.Firefox, engines.WebKit)

LOOKS = """return [document.querySelector('.live-stage').innerText,
    ...[...document.querySelectorAll('.live-stage canvas')].map((c) => c.toDataURL()),
    ...[...document.querySelectorAll('.live-stage input')].map((i) => [i.value, i.checked]),
    document.activeElement.closest('[role=grid]') ? document.activeElement.ariaLabel
        || document.activeElement.getAttribute('aria-label') : '',
    ...[...document.querySelectorAll('.live-stage [aria-valuenow]')].map(
        (e) => e.getAttribute('aria-valuenow'))].join()"""
# A button that can be pressed, or the first choice that is not made; then what keys move.
PRESS = """const seen = (kind) => [...document.querySelectorAll(`.live-stage ${kind}`)]
        .filter((e) => !e.disabled && e.getClientRects().length);
    const one = seen('button')[0] || seen('label').find(
        (e) => e.querySelector('input:not(:checked)'));
    one.dataset.pressed = ''; return one.textContent"""
KEY = """const one = ['input[type=range]', '[role=slider]', '[role=option][tabindex="0"]',
        '[tabindex="0"]'].flatMap((kind) => [...document.querySelectorAll(
        `.live-stage ${kind}`)]).find((e) => e.getClientRects().length);
    one.dataset.keyed = '';
    return one.localName === 'input' && one.value === one.min ? 'right' : 'left'"""
ARROWS = {"left": "\ue012", "right": "\ue014"}


@pytest.fixture(scope="module", params=ENGINES, ids=lambda engine: engine.__name__)
def engine(request):
    """One browser for all figures."""
    if not request.param.program():
        print(request.param.MISSING)
        pytest.skip(request.param.MISSING)
    with contextlib.ExitStack() as stack:
        yield request.param(stack)


def changed(engine, before):
    """Wait until the figure looks otherwise than `before`."""
    return engine.wait(f"(() => {{ {LOOKS} }})() !== arguments[0]", before)


def still(engine):
    """Wait until the figure works no more; return how it looks."""
    stage = "document.querySelector('.live-stage')"
    engine.wait(f"{stage}.dataset.settled !== 'no'")
    looks = [None, engine.run(LOOKS)]
    while looks[-1] != looks[-2]:
        engine.run("return new Promise((d) => setTimeout(d, 300))")
        looks.append(engine.run(LOOKS))
    return looks[-1]


@pytest.mark.parametrize("name", live.names())
def test_a_figure_wakes_and_takes_a_press_and_a_key(live_site, engine, name):
    engine.size(1280, 900)
    engine.go(f"{live_site}/{name}.html")
    engine.click(".live-start")
    engine.wait(
        "document.querySelector('.live-figure').dataset.ready"
        " || !document.querySelector('.live-trouble').hidden"
    )
    trouble = "return document.querySelector('.live-trouble').textContent"
    assert engine.run(trouble) == ""
    before = still(engine)
    pressed = engine.run(PRESS)
    engine.click("[data-pressed]")
    assert changed(engine, before), pressed
    engine.run(
        "const pause = [...document.querySelectorAll('.live-stage button')].find("
        "(b) => ['Pause', 'Stop'].includes(b.textContent)); if (pause) pause.click();"
    )
    before = still(engine)
    engine.key("[data-keyed]", ARROWS[engine.run(KEY)])
    assert changed(engine, before)
    still(engine)
    assert engine.run(trouble) == ""
    assert engine.run("return window.faults") == []
