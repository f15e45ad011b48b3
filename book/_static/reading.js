/* What a reader does with a page beside reading it: opens a figure, comes back to where they were, sees
   which chapters they have read, and goes on without a network.

   A deferred script on every page; without it a figure is a link to its picture, and nothing else is
   missing. The place is one value in localStorage, `noise-to-image.place`:
   {"version": 1, "last": "04_dcgan", "places": {"04_dcgan": {"id": "sampling", "title": "Sampling"}}}.
   It is sent nowhere, and nobody is moved to it: it is only offered. */

(() => {
  "use strict";

  const KEY = "noise-to-image.place";
  const VERSION = 1;
  const NAME = /^\d\d_\w+$/;

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  /** Return the name of the chapter that an address leads to, or null. */
  function chapterAt(address) {
    return /\/notebooks\/(\d\d_\w+)\.html$/.exec(new URL(address, location.href).pathname)?.[1] ?? null;
  }

  /** Return the menu's links to chapters, in its order: [name, link]. */
  function menu() {
    return [...document.querySelectorAll(".bd-sidebar-primary nav.bd-links a")]
      .map((link) => [chapterAt(link.href), link]).filter(([name]) => name);
  }

  // ---- the place -----------------------------------------------------------

  function load() {
    const found = { version: VERSION, last: null, places: {} };
    let kept = null;
    try { kept = JSON.parse(localStorage.getItem(KEY)); } catch { /* nothing, or not ours */ }
    if (kept?.version !== VERSION) return found;
    for (const [name, place] of Object.entries(kept.places ?? {})) {
      if (NAME.test(name) && typeof place?.id === "string" && typeof place.title === "string") {
        found.places[name] = { id: place.id, title: place.title.slice(0, 120) };
      }
    }
    if (found.places[kept.last]) found.last = kept.last;
    return found;
  }

  function save(name, place) {
    const kept = load();
    const old = kept.places[name];
    if (kept.last === name && old?.id === place.id) return;
    kept.last = name;
    kept.places[name] = place;
    try { localStorage.setItem(KEY, JSON.stringify(kept)); } catch { /* study.js says so */ }
  }

  function headings() {
    return [...document.querySelectorAll("article section section[id] > :is(h2, h3)")];
  }

  /** Return a heading's words without its link and without MathJax's second copy. */
  function words(heading) {
    const copy = heading.cloneNode(true);
    copy.querySelectorAll(".headerlink, mjx-container").forEach((part) => part.remove());
    return copy.textContent.trim().replace(/\s+/g, " ");
  }

  let reads = false;

  /** Keep the section that the reader has come to, whenever they stop scrolling or leave. */
  function keepPlace(name) {
    // Who came by a link to a section has looked something up: that counts only when they read on.
    reads = !location.hash;
    for (const sign of ["wheel", "touchmove", "keydown", "pointerdown"]) {
      window.addEventListener(sign, () => { reads = true; }, { passive: true });
    }
    let waiting = 0;
    const keep = () => {
      if (!waiting || !reads) return;
      clearTimeout(waiting);
      waiting = 0;
      const line = 0.4 * window.innerHeight;
      const last = headings().filter((one) => one.getBoundingClientRect().top < line).pop();
      if (last) save(name, { id: last.parentElement.id, title: words(last) });
    };
    window.addEventListener("scroll", () => {
      clearTimeout(waiting);
      waiting = setTimeout(keep, 300);
    }, { passive: true });
    window.addEventListener("pagehide", keep);
  }

  /** Offer to go on at the section where the reader was; nobody is moved who does not ask. */
  function offerPlace(name) {
    const place = load().places[name];
    const section = place && document.getElementById(place.id);
    const [visit] = performance.getEntriesByType("navigation");
    if (!section?.closest("article") || location.hash || (visit && visit.type !== "navigate")) return;
    if (section.getBoundingClientRect().top < 1.5 * window.innerHeight) return;
    const go = make("a", { href: "#" + encodeURIComponent(place.id) }, `Go on at “${place.title}”`);
    const close = make("button", { type: "button", class: "book-close", "aria-label": "Stay here" }, "×");
    const offer = make("aside", { class: "book-offer", "aria-label": "Where you were" },
      "You were further down. ", go, close);
    const away = () => offer.remove();
    go.addEventListener("click", () => {
      reads = false; // the page rolls there by itself
      setTimeout(away);
    });
    close.addEventListener("click", () => { away(); document.getElementById("main-content")?.focus(); });
    window.addEventListener("scroll", () => { if (window.scrollY > 2 * window.innerHeight) away(); },
      { passive: true });
    const skip = document.getElementById("pst-skip-link");
    if (skip) skip.after(offer);
    else document.body.prepend(offer);
  }

  /** On the first page: a line that leads back to the last chapter, or on to the next. */
  function goOn(line, read) {
    const { last, places } = load();
    const all = menu();
    let [name, link] = all.find(([one]) => one === last) ?? [];
    line.hidden = !name;
    if (!name) return;
    if (!read.includes(name)) {
      const go = make("a", { href: `${link.href}#${encodeURIComponent(places[name].id)}` },
        `${link.textContent.trim()}, “${places[name].title}”`);
      line.replaceChildren("Go on where you were: ", go);
      return;
    }
    [name, link] = all.slice(all.indexOf(all.find(([one]) => one === last)) + 1)
      .find(([one]) => !read.includes(one)) ?? [];
    line.hidden = !name;
    if (name) line.replaceChildren("Go on with ", make("a", { href: link.href }, link.textContent.trim()));
  }

  /** Tick the read chapters in the menu. */
  function tick(read) {
    for (const [name, link] of menu()) {
      const there = link.parentElement.querySelector(":scope > .book-tick");
      if (read.includes(name) === Boolean(there)) continue;
      if (there) there.remove();
      else link.after(make("span", { class: "book-tick", role: "img", "aria-label": "read" }, "✓"));
    }
  }

  // ---- figures -------------------------------------------------------------

  /** Open a figure at its full size; a dialog keeps the focus, ends with Escape, and gives it back. */
  function zoom(link) {
    const image = link.querySelector("img");
    const full = make("img", { src: link.href, alt: image.alt });
    const pane = make("div", { class: "book-pane", tabindex: "0", role: "group", "aria-label": "The figure" },
      full);
    const close = make("button", { type: "button", class: "book-close", "aria-label": "Close" }, "×");
    const dialog = make("dialog", { class: "book-full", "aria-label": "Figure at full size" }, close, pane);
    // At least as large as it is: a phone pans over it. A wide window shows it larger, up to twice.
    const fit = () => {
      const [wide, high] = [image.naturalWidth || full.naturalWidth, image.naturalHeight || full.naturalHeight];
      const room = Math.min((pane.clientWidth - 16) / wide, (pane.clientHeight - 16) / high); // less its padding
      full.style.width = Math.round(wide * Math.max(1, Math.min(2, room))) + "px";
    };
    close.addEventListener("click", () => dialog.close());
    pane.addEventListener("click", (event) => { if (event.target === pane) dialog.close(); });
    full.addEventListener("load", fit);
    window.addEventListener("resize", fit);
    dialog.addEventListener("close", () => {
      window.removeEventListener("resize", fit);
      dialog.remove();
      link.focus({ preventScroll: true });
    });
    document.body.append(dialog);
    dialog.showModal();
    fit();
  }

  function figures() {
    if (!window.HTMLDialogElement?.prototype.showModal) return; // the link shows the file
    document.addEventListener("click", (event) => {
      const link = event.target.closest?.("a.book-zoom");
      if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      zoom(link);
    });
  }

  // ---- without a network ---------------------------------------------------

  const fetched = []; // as long as they are held here, the page need not ask for them again

  /** When all else is there and the page is idle, fetch the pictures further down, one after the other. */
  function fetchRest() {
    if (navigator.connection?.saveData) return;
    const left = [...document.querySelectorAll("article img[loading=lazy]")].filter((one) => !one.complete);
    const idle = window.requestIdleCallback ?? ((next) => setTimeout(next, 200));
    const next = () => {
      const image = left.shift();
      if (!image) return;
      const copy = new Image();
      copy.fetchPriority = "low";
      copy.onload = copy.onerror = () => idle(next);
      copy.src = image.src;
      fetched.push(copy);
    };
    idle(next);
  }

  // ---- start ---------------------------------------------------------------

  function start() {
    const name = chapterAt(location.href);
    if (name) {
      offerPlace(name);
      keepPlace(name);
    }
    figures();
  }

  // study.js tells what has been read: once at the start, and after each change.
  document.addEventListener("book-progress", ({ detail }) => {
    tick(detail.read);
    const line = document.getElementById("book-go-on");
    if (line) goOn(line, detail.read);
  });
  window.addEventListener("load", () => setTimeout(fetchRest, 1500));
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
