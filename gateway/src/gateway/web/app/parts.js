// What several screens are made of.

import { html, useEffect, useRef } from "../vendor/preact.js";
import { chosen } from "./mailbox.js";
import { percent } from "./words.js";

/** @typedef {import("../vendor/preact.js").ComponentChildren} Children */

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

/** Where a message goes: the chosen folders, or nowhere. @param {{value: string | null, label: string, onPick: (folder: string | null) => void}} props */
export function FolderPicker({ value, label, onPick }) {
  const known = chosen.value.some((one) => one.id === value);
  /** @param {Event} event */
  const picked = (event) => onPick(/** @type {HTMLSelectElement} */ (event.currentTarget).value || null);
  return html`<select aria-label=${label} value=${known ? value : ""} onChange=${picked}>
    <option value="">Stays where it is</option>
    ${chosen.value.map((one) => html`<option key=${one.id} value=${one.id}>${one.name}</option>`)}</select>`;
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
