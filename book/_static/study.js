/* Learning aids: quizzes, fields for numbers and hints in the page, and a reader's progress, kept in this browser alone.

   A deferred script on every page; it does nothing where book_study.py left it nothing to do.
   It sends nothing anywhere. Nothing is marked unless the reader presses a button. */

(() => {
  "use strict";

  const KEY = "noise-to-image.progress";
  const PLACE = "noise-to-image.place"; // reading.js keeps it
  const VERSION = 1;
  const LISTS = { read: /^\d\d_\w+$/, passed: /^\d\d\.q?\d+$/ };
  const BLOCKED = "This browser keeps nothing for this site, so your marks are gone when you leave the page.";
  const FOREIGN = "What this browser had kept could not be read. Your next mark replaces it.";

  // ---- what is kept --------------------------------------------------------

  let memory = empty();
  let blocked = false;
  let foreign = false;
  const views = []; // functions that show what is kept; each is called after a change

  function empty() {
    return { version: VERSION, read: [], passed: [] };
  }

  /** Return the progress written in `text`, or null when it is something else. */
  function parse(text) {
    let found;
    try { found = JSON.parse(text); } catch { return null; }
    if (found?.version !== VERSION) return null;
    const progress = empty();
    for (const [list, form] of Object.entries(LISTS)) {
      if (!Array.isArray(found[list])) return null;
      const names = found[list].filter((name) => typeof name === "string" && form.test(name));
      progress[list] = [...new Set(names)].sort();
    }
    return progress;
  }

  function load() {
    if (blocked) return memory;
    let text = null;
    try { text = localStorage.getItem(KEY); } catch { blocked = true; return memory; }
    const found = text === null ? empty() : parse(text);
    foreign = found === null;
    memory = found ?? empty();
    blocked = Boolean(localStorage.standsIn); // book-storage.html: nothing outlives the page
    return memory;
  }

  function save(progress) {
    memory = progress;
    try { localStorage.setItem(KEY, JSON.stringify(progress)); } catch { blocked = true; }
    if (localStorage.standsIn) blocked = true;
    show();
  }

  function mark(list, name, on) {
    const progress = load();
    progress[list] = progress[list].filter((other) => other !== name).concat(on ? [name] : []).sort();
    save(progress);
  }

  function show() {
    const progress = load();
    for (const view of views) view(progress);
    document.dispatchEvent(new CustomEvent("book-progress", { detail: progress })); // for reading.js
  }

  // ---- small things --------------------------------------------------------

  /** Return a new element; `children` are elements or texts. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children);
    return element;
  }

  function button(words, pressed, action) {
    const made = make("button", { type: "button", class: "study-button" }, words);
    made.addEventListener("click", action);
    if (pressed) made.setAttribute("aria-pressed", "false");
    return made;
  }

  /** Return `text` as nodes, with what stands in backticks as code. */
  function rich(text) {
    return text.split(/`([^`]+)`/).map((part, i) => (i % 2 ? make("code", {}, part) : part));
  }

  function many(number, word) {
    return `${number} ${word}${number === 1 ? "" : "s"}`;
  }

  // ---- quizzes and numbers -------------------------------------------------

  /** Say what became of an answer, below it. */
  function tell(form, said, right, ...words) {
    form.dataset.verdict = right ? "right" : "wrong";
    said.replaceChildren(make("strong", {}, right ? "Right." : "Not yet."), " ", ...words);
  }

  /** Make of a question's paragraph and list the same as a form: each option is a radio's label. */
  function quiz(cell, { id, correct, because }) {
    const list = cell.previousElementSibling;
    const asked = list?.previousElementSibling;
    if (!list?.matches("ul") || !asked?.matches("p")) return;
    const passed = make("span", { class: "study-passed", hidden: true }, "passed");
    const fieldset = make("fieldset", {}, make("legend", {}, ...asked.childNodes, passed));
    const letters = Object.keys(because);
    [...list.children].forEach((item, i) => {
      for (const term of item.querySelectorAll("a")) term.replaceWith(...term.childNodes); // a press here chooses
      fieldset.append(make("label", { class: "study-option" },
        make("input", { type: "radio", name: `study-${id}`, value: letters[i] }),
        make("span", {}, ...(item.querySelector(":scope > p") ?? item).childNodes)));
    });
    const said = make("p", { class: "study-said", "aria-live": "polite" });
    fieldset.append(make("button", { type: "submit", class: "study-button" }, "Answer"), said);
    const form = make("form", { class: "study study-quiz", "data-quiz": id }, fieldset);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const letter = new FormData(form).get(`study-${id}`);
      if (!letter) {
        said.replaceChildren("Choose a letter first.");
        return;
      }
      const right = letter === correct;
      tell(form, said, right, ...rich(because[letter]));
      if (right) mark("passed", id, true);
    });
    asked.remove();
    list.replaceWith(form);
    cell.classList.add("study-replaced"); // what it asks is asked above
    views.push((progress) => { passed.hidden = !progress.passed.includes(id); });
  }

  /** Give the paragraphs of an exercise names, so that a screen reader can say them again. */
  function describe(cell, id) {
    const names = [];
    for (let part = cell.previousElementSibling; part; part = part.previousElementSibling) {
      if (part.matches(".cell, .study, h1, h2, h3, h4")) break;
      part.id ||= `exercise-${id}-${names.length}`;
      names.unshift(part.id);
      if (/^Exercise \d/.test(part.textContent.trim())) break;
    }
    return names.join(" ");
  }

  /** Return a number as a reader writes it, with six digits where it has more. */
  function figures(number) {
    const told = Number.isInteger(number) ? String(number) : String(Number(number.toPrecision(6)));
    return told.replace("-", "−").replace("Infinity", "∞");
  }

  /** A field for each number of an answer, judged here as `check` judges it in a cell. */
  function fields(cell, { id, numbers }) {
    const about = describe(cell, id);
    const inputs = numbers.parts.map(() => make("input", { type: "text", maxlength: "100", autocomplete: "off",
      autocapitalize: "off", spellcheck: "false", enterkeyhint: "done", "aria-describedby": about }));
    const said = make("p", { class: "study-said", "aria-live": "polite" });
    const form = make("form", { class: "study study-number", "data-number": id, "aria-label": `Answer to exercise ${id}` },
      make("div", { class: "study-row" },
        ...inputs.map((input, i) => make("label", {}, make("span", {}, numbers.parts[i]), input)),
        make("button", { type: "submit", class: "study-button" }, "Answer")),
      said);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const typed = inputs.map((input) => input.value);
      for (const input of inputs) input.removeAttribute("aria-invalid");
      try {
        const { right, says, values } = bookNumbers.judge(numbers, typed);
        const plain = values.every((value, i) => typed[i].trim() === String(value));
        const as = make("span", { class: "study-as" }, ` (Read as ${values.map(figures).join(" and ")}.)`);
        tell(form, said, right, ...rich(says), ...(plain ? [] : [as]));
        if (right) mark("passed", id, true);
      } catch (problem) {
        if (!(problem instanceof bookNumbers.Unreadable)) throw problem;
        delete form.dataset.verdict;
        said.replaceChildren(problem.message);
        inputs[problem.part].setAttribute("aria-invalid", "true");
        inputs[problem.part].focus();
      }
    });
    cell.before(form);
    cell.classList.add("study-replaced");
  }

  // ---- hints ---------------------------------------------------------------

  function hints(cell, { id, hints: all, solution }) {
    const list = make("ol", { class: "study-hints", "aria-live": "polite" });
    const box = make("div", { class: "study study-exercise", "data-hints": id, role: "group",
      "aria-label": `Help with exercise ${id}` });
    const next = button("", false, () => {
      const shown = list.children.length;
      if (shown >= all.length) return; // it stays where it is, so that the focus is not lost
      list.append(make("li", {}, ...rich(all[shown])));
      if (shown + 1 === all.length && solution) {
        list.append(make("li", { class: "study-end" }, "No more hints: the solution is folded below."));
      }
      name(shown + 1);
    });
    const name = (shown) => {
      const left = shown < all.length;
      next.textContent = left ? `Hint ${shown + 1} of ${all.length}` : "No more hints";
      next.setAttribute("aria-disabled", String(!left));
    };
    const solved = button("I solved it", true, () =>
      mark("passed", id, solved.getAttribute("aria-pressed") !== "true"));
    name(0);
    box.append(make("div", { class: "study-row" }, ...(all.length ? [next] : []), solved), list);
    cell.after(box);
    views.push((progress) =>
      solved.setAttribute("aria-pressed", String(progress.passed.includes(id))));
  }

  // ---- the end of a chapter ------------------------------------------------

  function foot(article, { chapter, home, exercises }) {
    const read = button("I have read this chapter", true, () =>
      mark("read", chapter, read.getAttribute("aria-pressed") !== "true"));
    const told = make("p", { class: "study-told" });
    const note = make("p", { class: "study-note", role: "status" });
    const link = make("a", { href: home }, "your progress");
    article.append(make("div", { class: "study study-foot", role: "group",
      "aria-label": "Your progress in this chapter" }, read, told, note));
    views.push((progress) => {
      const done = exercises.filter(({ id }) => progress.passed.includes(id)).length;
      read.setAttribute("aria-pressed", String(progress.read.includes(chapter)));
      told.replaceChildren(`${done} of ${many(exercises.length, "exercise")} passed; `, link, ".");
      note.textContent = blocked ? BLOCKED : foreign ? FOREIGN : "";
    });
  }

  // ---- the contents page ---------------------------------------------------

  function contents(place) {
    const rows = [...place.querySelectorAll("tbody tr")].map((row) => ({
      row, chapter: row.dataset.chapter, exercises: row.dataset.exercises.split(" ").filter(Boolean),
    }));
    const total = place.querySelector("tfoot tr");
    const all = rows.flatMap(({ exercises }) => exercises);
    const told = make("p", { class: "study-note", role: "status" });
    const file = make("input", { type: "file", accept: ".json,application/json", hidden: true,
      "aria-label": "A file of progress" });
    let said = "";
    const say = (words) => { said = words; show(); };

    file.addEventListener("change", async () => {
      const chosen = file.files[0];
      if (!chosen) return;
      const found = parse(await chosen.text());
      file.value = "";
      if (!found) return say(`${chosen.name} holds no progress of this book; nothing was changed.`);
      const progress = load();
      for (const list of Object.keys(LISTS)) {
        progress[list] = [...new Set([...progress[list], ...found[list]])].sort();
      }
      said = `The marks of ${chosen.name} were added.`;
      save(progress);
    });

    const give = button("Export", false, () => {
      const text = JSON.stringify({ book: "From Noise to Image", ...load() }, null, 2) + "\n";
      const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      make("a", { href: address, download: "noise-to-image-progress.json" }).click();
      setTimeout(() => URL.revokeObjectURL(address), 1000);
      say("Saved as noise-to-image-progress.json.");
    });

    const remove = button("Delete", false, () => {
      const { read, passed } = load();
      const what = `${many(read.length, "chapter")} marked as read and ` +
        `${many(passed.length, "exercise")} passed`;
      if (!confirm(`Delete your progress from this browser: ${what}? Only an export brings it back.`)) return;
      memory = empty();
      try { for (const key of [KEY, PLACE]) localStorage.removeItem(key); } catch { blocked = true; }
      say("Your progress was deleted from this browser.");
    });

    place.append(told, make("div", { class: "study study-row" }, give,
      button("Import", false, () => file.click()), file, remove));
    for (const hidden of place.querySelectorAll(".study-read, .study-count")) hidden.hidden = false;

    const count = (names, progress) => names.filter((name) => progress.passed.includes(name)).length;
    const fill = (row, read, passed) => {
      row.querySelector(".study-read").textContent = read;
      row.querySelector(".study-count").textContent = passed;
    };
    views.push((progress) => {
      let finished = 0;
      for (const { row, chapter, exercises } of rows) {
        const read = progress.read.includes(chapter);
        finished += read;
        row.dataset.read = read;
        fill(row, read ? "read" : "not yet", `${count(exercises, progress)} of ${exercises.length}`);
      }
      fill(total, `${finished} of ${rows.length}`, `${count(all, progress)} of ${all.length}`);
      told.textContent = [said, blocked ? BLOCKED : foreign ? FOREIGN : ""].filter(Boolean).join(" ");
    });
  }

  // ---- cite this page ------------------------------------------------------

  function copying(pre) {
    const words = "Copy";
    const copy = button(words, false, async () => {
      let done = "Copied";
      try {
        await navigator.clipboard.writeText(pre.textContent);
      } catch { // no clipboard on plain http, or not allowed: the reader copies it
        getSelection().selectAllChildren(pre);
        done = "Selected: copy it now";
      }
      copy.textContent = done;
      setTimeout(() => { copy.textContent = words; }, 3000);
    });
    copy.setAttribute("aria-live", "polite");
    pre.after(copy);
  }

  // ---- paper is white ------------------------------------------------------

  function printLight() {
    const root = document.documentElement;
    let theme = null;
    window.addEventListener("beforeprint", () => {
      theme ??= root.dataset.theme;
      root.dataset.theme = "light";
      for (const image of document.images) image.loading = "eager";
    });
    window.addEventListener("afterprint", () => {
      if (theme) root.dataset.theme = theme;
      theme = null;
    });
  }

  // ---- start ---------------------------------------------------------------

  function start() {
    printLight();
    document.querySelectorAll("pre.study-cite").forEach(copying);
    const data = document.getElementById("book-exercises");
    const place = document.getElementById("book-progress");
    if (data) {
      const page = JSON.parse(data.textContent);
      for (const exercise of page.exercises) {
        const cell = document.querySelector(`[data-exercise="${exercise.id}"]`);
        if (!cell) continue;
        if (exercise.kind === "quiz") quiz(cell, exercise);
        else hints(cell, exercise);
        if (exercise.kind === "number") fields(cell, exercise);
      }
      foot(data.parentElement, page);
    }
    if (place) contents(place);
    show();
    window.addEventListener("storage", show); // another tab
    window.addEventListener("pageshow", (event) => { if (event.persisted) show(); });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
