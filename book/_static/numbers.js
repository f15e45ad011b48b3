/* Numbers as people type them, and the judge of answers that are numbers.

   bookNumbers.read(text)          the numbers that a text may stand for, the likeliest first;
                                   throws an Unreadable whose message is one sentence
   bookNumbers.judge(data, typed)  what becomes of an answer: checks/stretches.py, once more
   study.js makes the fields. Nothing here touches the page. */

window.bookNumbers = (() => {
  "use strict";

  class Unreadable extends Error {}

  const SUCH_AS = "write it in figures, such as 0.25, 1/4 or 1e-3.";
  const ZEROS = ["٠", "۰", "०", "০", "๐"]; // NFKC brings full-width digits home, but not these
  const FUNCTIONS = { sqrt: Math.sqrt, exp: Math.exp, ln: Math.log, log: Math.log, log2: Math.log2, log10: Math.log10 };
  const has = (of, name) => Object.prototype.hasOwnProperty.call(of, name);
  const CONSTANTS = { pi: Math.PI, π: Math.PI, e: Math.E, inf: Infinity, infinity: Infinity, "∞": Infinity, nan: NaN };
  const NAME = /^(?:log2|log10|[\p{L}_∞]+)/u;
  // Words that change a number, so that none of them may be passed over as its unit.
  const MULTIPLES = /^(k|thousand|million|mio|billion|hundred|dozen|hal(f|ve)|third|quarter|fifth|tenth|hundredth)s?(?!\p{L})/u;
  const HAN = "零〇一二三四五六七八九";
  const PLACES = { 十: 10, 百: 100, 千: 1000, 万: 1e4, 亿: 1e8 };
  const HAN_NUMBER = `[${HAN}两十百千万亿点\\d.]+`;

  // ---- one way to write a number -------------------------------------------

  /** Return the value of a number in Chinese signs, such as 三千, 〇点七五 or 20.5万. */
  function fromHan(text) {
    const [whole, rest = ""] = text.replaceAll("两", "二").split("点");
    const digits = (part) => part.replace(/[零〇一二三四五六七八九]/g, (sign) => Math.max(0, HAN.indexOf(sign) - 1));
    if (!/[十百千万亿]/.test(whole)) return Number(`${digits(whole) || 0}.${digits(rest) || 0}`);
    let total = 0, section = 0, last = 0;
    for (const [part] of whole.matchAll(/[\d.]+|./g)) {
      if (!(part in PLACES)) last = Number(digits(part));
      else if (PLACES[part] < 1e4) { section += (last || 1) * PLACES[part]; last = 0; }
      else { total = (total + section + last) * PLACES[part]; section = last = 0; }
    }
    return total + section + last + Number(`0.${digits(rest) || 0}`);
  }

  function fromChinese(text) {
    if (!new RegExp(`[${HAN}两十百千万亿]`).test(text)) return text;
    return text.replace(/^负/, "-")
      .replace(new RegExp(`(${HAN_NUMBER})分之(${HAN_NUMBER})`, "g"), (_, below, above) =>
        `(${fromHan(above)}/${fromHan(below)})`)
      .replace(new RegExp(HAN_NUMBER, "g"), (run) => (/[^\d.]/.test(run) ? String(fromHan(run)) : run));
  }

  /** Return a text with plain digits, signs and operators; it may still be anything. */
  function tidy(text) {
    let plain = text
      .replace(/[⁺⁻]?[⁰¹²³⁴-⁹]+/g, (power) => `^${power.normalize("NFKC")}`)
      .replace(/(\d+)?\s*([¼½¾⅐-⅞])/g, (_, whole, part) => `(${whole ?? 0}+${part.normalize("NFKC")})`)
      .normalize("NFKC").toLowerCase();
    for (const zero of ZEROS) {
      const first = zero.codePointAt(0);
      plain = plain.replace(/\p{Nd}/gu, (digit) => {
        const value = digit.codePointAt(0) - first;
        return value >= 0 && value < 10 ? String(value) : digit;
      });
    }
    plain = plain.trim().replace(/^["'`“”„«»]+|["'`“”„«»]+$/g, "")
      .replace(/[‐‑‒–—―−]/g, "-").replace(/[·⋅∙✕]/g, "*").replace(/[÷⁄]/g, "/").replace(/[。٫]/g, ".").replace(/٬/g, ",")
      .replace(/\b(?:np|numpy|math)\./g, "").replace(/per ?cent|\bpct\b|％/g, "%")
      .replace(/×\s*$/, "").replace(/(?<=[\d)])(?<!^0)\s*[×x]\s*(?=[\d(])/g, "*").replace(/×/g, "*");
    if (!/[<>≤≥]/.test(plain)) plain = plain.replace(/^.*[=≈~≃]/, ""); // of "D = 3/4 = 0.75" the end
    return fromChinese(plain.trim().replace(/[.,]$/, ""))
      .replace(/[[{]/g, "(").replace(/[\]}]/g, ")")
      .replace(/(\d)[ '’_](?=\d{3}(?!\d))/g, "$1") // 205 056, 205_056
      .replace(/^(-?)(\d+) (\d+\/\d+)$/, "$1($2+$3)"); // 2 1/2
  }

  /** Return a text without commas, each taken for what stands between thousands or, if it can be, decimals. */
  function points(text, thousands) {
    return text.replace(/[.,]?\d[\d.,]*/g, (number) => {
      const either = /^[1-9]\d{0,2},\d{3}$/.test(number);
      if (/^[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/.test(number) && (thousands || !either)) {
        return number.replaceAll(",", "");
      }
      if (/^[1-9]\d{0,2}(\.\d{3}){2,}(,\d*)?$|^[1-9]\d{0,2}(\.\d{3})+,\d*$/.test(number)) {
        number = number.replaceAll(".", "");
      }
      if ((number.match(/[.,]/g) ?? []).length > 1) {
        throw new Unreadable(`"${number}" has more than one decimal point: ${SUCH_AS}`);
      }
      return number.replace(",", ".");
    });
  }

  // ---- arithmetic ----------------------------------------------------------

  /** Return the value of an expression such as 3/(3+1), 5**2 or ln(2)/2; a unit may follow. `typed` is what
      the reader wrote, for a sentence about it. */
  function value(text, typed) {
    let left = text;
    const skip = () => { left = left.trimStart(); };
    const take = (pattern) => {
      skip();
      const found = left.match(pattern);
      if (found) left = left.slice(found[0].length);
      return found?.[0];
    };
    const lost = () => new Unreadable(`"${typed.length > 30 ? typed.slice(0, 29) + "…" : typed}" is no number: ${SUCH_AS}`);
    const finite = (result, ...from) => {
      if (!Number.isFinite(result) && from.every(Number.isFinite)) {
        throw new Unreadable("That has no finite value: look for a division by zero, or for a number far too large.");
      }
      return result;
    };

    function sum() {
      let result = product();
      for (let sign; (sign = take(/^[+-]/));) {
        const next = product();
        result = finite(sign === "+" ? result + next : result - next, result, next);
      }
      return result;
    }
    function product() {
      let result = signed();
      for (let sign; (sign = take(/^(\/\/|\/|\*(?!\*))/));) {
        const next = signed();
        const made = sign === "*" ? result * next : result / next;
        result = finite(sign === "//" ? Math.floor(made) : made, result, next);
      }
      return result;
    }
    function signed() {
      const sign = take(/^[+-]/);
      if (!sign) return power();
      return sign === "-" ? -signed() : signed();
    }
    function power() {
      let result = single();
      while (take(/^%/)) result /= 100;
      if (!take(/^(\^|\*\*)/)) return result;
      const exponent = signed();
      return finite(result ** exponent, result, exponent);
    }
    function single() {
      const number = take(/^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?(?![\d.])/);
      if (number) return Number(number);
      if (take(/^\(/)) {
        const inner = sum();
        if (!take(/^\)/)) throw new Unreadable("A bracket is open: close it with ).");
        return inner;
      }
      if (take(/^√/)) return root(single());
      const name = take(NAME);
      if (has(CONSTANTS, name ?? "")) return CONSTANTS[name];
      if (!has(FUNCTIONS, name ?? "")) throw lost();
      skip();
      if (!/^[(\d.]/.test(left)) throw new Unreadable(`Put in brackets what ${name} is of, as in ${name}(2).`);
      const of = single();
      return finite(FUNCTIONS[name](of), of);
    }
    const root = (of) => finite(Math.sqrt(of), of);

    const result = sum();
    skip();
    if (!left) return result;
    const word = left.match(NAME)?.[0] ?? "";
    if (MULTIPLES.test(left)) throw new Unreadable(`Write the number in figures alone, without "${word}".`);
    if (has(FUNCTIONS, word) || has(CONSTANTS, word) || /^[\d(√]/.test(left)) {
      throw new Unreadable("Between two numbers an operator is missing, such as * or /.");
    }
    if (!/^[\p{L}°][\p{L}°/ .-]{0,29}$/u.test(left)) throw lost();
    return result; // what follows is its unit
  }

  // ---- what study.js asks --------------------------------------------------

  function read(text) {
    if (!text.trim()) throw new Unreadable("Write a number first.");
    const plain = tidy(text);
    if (/[;、]|,\s|^\(.*,.*\)$/.test(plain)) {
      throw new Unreadable("Write one number in a field, and no list; 0.75 may also be written 0,75.");
    }
    return [...new Set([true, false].map((thousands) => value(points(plain, thousands), text.trim())))];
  }

  /** Tell whether a number lies on a stretch, [low, high, open, outside]; null has no bound. */
  function holds([low, high, open, outside], number) {
    const over = low === null || (open ? number > low : number >= low);
    const under = high === null || (open ? number < high : number <= high);
    return (over && under) !== outside;
  }

  function ruled(rules, values) {
    return rules.find(({ when }) => when.every((stretch, i) => stretch === null || holds(stretch, values[i])));
  }

  /** Return {right, says, values} for `typed`, a text for each part; throws an Unreadable, with `part`.

      Where a text may stand for two numbers, as 3,000 may, the one that is right is taken. */
  function judge({ parts, rules, nan, infinite }, typed) {
    let ways = [[]];
    typed.forEach((text, part) => {
      try {
        const numbers = read(text);
        ways = ways.flatMap((way) => numbers.map((number) => [...way, number]));
      } catch (problem) {
        problem.part = part;
        if (!text.trim() && parts.length > 1) problem.message = `Write a number for "${parts[part]}" too.`;
        throw problem;
      }
    });
    const verdicts = ways.map((values) => {
      if (values.some(Number.isNaN)) return { right: false, says: nan, values };
      if (infinite && !values.every(Number.isFinite)) return { right: false, says: infinite, values };
      return { ...ruled(rules, values), values };
    });
    return verdicts.find(({ right }) => right) ?? verdicts[0];
  }

  return { read, judge, Unreadable };
})();
