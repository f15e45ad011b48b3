// The sentences of helpers/captions.py: which words there are, what a sentence demands, and which
// word may come next. `parse` accepts what Python's accepts; the suggestions are stricter (they
// mind the plural and the number of objects), so that each of them leads to an accepted sentence.

export const SHAPES = ["circle", "square", "triangle", "cross"];
export const COLOURS = {
  red: [228, 42, 42], green: [34, 178, 70], blue: [48, 96, 240],
  yellow: [250, 214, 40], pink: [244, 120, 200], white: [245, 245, 245],
};
export const BACKGROUNDS = {dark: [26, 26, 36], grey: [128, 130, 134], purple: [90, 40, 130]};
const NUMBERS = {a: 1, one: 1, two: 2, three: 3};
export const SIZES = {large: "large", big: "large", small: "small", little: "small"};
const RELATIONS = {
  "left of": "left", "to the left of": "left", "right of": "right", "to the right of": "right",
  above: "above", over: "above", below: "below", under: "below",
};
const PLURALS = {
  circle: "circles", square: "squares", triangle: "triangles", cross: "crosses",
};
const INVERSE = {left: "right", right: "left", above: "below", below: "above"};
export const MOST = 3;  // objects that a scene may hold

/** All words, in the order that gives them their token numbers. */
export const WORDS = [...new Set([
  ...Object.keys(NUMBERS), ...Object.keys(SIZES), ...Object.keys(RELATIONS), ...SHAPES,
  ...Object.values(PLURALS), ...Object.keys(COLOURS), ...Object.keys(BACKGROUNDS),
  "there is", "a picture of", "draw", "on a background", "and", "is", "are", "with it",
].flatMap((phrase) => phrase.split(" ")))].sort();

/** A sentence as words, in small letters and without its stops, known or not. */
export const split = (sentence) =>
  sentence.toLowerCase().replace(/[.,;:!?]/g, " ").split(/\s+/).filter(Boolean);

/** The words of a sentence; an error names the first that is not known, and those that are. */
export function words(sentence) {
  const found = split(sentence);
  const unknown = found.find((word) => !WORDS.includes(word));
  if (unknown !== undefined) {
    const words = WORDS.join(", ");
    throw Object.assign(new Error(`The word “${unknown}” is not known here: the words are ${words}.`),
      {unknown});
  }
  return found;
}

/** How many letters must be put in, left out, exchanged or swapped to get from one word to the
 *  other. */
function apart(one, other) {
  const rows = [Array.from({length: other.length + 1}, (_, k) => k)];
  for (let i = 1; i <= one.length; i++) {
    rows.push([i]);
    for (let k = 1; k <= other.length; k++) {
      rows[i][k] = Math.min(rows[i - 1][k] + 1, rows[i][k - 1] + 1,
        rows[i - 1][k - 1] + (one[i - 1] === other[k - 1] ? 0 : 1));
      if (i > 1 && k > 1 && one[i - 1] === other[k - 2] && one[i - 2] === other[k - 1]) {
        rows[i][k] = Math.min(rows[i][k], rows[i - 2][k - 2] + 1);
      }
    }
  }
  return rows[one.length][other.length];
}

/** The word that may be meant by one that is not known, or null: the nearest, and of those equally
 *  near one of `fitting`, if there is any. Short words must be nearer. */
export function near(unknown, fitting = []) {
  let best = null, least = Math.min(unknown.length - 0.5, unknown.length < 5 ? 1.5 : 2.5);
  for (const word of WORDS) {
    const away = apart(unknown, word) - (fitting.includes(word) ? 0.1 : 0);
    if (away < least) [best, least] = [word, away];
  }
  return best;
}

// ---- what a sentence demands, with the forms of Python --------------------------------------

const any = (list) => [...list].sort((a, b) => b.length - a.length).join("|");
const THING = `(?:${any(Object.keys(NUMBERS))}) (?:(?:${any(Object.keys(SIZES))}) )?`
  + `(?:${any(Object.keys(COLOURS))}) (?:${any([...SHAPES, ...Object.values(PLURALS)])})`;
const HOW = any(Object.keys(RELATIONS));
const OPENING = "(?:(?:there (?:is|are)|a picture of|draw) )?";
const FORMS = [
  `${OPENING}(?<first>${THING}) (?<how>${HOW}) (?<second>${THING})`,
  `(?<how>${HOW}) (?<second>${THING}) (?:is|are) (?<first>${THING})`,
  `${OPENING}(?<second>${THING}) with (?<first>${THING}) (?<how>${HOW}) it`,
  `${OPENING}(?<list>${THING}(?: and ${THING})*)`,
].map((form) => new RegExp(`^${form}$`));
const ENDING = new RegExp(
  `^(?<rest>.*?)(?: on a (?<background>${Object.keys(BACKGROUNDS).join("|")}) background)?$`);

function demand(phrase) {
  const parts = phrase.split(" ");
  const [number, colour, shape] = [parts[0], parts[parts.length - 2], parts[parts.length - 1]];
  const size = parts.length === 4 ? SIZES[parts[1]] : null;
  const single = SHAPES.find((name) => name === shape || PLURALS[name] === shape);
  return {count: NUMBERS[number], size, colour, shape: single};
}

/** What a sentence demands: {demands: [{count, size, colour, shape}], relation, background}.
 *  An error says in one sentence why it cannot be read. */
