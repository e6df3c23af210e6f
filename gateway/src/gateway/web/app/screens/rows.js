// The table of the preview. One row is at hand: keys work on it, and Tab leads into the table once.

import { html, useComputed, useRef, useSignal } from "../../vendor/preact.js";
import { useKeys } from "../keys.js";
import { folderName } from "../mailbox.js";
import { attempt, say } from "../notice.js";
import { FolderPicker, Sure } from "../parts.js";
import * as preview from "../preview.js";
import { href } from "../route.js";
import { Line } from "../text.js";
import { atMinute } from "../time.js";
import { count, KINDS, REASONS } from "../words.js";
import { Evidence } from "./evidence.js";

/** @typedef {import("../preview.js").Row} Row */
/** @typedef {{row: Row, folder: string | null, count: number}} Offer of the same for others of a sender */

export function Rows() {
  const [at, opened, offer] = [useSignal(0), useSignal(/** @type {string | null} */ (null)), useSignal(/** @type {Offer | null} */ (null))];
  const table = useRef(/** @type {HTMLElement | null} */ (null));
  const shown = preview.shown.value;
  useRowKeys(table, at, opened, offer);
  if (!shown.length) return html`<p class="empty">Nothing here.</p>`;
  return html`<table class="rows" ref=${table}><caption class="heard">What would happen to each message</caption>
      <thead><tr><th scope="col"><span class="heard">Select</span></th><th scope="col">Message</th><th scope="col">Goes to</th>
        <th scope="col">Sure</th><th scope="col">Why</th></tr></thead>
      <tbody>${shown.map((row) => html`<${Row} key=${row.id} row=${row} at=${at} opened=${opened} offer=${offer} />`)}</tbody></table>
    <p class="more">${count(preview.rows.value.length, "message")} shown.
      ${preview.following.value && html` <button onClick=${() => attempt(preview.more)}>Show 100 more</button>`}</p>`;
}

/** @param {Row} row @param {string | null} folder @param {{value: Offer | null}} offer */
async function pick(row, folder, offer) {
  const others = await attempt(() => preview.change(row, folder));
  if (others === undefined) return;
  say(folder === null ? "Stays where it is" : `Goes to ${folderName(folder)}`);
  offer.value = others ? { row, folder, count: others } : null;
}

/** @param {{value: Offer | null}} offer */
async function take(offer) {
  const { row, folder } = /** @type {Offer} */ (offer.value);
  const changed = await attempt(() => preview.changeAlike(row, folder));
  if (changed !== undefined) say(`${count(changed, "message")} of this sender changed`);
  offer.value = null;
}

/**
 * @param {{current: HTMLElement | null}} table @param {{value: number}} at
 * @param {{value: string | null}} opened @param {{value: Offer | null}} offer
 */
function useRowKeys(table, at, opened, offer) {
  const row = () => preview.shown.value[at.value];
  const line = () => /** @type {HTMLElement | undefined} */ (table.current?.querySelectorAll("tr.message")[at.value]);
  /** @param {number} by */
  const step = (by) => {
    const isIn = table.current?.contains(document.activeElement);
    at.value = Math.max(0, Math.min(preview.shown.value.length - 1, at.value + (isIn ? by : 0)));
    line()?.focus();
  };
  const mark = () => row() && preview.isFree(row()) && preview.toggle(row().id);
  const look = () => row() && (opened.value = opened.value === row().id ? null : row().id);
  const keys = useRef({});
  keys.current = {
    j: () => step(1), k: () => step(-1), x: mark, o: look,
    m: () => line()?.querySelector("select")?.focus(),
    e: () => row() && preview.isOpen(row()) && pick(row(), null, offer),
    a: () => { if (row() && preview.isFree(row()) && !preview.selected.value.has(row().id)) mark(); step(1); },
    z: async () => { if (await attempt(preview.undoChange)) say("Taken back"); },
  };
  useKeys(keys);
}

/**
 * Its props stay the same, so that it is drawn again only when something that it says of itself changes.
 * @param {{row: Row, at: {value: number}, opened: {value: string | null}, offer: {value: Offer | null}}} props
 */
function Row({ row, at, opened, offer }) {
  const { message } = row;
  const isAt = useComputed(() => preview.shown.value[at.value]?.id === row.id).value;
  const isOpen = useComputed(() => opened.value === row.id).value;
  const marked = useComputed(() => preview.selected.value.has(row.id)).value;
  const alike = useComputed(() => (offer.value?.row.id === row.id ? offer.value.count : 0)).value;
  const tabindex = isAt ? 0 : -1;
  const here = () => (at.value = preview.shown.value.findIndex(({ id }) => id === row.id));
  const open = () => (opened.value = isOpen ? null : row.id);
  /** Enter on the row itself opens it; Esc leads from its list of folders back to it. @param {KeyboardEvent} event */
  const pressed = ({ key, target, currentTarget }) => {
    if (key === "Enter" && target === currentTarget) open();
    if (key === "Escape" && target instanceof HTMLSelectElement) /** @type {HTMLElement} */ (currentTarget).focus();
  };
  return html`<tr class=${`message ${row.kind}`} tabindex=${tabindex} aria-selected=${marked} onFocusIn=${here} onKeyDown=${pressed}>
      <td>${preview.isFree(row) && html`<input type="checkbox" aria-label="Select" checked=${marked} tabindex=${tabindex}
        onChange=${() => preview.toggle(row.id)} />`}</td>
      <th scope="row"><button class="bare" aria-expanded=${isOpen} tabindex=${tabindex} onClick=${open}>
          <${Line} value=${message?.subject} none=${message ? "(no subject)" : "(no longer there)"} /></button>
        <span class="from"><${Line} value=${message?.sender_name} /> <span class="quiet"><${Line} value=${message?.sender_address} /></span>
          <time class="quiet" datetime=${message?.received_at ?? ""}>${atMinute(message?.received_at ?? null)}</time></span></th>
      <td data-label="Goes to"><${Goal} row=${row} tabindex=${tabindex} onPick=${(/** @type {string | null} */ folder) => pick(row, folder, offer)} />
        ${alike > 0 && html`<button class="offer" onClick=${() => take(offer)}>Apply to ${alike} more from this sender</button>`}</td>
      <td data-label="Sure"><${Sure} value=${row.kind === "hold" ? null : row.confidence} /></td>
      <td data-label="Why">${why(row)}</td></tr>
    ${isOpen && html`<tr class="detail"><td colspan="5"><${Evidence} row=${row} /></td></tr>`}`;
}

/** @param {{row: Row, tabindex: number, onPick: (folder: string | null) => void}} props */
function Goal({ row, tabindex, onPick }) {
  if (row.kind === "hold") return html`<a class="tag hold" tabindex=${tabindex} href=${href("quarantine", row.id)}>${KINDS.hold}</a>`;
  return html`${row.kind === "review" && html`<span class="tag review">${KINDS.review}</span> `}
    <${FolderPicker} value=${row.kind === "move" ? row.folder_id : null} label="Goes to" tabindex=${tabindex} onPick=${onPick} />`;
}

/** @param {Row} row */
const why = (row) => row.sentence ?? (row.decided_by === "owner" ? REASONS.owner : (REASONS[row.reason] ?? techniques(row)));

/** @param {Row} row */
const techniques = (row) => [...new Set(row.findings.map((one) => one.technique.replaceAll("_", " ")))].join(", ") || row.reason.replaceAll("_", " ");
