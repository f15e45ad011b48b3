/* What every page does by itself: a fade where code scrolls sideways, fewer stops for Tab, and a
   way past the code to the live figure. Without scripts a page only lacks these. */

(() => {
  "use strict";

  const sized = [];

  const WIDE = "article div.highlight > pre, article .book-numbers > .pst-scrollable-table-container";

  /** Code, printed text, numbers: fade at the edge where it goes on, and stop Tab only there. */
  function edges() {
    for (const pre of document.querySelectorAll(WIDE)) {
      const box = pre.parentElement;
      const look = () => {
        const more = pre.scrollWidth - pre.clientWidth;
        box.classList.toggle("book-fades", more > 2);
        box.classList.toggle("book-fades-end", pre.scrollLeft >= more - 2);
        pre.tabIndex = more > 2 ? 0 : -1; // -1: a press in it takes the focus there, Tab does not
      };
      pre.addEventListener("scroll", look, { passive: true });
      sized.push(look);
      look();
    }
  }

  /** Formulas that are wider than their column scroll, by keyboard too, and fade where they go on. */
  function formulas() {
    for (const box of document.querySelectorAll("article div.math")) {
      const look = () => {
        const more = box.scrollWidth - box.clientWidth;
        box.classList.toggle("book-goes-on", more > 2 && box.scrollLeft < more - 2);
        if (more > 2) {
          box.tabIndex = 0;
          box.setAttribute("role", "group");
          box.setAttribute("aria-label", "Formula");
        } else {
          for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
        }
      };
      box.addEventListener("scroll", look, { passive: true });
      sized.push(look);
      look();
    }
  }

  /** Copy buttons are stops for Tab only while the reader is in their cell: a chapter has fifty. */
  function copies() {
    const cell = (node) => node.closest?.(".cell_input, details.hide, div.highlight");
    const reach = (box, index) => box?.querySelectorAll("button.copybtn").forEach((one) => { one.tabIndex = index; });
    reach(document, -1);
    document.addEventListener("focusin", ({ target }) => reach(cell(target), 0));
    document.addEventListener("focusout", ({ target, relatedTarget }) => {
      if (!cell(target)?.contains(relatedTarget)) reach(cell(target), -1);
    });
  }

  /** A second skip link: over all code to the figure that answers to the reader. */
  function skip() {
    const figure = document.querySelector("article .live-figure[id]");
    const first = document.getElementById("pst-skip-link");
    if (!figure || !first) return;
    const link = document.createElement("a");
    link.href = "#" + figure.id;
    link.className = "book-skip-link";
    link.textContent = "Skip to the live figure";
    link.addEventListener("click", (event) => {
      event.preventDefault();  // the browser would take the focus to the frame
      figure.scrollIntoView();
      figure.querySelector("button")?.focus({ preventScroll: true });
    });
    first.after(link);
  }

  /** A text as nodes in which Chinese tells its language, as the build does in a page. */
  function tongues(text) {
    return text.split(/(\p{Script=Han}+)/u).map((part, i) => (
      i % 2 ? Object.assign(document.createElement("span"), { lang: "zh-Hans", textContent: part }) : part));
  }

  /** A term of the glossary: its meaning in a card, on hover, with the focus, or at a first tap. */
  function words() {
    const card = document.createElement("span");
    card.className = "book-card";
    card.id = "book-card";
    card.setAttribute("role", "tooltip");
    card.hidden = true;
    let of = null;
    const hide = () => { card.hidden = true; of?.removeAttribute("aria-describedby"); of = null; };
    const show = (term) => {
      of = term;
      card.replaceChildren(...tongues(term.dataset.meaning));
      card.hidden = false;
      term.setAttribute("aria-describedby", card.id);
      const box = term.getBoundingClientRect();
      const left = Math.min(box.left, document.documentElement.clientWidth - card.offsetWidth - 8);
      card.style.left = Math.max(8, left) + window.scrollX + "px";
      card.style.top = box.bottom + 6 + window.scrollY + "px";
    };
    for (const term of document.querySelectorAll("a.book-term")) {
      term.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") show(term); });
      term.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") hide(); });
      term.addEventListener("focus", () => { if (term.matches(":focus-visible")) show(term); });
      term.addEventListener("blur", hide);
      term.addEventListener("click", (event) => {
        if (event.pointerType !== "touch" || of === term) return;
        event.preventDefault();  // the second tap goes to the glossary
        show(term);
      });
    }
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
    document.addEventListener("pointerdown", (event) => { if (event.target !== of) hide(); });
    if (document.querySelector("a.book-term")) document.body.append(card);
  }

  function start() {
    edges();
    copies();
    skip();
    words();
    // MathJax may be at work still: a formula has its width when it is done.
    Promise.resolve(window.MathJax?.startup?.promise).then(formulas);
    document.addEventListener("toggle", () => sized.forEach((look) => look()), true); // folds
    let waiting = 0;
    window.addEventListener("resize", () => {
      cancelAnimationFrame(waiting);
      waiting = requestAnimationFrame(() => sized.forEach((look) => look()));
    });
  }

  // After all deferred scripts: the live figures are in their frames then.
  if (document.readyState === "complete") start();
  else window.addEventListener("load", start);
})();