export function parse(sentence) {
  const text = words(sentence).join(" ");
  const {rest, background} = ENDING.exec(text).groups;
  const match = FORMS.map((form) => form.exec(rest)).find(Boolean);
  if (!match) throw new Error(complaint(text));
  const {first, second, how, list} = match.groups;
  const demands = (how ? [first, second] : list.split(" and ")).map(demand);
  if (demands.reduce((sum, {count}) => sum + count, 0) > MOST) {
    throw new Error(`There is room for at most ${MOST} objects here: ask for fewer.`);
  }
  return {demands, relation: RELATIONS[how] ?? null, background: background ?? null};
}

// ---- which word may come next ---------------------------------------------------------------
//
// The suggestions' grammar is an expression over words: null (nothing), END (the empty sentence),
// a word, {or: [..]} or {then: [first, rest]}. `after` is Brzozowski's derivative: what may follow
// once a word has been said.

const END = {end: true};
const or = (...parts) => {
  const kept = parts.filter(Boolean);
  return kept.length > 1 ? {or: kept} : kept[0] ?? null;
};
const then = (first, rest) => (
  !first || !rest ? null : first === END ? rest : {then: [first, rest]});
const row = (...parts) => parts.reduceRight((rest, part) => then(part, rest), END);
const say = (phrase) => row(...phrase.split(" "));
const oneOf = (phrases) => or(...phrases.map(say));
const maybe = (part) => or(part, END);

const ends = (part) => part === END || Boolean(part?.or?.some(ends))
  || Boolean(part?.then?.every(ends));

function after(part, word) {
  if (!part || part === END) return null;
  if (typeof part === "string") return part === word ? END : null;
  if (part.or) return or(...part.or.map((option) => after(option, word)));
  const [first, rest] = part.then;
  return or(then(after(first, word), rest), ends(first) ? after(rest, word) : null);
}

function firsts(part, found = []) {
  if (typeof part === "string") {
    if (!found.includes(part)) found.push(part);
  } else if (part?.or) {
    part.or.forEach((option) => firsts(option, found));
  } else if (part?.then) {
    firsts(part.then[0], found);
    if (ends(part.then[0])) firsts(part.then[1], found);
  }
  return found;
}

const thing = (count) => row(oneOf(Object.keys(NUMBERS).filter((n) => NUMBERS[n] === count)),
  maybe(oneOf(Object.keys(SIZES))), oneOf(Object.keys(COLOURS)),
  oneOf(count === 1 ? SHAPES : Object.values(PLURALS)));
/** Things joined by "and", the first of `count`, at most `room` in all. */
const things = (count, room) => then(thing(count), or(END, ...[1, 2, 3]
  .filter((next) => next <= room - count)
  .map((next) => then("and", things(next, room - count)))));

const how = oneOf(Object.keys(RELATIONS));
const single = or(things(1, MOST), row(thing(1), how, thing(1)),
  row(thing(1), "with", thing(1), how, "it"));
const several = or(things(2, MOST), things(3, MOST));
const GRAMMAR = row(
  or(single, several, then(oneOf(["draw", "a picture of"]), or(single, several)),
    row("there", "is", single), row("there", "are", several), row(how, thing(1), "is", thing(1))),
  maybe(row("on", "a", oneOf(Object.keys(BACKGROUNDS)), "background")));

/** Follow words through the grammar: {good, next, done}. `good` counts the words that fit,
 *  `next` lists what may follow these, `done` says whether they are a whole sentence. */
export function follow(found) {
  let state = GRAMMAR, good = 0;
  for (const word of found) {
    const on = after(state, word);
    if (!on) break;
    state = on;
    good += 1;
  }
  return {good, next: firsts(state), done: ends(state)};
}

/** A word and those that can only follow it: "left" becomes "left of". */
export function further(found, word) {
  const phrase = [word];
  for (let i = 0; i < 4; i++) {
    const {next, done} = follow([...found, ...phrase]);
    if (done || next.length !== 1) break;
    phrase.push(next[0]);
  }
  return phrase;
}

const list = (names) => (names.length < 2 ? names.join("")
  : `${names.slice(0, -1).join(", ")} or ${names[names.length - 1]}`);

/** Why a sentence of known words cannot be read, in one sentence. */
function complaint(text) {
  const found = text.split(" ").filter(Boolean);
  if (!found.length) return "There is no sentence yet: write for example “a large red circle”.";
  const {good, next, done} = follow(found);
  const place = good ? `after “${found.slice(0, good).join(" ")}”` : "at the start";
  const may = next.length ? `may come ${list(next)}` : "nothing more can come";
  if (good === found.length && !done) return `The sentence is not finished: ${place} ${may}.`;
  if (good === found.length) return `The sentence “${text}” cannot be read.`;
  return `The word “${found[good]}” does not fit: ${place} ${may}.`;
}

// ---- what training never showed -------------------------------------------------------------

const named = ([colour, shape]) => `a ${colour} ${shape}`;

/** Which demands of a request no training scene met, in words; [] if all were met together. */
export function neverShown(request, held) {
  const found = [];
  const kinds = request.demands.map(({colour, shape}) => [colour, shape]);
  const same = (a, b) => a.join() === b.join();
  for (const kind of held.combinations) {
    if (kinds.some((other) => same(kind, other))) found.push(named(kind));
  }
  for (const [one, two] of held.pairs) {
    if (kinds.some((k) => same(k, one)) && kinds.some((k) => same(k, two))) {
      found.push(`${named(one)} together with ${named(two)}`);
    }
  }
  if (request.relation) {
    const [first, second] = request.demands.map(({shape}) => shape);
    for (const [a, relation, b] of held.relations) {
      if ((a === first && relation === request.relation && b === second)
        || (b === first && INVERSE[relation] === request.relation && a === second)) {
        const stands = {left: "left of", right: "right of"}[relation] ?? relation;
        found.push(`a ${a} ${stands} a ${b}`);
      }
    }
  }
  return found;
}
