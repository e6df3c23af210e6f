// Text that strangers wrote. It is only ever text: invisible and reordering characters are shown as chips, so that what is
// read is what is there.

import { html } from "../vendor/preact.js";

/** @typedef {{text: string, code: number | null, marked: boolean}} Piece */
/** @typedef {{start: number, end: number}} Span in code points, the end not included */

const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\u00A0\u034F\u115F\u1160\u1680\u2000-\u200A\u202F\u205F\u2800\u3000\u3164\uFFA0\uFE00-\uFE0F\u{E0100}-\u{E01EF}]/u;
const JOINERS = new Set([0x200d, 0xfe0f]); // parts of emoji, honest beside a picture
const PICTURE = /\p{Extended_Pictographic}/u;
const MOST = 1000; // code points shown of one text

const NAMES = new Map([
  [0x09, "tab"], [0x0a, "line feed"], [0x0d, "carriage return"], [0x1b, "escape"], [0xa0, "no-break space"], [0xad, "soft hyphen"],
  [0x200b, "zero width space"], [0x200c, "zero width non-joiner"], [0x200d, "zero width joiner"], [0x200e, "left-to-right mark"],
  [0x200f, "right-to-left mark"], [0x202a, "left-to-right embedding"], [0x202b, "right-to-left embedding"],
  [0x202c, "pop directional formatting"], [0x202d, "left-to-right override"], [0x202e, "right-to-left override"],
  [0x2060, "word joiner"], [0x2066, "left-to-right isolate"], [0x2067, "right-to-left isolate"], [0x2068, "first strong isolate"],
  [0x2069, "pop directional isolate"], [0xfeff, "zero width no-break space"],
]);

/** What a hidden character is called. @param {number} code */
export function named(code) {
  if (code >= 0xe0000 && code <= 0xe007f) return "tag character";
  if ((code >= 0xfe00 && code <= 0xfe0f) || (code >= 0xe0100 && code <= 0xe01ef)) return "variation selector";
  return NAMES.get(code) ?? "hidden character";
}

/** @param {number} code */
const point = (code) => `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;

/** Whether an emoji needs this joiner. @param {string[]} points @param {number} at */
const belongs = (points, at) =>
  JOINERS.has(/** @type {number} */ (points[at].codePointAt(0))) && at > 0 &&
  (PICTURE.test(points[at - 1]) || points[at - 1] === "\ufe0f");

/**
 * A text cut where its look changes. exact: every hidden character is a chip, those of emoji too.
 * @param {string} text @param {Span[]} [spans] @param {boolean} [exact]
 * @returns {Piece[]}
 */
export function pieces(text, spans = [], exact = false) {
  const points = Array.from(text).slice(0, MOST);
  /** @type {Piece[]} */
  const found = [];
  points.forEach((one, at) => {
    const marked = spans.some(({ start, end }) => start <= at && at < end);
    const hidden = HIDDEN.test(one) && (exact || !belongs(points, at));
    const last = found.at(-1);
    if (hidden) found.push({ text: one, code: /** @type {number} */ (one.codePointAt(0)), marked });
    else if (last && last.code === null && last.marked === marked) last.text += one;
    else found.push({ text: one, code: null, marked });
  });
  return found;
}

/** @param {Piece} piece */
const chip = ({ code, marked }) => html`<span class=${marked ? "chip marked" : "chip"}
  title=${named(/** @type {number} */ (code))}>${point(/** @type {number} */ (code))}</span>`;

/** @param {Piece} piece */
const part = (piece) =>
  piece.code !== null ? chip(piece) : piece.marked ? html`<mark>${piece.text}</mark>` : piece.text;

/** One line of a stranger's text; what stands in for none. @param {{value: string | null | undefined, none?: string}} props */
export function Line({ value, none = "" }) {
  return value ? html`<bdi>${pieces(value).map(part)}</bdi>` : html`<span class="quiet">${none}</span>`;
}

/** A text by code point, nothing reordered, with what was found in it marked. @param {{value: string, spans: Span[]}} props */
export function Exactly({ value, spans }) {
  return html`<code class="exactly" dir="ltr" tabindex="0">${pieces(value, spans, true).map(part)}</code>`;
}

/** The same text as a mail program would show it: with its reordering, inside of a wall. @param {{value: string}} props */
export function AsShown({ value }) {
  return html`<span class="as-shown"><bdi>${Array.from(value).slice(0, MOST).join("")}</bdi></span>`;
}
