// What of the preview is shown, and what is done with what is selected.

import { html, useRef } from "../../vendor/preact.js";
import { chosen } from "../mailbox.js";
import { attempt, say } from "../notice.js";
import { FolderPicker, into, options, submit, valueOf } from "../parts.js";
import * as preview from "../preview.js";
import { useKeys } from "../keys.js";
import { count, KINDS } from "../words.js";

const SURE = ["0.95", "0.9", "0.8", "0.6"];

/** @param {Partial<preview.Filter>} change */
function narrow(change) {
  preview.filter.value = { ...preview.filter.value, ...change };
  return attempt(preview.refill);
}

/** @param {{onApprove: () => void}} props */
export function Filters({ onApprove }) {
  const box = useRef(/** @type {HTMLInputElement | null} */ (null));
  const keys = useRef({ "/": () => box.current?.focus() });
  useKeys(keys);
  const { kind, folder_id: folder, sure_from: sure, changed } = preview.filter.value;
  return html`<form class="filters" role="search" aria-label="Preview" onSubmit=${submit(() => {})}>
      <label>Show <select value=${kind} onChange=${(/** @type {Event} */ event) => narrow({ kind: valueOf(event) })}>
        <option value="">everything</option>${options(KINDS)}</select></label>
      <label>Folder <select value=${folder} onChange=${(/** @type {Event} */ event) => narrow({ folder_id: valueOf(event) })}>
        <option value="">any</option>${chosen.value.map((one) => html`<option value=${one.id}>${one.name}</option>`)}</select></label>
      <label>Sure <select value=${sure} onChange=${(/** @type {Event} */ event) => narrow({ sure_from: valueOf(event) })}>
        <option value="">any</option>${SURE.map((one) => html`<option value=${one}>${Number(one) * 100} % or more</option>`)}</select></label>
      <label class="check"><input type="checkbox" checked=${changed !== ""}
        onChange=${() => narrow({ changed: changed ? "" : "true" })} /> changed by me</label>
      <label>Search <input ref=${box} type="search" value=${preview.search.value} autocomplete="off" spellcheck=${false}
        onInput=${into(preview.search)} /></label>
      ${preview.search.value && preview.following.value && html`<p class="quiet">Looks through the ${count(preview.rows.value.length, "message")} fetched so far.</p>`}
    </form>
    ${preview.selected.value.size > 0 && html`<${Selection} onApprove=${onApprove} />`}`;
}

/** @param {string | null} folder */
async function changeAll(folder) {
  const left = await attempt(() => preview.changeSelected(folder));
  if (left) say(left.length ? `${count(left.length, "message")} could not be changed` : "Changed");
}

/** @param {{onApprove: () => void}} props */
function Selection({ onApprove }) {
  return html`<div class="selection" role="group" aria-label="Selected messages">
    <strong>${preview.selected.value.size.toLocaleString()} selected</strong>
    <${FolderPicker} value="" label="Folder for all that are selected" onPick=${changeAll} />
    <button onClick=${() => changeAll(null)}>Keep</button>
    <button class="primary" onClick=${onApprove}>Move these only</button>
    <button onClick=${() => (preview.selected.value = new Set())}>Clear</button></div>`;
}
