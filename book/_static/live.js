/* Brings a live figure to life when the reader first touches it; nothing of it is fetched before.

   A notebook's `live.figure("NAME", picture)` leaves its picture and a marker, <div data-live>.
   This script lays both into one frame with an invitation. On the first touch it fetches
   live/NAME.js, whose `mount(stage, {base, still})` builds the figure. Whatever fails is told in
   the frame, and the picture stays. Without scripts there is only the picture.

   The page says which figures there are, and of each script its hash: "NAME:sha256-..". */
(() => {
  "use strict";
  const root = new URL(document.documentElement.dataset.content_root || "./", location.href);
  const base = new URL("live/", root).href;
  const PATIENCE = 8;  // seconds for a script, which is small

  function make(tag, properties, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name === "text") node.textContent = value;
      else node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  }

  /** The picture that stands before the marker, in the same output or in the one before. */
  function stillOf(marker) {
    const cell = marker.closest(".cell_output, [data-live-demo]") || marker.parentElement;
    const before = [...cell.querySelectorAll("img")].filter(
      (image) => image.compareDocumentPosition(marker) & Node.DOCUMENT_POSITION_FOLLOWING);
    return before.pop() || null;
  }

  /** The figure's script, as a module. It is fetched, not imported by its address: so it can be
      checked, asked for past a cache that keeps an old one, given up, and asked for again. */
  async function fetchScript(name, integrity) {
    const url = base + name + ".js";
    let why = "could not be fetched";
    for (const cache of ["default", "reload"]) {
      const control = new AbortController();
      const timer = setTimeout(() => control.abort(), 1000 * PATIENCE);
      try {
        const response = await fetch(url, {cache, integrity, signal: control.signal});
        const text = await response.text() + "\n//# sourceURL=" + url;
        const here = URL.createObjectURL(new Blob([text], {type: "text/javascript"}));
        return await import(here).finally(() => URL.revokeObjectURL(here));
      } catch (error) {
        if (!control.signal.aborted) continue;
        why = "did not come for " + PATIENCE + " seconds";
        break;
      } finally {
        clearTimeout(timer);
      }
    }
    throw new Error("its script " + why + ". Is there a connection? Press again, or reload the "
      + "page.");
  }

  /** What to tell a reader of a figure that did not start. Our own errors are sentences; others
      are for whoever looks into the console. */
  function reasonOf(error) {
    if (location.protocol === "file:") {
      return "a browser runs it only from a server. Read this page online, or by make serve.";
    }
    if (error.constructor === Error) return error.message;
    console.error(error);
    return "its script ran into an error. Reload the page and try again, or try another browser.";
  }

  function frame(marker, integrity) {
    const name = marker.dataset.live;
    const title = marker.dataset.title || name;
    const still = stillOf(marker);
    const stage = make("div", {class: "live-stage", hidden: ""});
    const trouble = make("p", {class: "live-trouble", role: "alert", hidden: ""});
    const start = make("button", {type: "button", class: "live-start"},
      make("span", {class: "live-start-sign", "aria-hidden": "true"}),
      make("span", {text: "Try it here: " + title}));
    const back = make("button", {type: "button", class: "live-back", hidden: "",
      text: "Back to the picture"});
    const holder = make("div", {class: "live-still"});
    const figure = make("section", {class: "live-figure", "aria-label": "Live figure: " + title,
      id: "live-" + name}, holder, start, trouble, stage, back);
    marker.replaceWith(figure);
    if (still) {
      const link = still.closest("a.image-reference");
      holder.append(still);
      if (link) link.remove();  // a press wakes the figure: the link would not be followed
      holder.addEventListener("click", (event) => { event.preventDefault(); wake(); });
    }
    let mounted = null;
    let busy = false;

    async function wake() {
      if (busy || mounted) return;
      busy = true;
      trouble.hidden = true;
      start.lastChild.textContent = "Fetching …";
      const began = performance.now();
      try {
        const module = await fetchScript(name, integrity);
        stage.replaceChildren();
        stage.hidden = false;
        mounted = await module.mount(stage, {base: base + name + "/", still,
          progress: (share) => {
            start.lastChild.textContent = "Fetching … " + Math.round(100 * share) + " %";
          }}) || {};
        figure.dataset.ready = String(Math.round(performance.now() - began));
        holder.hidden = start.hidden = true;
        back.hidden = false;
        const first = stage.querySelector(
          "button, input:not([type=radio]), input:checked, select, [tabindex='0']");
        if (first) first.focus({preventScroll: true});
      } catch (error) {
        stage.hidden = true;
        stage.replaceChildren();
        trouble.textContent = "This figure could not start: " + reasonOf(error);
        trouble.hidden = false;
      }
      start.lastChild.textContent = "Try it here: " + title;
      busy = false;
    }

    /** A fault inside a running figure ends it, says so, and brings the picture back. */
    function sleep(reason) {
      if (!mounted) return;
      try { if (mounted.stop) mounted.stop(); } catch { /* it is going anyway */ }
      mounted = null;
      delete figure.dataset.ready;
      stage.hidden = back.hidden = true;
      stage.replaceChildren();
      holder.hidden = start.hidden = false;
      if (reason) {
        trouble.textContent = "This figure stopped: " + reason;
        trouble.hidden = false;
      }
      start.focus({preventScroll: true});
    }

    start.addEventListener("click", wake);
    back.addEventListener("click", () => sleep());
    stage.addEventListener("live-fault", (event) => sleep(event.detail));
  }

  function begin() {
    const there = document.querySelector('meta[name="book-live"]');
    const hashes = new Map((there ? there.content.split(" ") : []).map((word) => word.split(":")));
    for (const marker of document.querySelectorAll("[data-live]")) {
      const name = marker.dataset.live;
      if (hashes.has(name)) frame(marker, hashes.get(name));
    }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
