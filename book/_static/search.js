/* The search page: reads the query in its address, finds it in the index that the build made
   (book/_ext/book_search.py), and lists the hits. `window.bookSearch.find` is what tests call.

   An entry of the index becomes padded strings of its normal words, " batch normaliz layer ":
   whole words and phrases are then found by `includes`, and no word a reader types can be
   mistaken for a name that every object has, such as `constructor`. */

(() => {
  "use strict";

  const WORD = /\p{Script=Han}+|(?:(?!\p{Script=Han})[\p{L}\p{M}\p{N}_])+(?:['’]\p{L}+)?/gu;
  const HAN = /\p{Script=Han}/u;
  const KIND = { chapter: 1.4, term: 1.4, page: 0.9, section: 1, reference: 0.5, name: 0.5 };
  const EXACT = { chapter: 30, term: 30, page: 20, section: 15, reference: 10, name: 10 };
  const NAMED = /\w_|[a-z][A-Z]|\w\.[A-Za-z]{2}/;  // a query that is a name of the code
  const SHOWN = 40;  // a longer list is not read

  const known = new Map();  // a normal word -> how often the prose has it; in a title, ten times
  const spelled = new Map();  // a word in small letters -> the same number, and how the book writes it
  const normals = new Map();  // a word as it is written -> the form in which words are compared
  const same = new Map();  // a phrase of normal words -> the phrases that mean the same
  const glued = new Map();  // the words of a title written as one -> the phrase
  const headings = new Map();  // a title -> how many entries have it
  let data = null, entries = [], longest = 1;

  // ---- words ------------------------------------------------------------------------

  /** A word without capitals and accents. */
  const fold = (word) => word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/['’]s?$/, "");

  /** British as American: what both sides write is the same afterwards. */
  const american = (word) => data.spelling.reduce((now, [from, to]) => now.replaceAll(from, to), word);

  /** The form in which words are compared: one spelling, singular, numbers without zeros. */
  function normal(folded) {
    if (!normals.has(folded)) {
      let word = american(folded);
      if (/^\d+$/.test(word)) word = String(Number(word));
      else if (word.length > 4 && word.endsWith("ies")) word = `${word.slice(0, -3)}y`;
      else if (word.length > 3 && /[^sui]s$/.test(word)) word = word.slice(0, -1);
      normals.set(folded, word.replace(/(ch|sh|ss|x|z)e$/, "$1"));
    }
    return normals.get(folded);
  }

  /** The words of a text: {word: normal, folded, at, end}. */
  function words(text) {
    return [...text.matchAll(WORD)].map((match) => {
      const folded = fold(match[0]);
      return { word: normal(folded), folded, at: match.index, end: match.index + match[0].length };
    });
  }

  const phrase = (text) => words(text).map((one) => one.word).join(" ");
  const padded = (text) => ` ${phrase(text)} `;

  /** The parts of a name: gp_weight, BinaryCrossentropy. */
  const parts = (name) => name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").split("_").filter((part) => part.length > 1);

  /** What is left of a word without its ending, so that sampling leads to sample. */
  const root = (word) => word.replace(/(?:at(?:ion|or|ing|ed|e|ive)|iz(?:ation|ing|ed|er|e)?|ing|ed|er|or|ion|ive|ly|al|e)$/, "");

  // ---- the index --------------------------------------------------------------------

  function learn(text, weight) {
    for (const { word, folded, at, end } of words(text)) {
      known.set(word, (known.get(word) || 0) + weight);
      if (HAN.test(folded)) continue;
      const raw = text.slice(at, end);
      const one = spelled.get(folded) || { weight: 0, shown: /\p{Lu}.*\p{Lu}/u.test(raw) ? raw : folded };
      spelled.set(folded, { ...one, weight: one.weight + weight });
    }
  }

  /** The titles under which an entry is asked for by name; a chapter's address is one. */
  function exact(kind, page, title, own) {
    const [number, short] = page.split(" · ");
    const names = kind === "chapter" ? [own, number, `chapter ${number}`, short, page, title, title.split(":")[0]]
      : kind === "term" ? [title, ...title.split(" · ")]
      : kind === "name" ? [title, title.split(".").pop()] : [title];
    return new Set(names.map(phrase));
  }

  /** Note how a phrase looks without its spaces: texttoimage. */
  function glue(text) {
    const all = words(text);
    if (all.length > 1) glued.set(normal(all.map((one) => one.folded).join("")), phrase(text));
  }

  /** Read the index; after this `find` answers. */
  function read(index) {
    for (const map of [known, spelled, normals, same, glued, headings]) map.clear();
    data = index;
    for (const [one, form] of index.forms) normals.set(one, american(form));
    entries = index.entries.map(([of, anchor, title, kind, text, names]) => {
      const [address, page] = index.pages[of];
      const heading = kind !== "chapter" || title.startsWith(page.split(" · ")[1]) ? title : `${page.split(" · ")[1]}: ${title}`;
      const shown = kind === "chapter" ? `${page.split(" · ")[0]} · ${heading}` : title;
      const inside = kind === "name" ? title.split(".").flatMap(parts).join(" ") : "";
      learn(shown, 10);
      learn(text, 1);
      const own = kind === "chapter" ? address.replace(/.*\/\d*_?|\.html/g, "").replaceAll("_", " ") : "";
      const loose = [names, own, ...(text.match(/\w+_\w+|\w+[a-z][A-Z]\w+/g) || [])].join(" ");
      const entry = {
        kind, page, text, shown, address: address + (anchor ? `#${anchor}` : ""), of,
        title: padded(`${shown} ${inside}`), body: padded(text),
        names: padded(`${loose} ${loose.split(" ").flatMap(parts).join(" ")}`), exact: exact(kind, page, title, own),
      };
      entry.length = entry.body.split(" ").length;
      if (kind === "chapter" || kind === "term") title.split(" · ").forEach(glue);
      headings.set(entry.title, (headings.get(entry.title) || 0) + 1);
      return entry;
    });
    for (const group of index.same) {
      const all = group.map(phrase);
      group.forEach(glue);
      for (const one of all) {
        same.set(one, new Set([...(same.get(one) || []), ...all]));
        longest = Math.max(longest, one.split(" ").length);
      }
      for (const { folded } of group.flatMap(words)) {
        if (!spelled.has(folded)) spelled.set(folded, { weight: 3, shown: folded });
      }
    }
  }

  const titled = (needle) => entries.some((one) => one.title.includes(needle));
  const somewhere = (needle) => entries.some((one) => one.title.includes(needle) || one.body.includes(needle));

  // ---- a query ----------------------------------------------------------------------

  /** A form under which a part of a query may stand in a text. */
  const form = (text, quality, whole = true) => ({ needle: whole ? ` ${text} ` : ` ${text}`, quality, whole, marks: text.split(" ") });

  /** The forms of a single word: itself, longer words, and if there is neither, its relatives. */
  function forms({ word, folded }) {
    const found = [form(word, 1)];
    if (word.length > 2) found.push(form(word, 0.25, false));
    if (word.includes("_")) found.push(form(phrase(parts(word).join(" ")), 0.9));
    if (glued.has(word)) found.push(form(glued.get(word), 0.9));
    for (let at = 1; at < folded.length; at += 1) {  // crossentropy, unet
      const two = [folded.slice(0, at), folded.slice(at)];
      const text = two.map(normal).join(" ");
      if (two.some((part) => data.small.includes(part) || !known.has(normal(part)))) continue;
      if (two.some((part) => part.length < 3) ? titled(` ${text} `) : somewhere(` ${text} `)) found.push(form(text, 0.9));
    }
    if (known.has(word)) return found;
    const stem = root(word);
    if (stem.length > 3) for (const one of known.keys()) if (root(one) === stem) found.push(form(one, 0.4));
    return found;
  }

  /** The parts of a query, each with its forms; small words stand for nothing. */
  function slots(query) {
    const typed = words(query.replace(/\bch(?:ap(?:ter)?)?\.?\s*(?=\d)/gi, "chapter "));
    const small = new Set(data.small);
    const plain = typed.every((one) => small.has(one.folded));
    const found = [];
    for (let at = 0; at < typed.length;) {
      let take = Math.min(longest, typed.length - at);
      const text = () => typed.slice(at, at + take).map((one) => one.word).join(" ");
      while (take > 0 && !same.has(text())) take -= 1;
      const one = typed[at], next = typed[at + 1];
      if (take) {
        const own = text();
        const slot = { typed: one, forms: [...same.get(own)].map((other) => form(other, other === own ? 1 : 0.8)) };
        if (take > 1) slot.forms.push({ all: own.split(" ").map((word) => ` ${word} `), quality: 0.3, marks: own.split(" ") });
        found.push(slot);
      } else if (HAN.test(one.word)) {
        const run = one.word;
        // A word of two letters is found inside of a longer one; a longer run also by its pairs.
        const pairs = [...run].slice(1).map((letter, i) => [...run][i] + letter);
        for (const part of somewhere(run) ? [run] : pairs) {
          found.push({ typed: one, forms: [{ needle: part, quality: 1, whole: true, marks: [], han: part }] });
        }
        take = 1;
      } else if (next && known.has(one.word + next.word) && !small.has(one.folded)) {
        found.push({ typed: one, forms: [form(`${one.word} ${next.word}`, 1), form(one.word + next.word, 1)] });
        take = 2;
      } else {
        if (plain || !small.has(one.folded)) found.push({ typed: one, forms: forms(one) });
        take = 1;
      }
      at += take;
    }
    return found;
  }

  /** How much a form is worth in an entry: most in the title, least in code. */
  function worth(entry, { needle, all, quality }) {
    const value = (one) => {
      let sum = entry.title.includes(one) ? 8 / (1 + entry.title.split(" ").length / 8) : 0;
      const times = entry.body.split(one).length - 1;
      if (times) sum += (2.5 * times) / (times + 0.6 + entry.length / 200);
      return sum || (entry.names.includes(one) ? 0.3 : 0);
    };
    if (!all) return quality * value(needle);
    const values = all.map(value);
    return values.every(Boolean) ? quality * Math.max(...values) : 0;
  }

  /** The entries that have parts of a query, the best first. */
  function rank(query, asked) {
    const whole = phrase(query), named = NAMED.test(query);
    const rare = asked.map(() => 0);
    const scored = entries.map((entry) => {
      const values = asked.map((slot) => {
        let best = 0, full = false, titled = false;
        for (const one of slot.forms) {
          const value = worth(entry, one);
          if (value > best) best = value;
          if (value && (one.whole || one.all)) full = true;
          if (value && one.needle && entry.title.includes(one.needle)) titled = true;
        }
        return { best, full, titled };
      });
      values.forEach(({ best }, i) => { if (best) rare[i] += 1; });
      return { entry, values };
    }).filter(({ values }) => values.some(({ best }) => best));
    const onPage = new Map();
    for (const hit of scored) {
      const has = hit.values.map(({ best }) => best > 0);
      hit.has = has.filter(Boolean).length;
      hit.titled = hit.values.some(({ titled }) => titled);
      hit.full = hit.values.every(({ best, full }) => !best || full);
      hit.score = hit.values.reduce((sum, { best }, i) => sum + best * Math.log(1 + entries.length / (rare[i] || 1)), 0);
      const page = onPage.get(hit.entry.of) || { has: has.map(() => false), count: 0 };
      onPage.set(hit.entry.of, { has: page.has.map((was, i) => was || has[i]), count: page.count + 1 });
    }
    for (const hit of scored) {
      const { kind, of } = hit.entry;
      if (headings.get(hit.entry.title) > 2) hit.score *= 0.7;  // Summary, Further reading: every chapter's
      hit.score *= named && kind === "name" ? 1.5 : KIND[kind];
      if (kind === "chapter") hit.score *= 1 + Math.log2(onPage.get(of).count) / 5;  // it speaks of it throughout
      if (kind === "term" && !hit.titled) hit.score *= 0.5;  // another term's meaning uses the word
      if (hit.entry.exact.has(whole)) hit.score += named && kind === "name" ? 30 : EXACT[kind];
      hit.reach = onPage.get(of).has.filter(Boolean).length;
    }
    const order = (a, b) => b.has - a.has || b.full - a.full || b.score - a.score;
    scored.sort(order);
    // After a page's first hit its next ones step back a little, so that other pages are seen.
    const times = new Map();
    for (const hit of scored) {
      const { kind, of } = hit.entry, seen = times.get(of) || 0;
      if (kind !== "term") hit.score *= 0.85 ** seen;
      times.set(of, seen + 1);
    }
    scored.sort(order);
    if (!named) {
      // A word of the language leads to what explains it: three such places before the reference.
      const code = scored.filter(({ entry }) => entry.kind === "name" || entry.kind === "reference");
      const prose = scored.filter((hit) => !code.includes(hit));
      scored.splice(0, scored.length, ...prose.slice(0, 3), ...[...prose.slice(3), ...code].sort(order));
    }
    const most = Math.max(0, ...scored.map((hit) => hit.has));
    const reach = Math.max(0, ...scored.map((hit) => hit.reach));
    const first = scored.filter((hit) => hit.has === most);
    // A page may have all the words, each in another section.
    const more = most < asked.length && reach > most
      ? scored.filter((hit) => hit.reach === reach && !first.includes(hit)) : [];
    return { hits: [...first, ...more], most, missing: asked.filter((slot, i) => !rare[i]) };
  }

  /** How many letters must be changed, left out, put in or swapped with the next; 3 means more than two. */
  function distance(a, b) {
    if (Math.abs(a.length - b.length) > 2) return 3;
    let before = [], last = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i += 1) {
      const now = [i];
      for (let j = 1; j <= b.length; j += 1) {
        now[j] = Math.min(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] !== b[j - 1]));
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) now[j] = Math.min(now[j], before[j - 2] + 1);
      }
      [before, last] = [last, now];
    }
    return Math.min(3, last[b.length]);
  }

  /** The word of the book that a mistyped one was likely meant to be, or null. */
  function near(typed) {
    const asked = american(typed);
    if (asked.length < 3 || !/\p{L}/u.test(asked) || HAN.test(asked)) return null;
    const far = asked.length < 8 ? 1 : 2;
    let best = null;
    for (const [word, { weight, shown }] of spelled) {
      if (word.length < 3 || (asked.length < 4 && weight < 10) || data.small.includes(word)) continue;
      const steps = Math.min(distance(typed, word), distance(asked, american(word)));
      if (steps <= far && (!best || steps < best.steps || (steps === best.steps && weight > best.weight))) best = { shown, steps, weight };
    }
    return best && best.shown;
  }

  /** The query with its mistyped words mended, or null when there is nothing to mend. */
  function mended(query, asked) {
    let text = query, changed = false;
    const table = new Set([...same.keys()].flatMap((one) => one.split(" ")));
    for (const { folded, word, at, end } of words(query).reverse()) {
      if (known.has(word) || table.has(word) || data.small.includes(folded)) continue;
      const slot = asked.find((one) => one.typed.folded === folded);
      if (slot && slot.forms.some((one) => one.needle && one.marks.length > 1)) continue;  // two words as one
      if (query.length === end - at && entries.some((one) => one.names.includes(` ${word} `))) continue;  // a name in code
      if (folded.length < 5 && [...known.keys()].some((one) => one.startsWith(word))) continue;  // begun, not mistyped
      const other = near(folded);
      if (other) [text, changed] = [text.slice(0, at) + other + text.slice(end), true];
    }
    return changed ? text : null;
  }

  /**
   * Find a query.
   * @returns {{hits: object[], asked: object[], missing: string[], all: boolean, meant: string|null}}
   */
  function find(query) {
    const asked = slots(query);
    if (!asked.length) return { hits: [], asked, missing: [], all: true, meant: null };
    const { hits, most, missing } = rank(query, asked);
    return {
      hits: hits.map(({ entry }) => entry), asked, all: most === asked.length,
      missing: [...new Set(missing.map((slot) => query.slice(slot.typed.at, slot.typed.end) || slot.typed.folded))],
      meant: mended(query, asked),
    };
  }

  // ---- the page ---------------------------------------------------------------------

  /** Tell where in a text the parts of a query stand: [[from, to, which], ..]. */
  function places(text, asked) {
    const all = words(text), found = [];
    for (const one of asked.flatMap((slot) => slot.forms)) {
      const { marks, whole, han } = one;
      all.forEach(({ word, at, end }, i) => {
        const inside = han ? text.slice(at, end).indexOf(han) : -1;
        if (inside >= 0) found.push([at + inside, at + inside + han.length, han]);
        else if (one.all ? marks.includes(word) : whole === false && word.startsWith(marks[0])) found.push([at, end, word]);
        else if (whole && marks.length && marks.every((mark, j) => all[i + j]?.word === mark)) {
          found.push([at, all[i + marks.length - 1].end, marks.join(" ")]);
        }
      });
    }
    return found;
  }

  /** What a term means or a name does; else the sentence with most of what was asked. Two lines at most. */
  function excerpt(entry, asked) {
    const sentences = entry.text.split("\n").flatMap((line) => line.match(/\S.*?(?:[.?!](?=\s)|$)/g) || []);
    let best = 0, most = -1;
    if (entry.kind !== "term" && entry.kind !== "name") {
      sentences.forEach((one, i) => {
        const has = new Set(places(one, asked).map((place) => place[2])).size;
        if (has > most) [best, most] = [i, has];
      });
    }
    let text = sentences[best] || "";
    if (text.length < 90 && sentences[best + 1]) text += ` ${sentences[best + 1]}`;
    if (text.length <= 240) return text;
    const first = Math.min(...places(text, asked).map((place) => place[0]), text.length);
    const from = first > 160 && first < text.length ? text.indexOf(" ", first - 90) + 1 : 0;
    const cut = text.slice(from, from + 230);
    return (from ? "… " : "") + (from + 230 < text.length ? `${cut.slice(0, cut.lastIndexOf(" "))} …` : cut);
  }

  const element = (name, ...children) => {
    const made = document.createElement(name);
    made.append(...children);
    return made;
  };

  /** A text as nodes: what was asked is marked, Chinese tells its language. */
  function told(text, asked) {
    const marks = places(text, asked).sort((a, b) => a[0] - b[0] || b[1] - a[1]);
    const made = document.createDocumentFragment();
    const plain = (piece) => {
      for (const part of piece.split(/(\p{Script=Han}+)/u)) {
        if (!HAN.test(part)) made.append(part);
        else made.append(Object.assign(element("span", part), { lang: "zh-Hans" }));
      }
    };
    let at = 0;
    for (const [from, to] of marks) {
      if (from < at) continue;
      plain(text.slice(at, from));
      const mark = element("mark", text.slice(from, to));
      if (HAN.test(mark.textContent)) mark.lang = "zh-Hans";
      made.append(mark);
      at = to;
    }
    plain(text.slice(at));
    return made;
  }

  const PLACE = { chapter: "Chapter", term: "Glossary", name: "Reference", reference: "Reference", page: "Page" };

  function item(entry, asked) {
    const link = element("a", told(entry.shown, asked));
    link.href = entry.address;
    const place = element("span", PLACE[entry.kind] || entry.page);
    place.className = "book-place";
    const made = element("li", link, " ", place);
    const text = excerpt(entry, asked);
    if (text) made.append(Object.assign(element("p", told(text, asked)), { className: "context" }));
    return made;
  }

  /** The links that help where the search does not. */
  function ways() {
    const links = [["book/glossary.html", "glossary"], ["genindex.html", "index"], ["book/map.html", "map of the chapters"]];
    return links.flatMap(([href, name], i) => [
      i === 0 ? "the " : i === links.length - 1 ? " or the " : ", the ", Object.assign(element("a", name), { href })]);
  }

  const quoted = (all) => all.map((one) => `“${one}”`).join(" and ");

  function show(query) {
    const line = document.querySelector(".search-summary");
    const hint = document.querySelector(".book-hint");
    const box = document.getElementById("search-results");
    if (!window.bookSearchIndex) {
      line.textContent = "The index of the search did not load. Check the connection, and load this page again.";
      return;
    }
    read(window.bookSearchIndex);
    const { hits, asked, missing, all, meant } = find(query);
    const shown = hits.slice(0, SHOWN);
    if (!asked.length) {
      line.textContent = query ? `Nothing found for “${query}”.` : "";
      hint.append("Type a word or two, in English or Chinese: FID, mode collapse, 生成器, or the number of a chapter. "
        + "You can also look into ", ...ways(), ".");
    } else if (!hits.length) {
      line.textContent = `Nothing found for “${query}”.`;
      if (!meant) hint.append("Try a shorter word or another one for the same thing, or look into ", ...ways(), ".");
    } else {
      const count = hits.length > SHOWN ? `${hits.length} results, the best ${SHOWN} shown` : hits.length === 1 ? "1 result" : `${hits.length} results`;
      line.textContent = `${count} for “${query}”.`;
      if (missing.length) hint.append(`Nothing in the book has ${quoted(missing)}; these have the rest. `);
      else if (!all) hint.append("No place has all these words; these have most of them. ");
    }
    if (meant) {
      const link = Object.assign(element("a", meant), { href: `?q=${encodeURIComponent(meant)}` });
      hint.append("Did you mean ", link, "?");
    }
    for (const node of [...hint.childNodes]) {
      if (node.nodeType === Node.TEXT_NODE && HAN.test(node.data)) node.replaceWith(told(node.data, []));
    }
    if (shown.length) {
      const list = element("ul", ...shown.map((entry) => item(entry, asked)));
      list.className = "search";
      box.append(list);
    }
  }

  window.bookSearch = { read, find, distance };

  const field = document.querySelector(".bd-search-container input[type=search]");
  if (field) {
    const query = (new URLSearchParams(location.search).get("q") || "").trim();
    field.value = query;
    field.focus();
    if (query) document.title = `${query} · ${document.title}`;
    show(query);
  }
})();
