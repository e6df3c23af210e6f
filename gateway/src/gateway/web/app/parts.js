// What several screens are made of.

import { html, render, useEffect, useRef, useSignal } from "../vendor/preact.js";
import { get } from "./api.js";
import { chosen } from "./mailbox.js";
import { attempt } from "./notice.js";
import { percent } from "./words.js";

/** @typedef {import("../vendor/preact.js").ComponentChildren} Children */

const AWHILE_MS = 60_000; // after which the browser has surely taken a file

/** A screen's heading: focus comes here when the screen is entered. @param {{title: string, children?: Children}} props */
export function Heading({ title, children }) {
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    document.title = `${document.documentElement.dataset.mode ?? ""}${title} · Mail Organiser`;
    heading.current?.focus({ preventScroll: true });
  }, [title]);
  return html`<div class="heading"><h1 ref=${heading} tabindex="-1">${title}</h1><div class="actions">${children}</div></div>`;
}

/** How sure a choice is. @param {{value: number | null}} props */
export const Sure = ({ value }) =>
  value === null ? html`<span class="quiet">–</span>`
    : html`<span class="sure"><meter min="0" max="1" value=${value} aria-hidden="true"></meter> ${percent(value)}</span>`;

/**
 * Where a message goes: the chosen folders, or nowhere. Until somebody comes to it, the list holds only what is chosen: 500
 * rows with 200 folders each would be 100,000 elements.
 * @param {{value: string | null, label: string, none?: string, tabindex?: number, onPick: (folder: string | null) => void}} props none: what nowhere is called
 */
export function FolderPicker({ value, label, none = "Stays where it is", tabindex = 0, onPick }) {
  const whole = useSignal(false);
  const known = chosen.value.some((one) => one.id === value) ? value : "";
  const fill = () => (whole.value = true);
  /** @param {Event} event */
  const picked = (event) => onPick(/** @type {HTMLSelectElement} */ (event.currentTarget).value || null);
  const listed = whole.value ? chosen.value : chosen.value.filter((one) => one.id === known);
  return html`<select aria-label=${label} tabindex=${tabindex} value=${known} onPointerDown=${fill} onFocusIn=${fill} onChange=${picked}>
    ${(whole.value || !known) && html`<option value="">${none}</option>`}
    ${listed.map((one) => html`<option key=${one.id} value=${one.id}>${one.name}</option>`)}</select>`;
}

/**
 * A question over everything else. Focus goes in and comes back by itself; Esc is no.
 * @param {{title: string, onClose: () => void, children?: Children}} props
 */
export function Dialog({ title, onClose, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => dialog.current?.showModal(), []);
  return html`<dialog ref=${dialog} aria-label=${title} onClose=${onClose}><h2>${title}</h2>${children}</dialog>`;
}

/** What stands where there is nothing yet. @param {{children?: Children}} props */
export const Empty = ({ children }) => html`<div class="empty">${children}</div>`;

/** Says that something is on its way. @param {{what: string}} props */
export const Loading = ({ what }) => html`<p class="quiet" role="status">Loading ${what} …</p>`;

/** @typedef {() => Promise<unknown>} Again */

/** @param {{path: string, what: string, children: (found: any, again: Again) => unknown}} props */
function Fetched({ path, what, children }) {
  const [found, failed] = [useSignal(/** @type {unknown} */ (null)), useSignal(false)];
  const again = async () => {
    const answer = await attempt(() => get(path));
    if (answer === undefined) failed.value = true;
    else found.value = answer;
  };
  useEffect(() => void again(), [path]);
  if (found.value !== null) return children(found.value, again);
  return failed.value ? html`<p><button onClick=${again}>Load ${what} again</button></p>` : html`<${Loading} what=${what} />`;
}

/** A part of a screen that is made of what a GET answers; `again` asks anew. @param {string} path @param {string} what @param {(found: any, again: Again) => unknown} children */
export const fetched = (path, what, children) => html`<${Fetched} key=${path} path=${path} what=${what}>${children}<//>`;

/** A list by its pages: the items so far, null before there are any, and more of them while there are. @param {string} path */
export function usePages(path) {
  const [items, following] = [useSignal(/** @type {any[] | null} */ (null)), useSignal(/** @type {string | null} */ (null))];
  const more = () => attempt(async () => {
    const tail = following.value ? `${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(following.value)}` : "";
    const page = /** @type {{items: any[], next_cursor: string | null}} */ (await get(path + tail));
    [items.value, following.value] = [[...(items.value ?? []), ...page.items], page.next_cursor];
  });
  useEffect(() => void more(), [path]);
  return { items: items.value, more: following.value && html`<button onClick=${more}>Show 100 more</button>` };
}

/** @param {{caption: string, heads: string[], children?: Children}} props */
export const Table = ({ caption, heads, children }) => html`<table class="rows"><caption class="heard">${caption}</caption>
  <thead><tr>${heads.map((one) => html`<th scope="col">${one || html`<span class="heard">Actions</span>`}</th>`)}</tr></thead><tbody>${children}</tbody></table>`;

/** @param {Event} event */
export const valueOf = (event) => /** @type {HTMLInputElement} */ (event.currentTarget).value;

/** Puts what is typed or picked there. @param {{value: string}} signal @returns {(event: Event) => void} */
export const into = (signal) => (event) => void (signal.value = valueOf(event));

/** Keeps a form from being sent, and does that instead. @param {(form: HTMLFormElement) => unknown} work @returns {(event: Event) => void} */
export const submit = (work) => (event) => {
  event.preventDefault();
  work(/** @type {HTMLFormElement} */ (event.currentTarget));
};

/** @param {Record<string, string>} words of codes */
export const options = (words) => Object.entries(words).map(([code, word]) => html`<option key=${code} value=${code}>${word}</option>`);

/** Gives the browser a file to keep; no address of it is ever shown or sent. @param {string} name @param {Blob} content */
export function download(name, content) {
  const [place, url] = [new DocumentFragment(), URL.createObjectURL(content)];
  render(html`<a href=${url} download=${name}></a>`, place);
  /** @type {HTMLElement} */ (place.firstChild).click();
  setTimeout(() => URL.revokeObjectURL(url), AWHILE_MS);
}
