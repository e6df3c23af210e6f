// Why sentinel was suspicious of a message: the text by code point, where it speaks, and what a mail program would show.

import { html } from "../../vendor/preact.js";
import { AsShown, Exactly } from "../text.js";
import { FIELDS, TECHNIQUES } from "../words.js";

/** @typedef {import("../preview.js").Row} Row */

const TEXTS = /** @type {const} */ (["subject", "sender_name", "sender_address"]);

/** @param {{row: Row}} props */
export function Evidence({ row }) {
  if (row.message === null) return html`<p>The message is no longer there.</p>`;
  const message = row.message;
  return html`<div class="evidence">
    ${TEXTS.filter((field) => message[field]).map((field) => html`<${Field} key=${field} field=${field} row=${row} text=${message[field]} />`)}
    <${Findings} row=${row} /></div>`;
}

/** @param {{field: string, row: Row, text: string}} props */
function Field({ field, row, text }) {
  const spans = row.findings.filter((one) => one.field === field);
  return html`<figure><figcaption>${FIELDS[field]}, as it really is</figcaption><${Exactly} value=${text} spans=${spans} />
    ${spans.length > 0 && html`<p class="quiet">As a mail program shows it:${" "}<${AsShown} value=${text} /></p>`}</figure>`;
}

/** @param {{row: Row}} props */
function Findings({ row }) {
  if (!row.findings.length) return html`<p class="quiet">Nothing suspicious was found in it.</p>`;
  const sorted = [...row.findings].sort((one, other) => other.weight - one.weight);
  return html`<h3>What was found</h3><ol class="findings">${sorted.map((one) => html`<li>
    <strong>${TECHNIQUES[one.technique]?.name ?? one.technique}</strong>
    <span class="quiet"> ${FIELDS[one.field] ?? one.field}, characters ${one.start + 1}–${one.end} · weight ${one.weight.toFixed(2)} · ${one.rule_id}</span>
    <br />${TECHNIQUES[one.technique]?.meaning}</li>`)}</ol>
    ${row.kind === "hold" && html`<p>What the AI saw of it: nothing. It was stopped before.</p>`}`;
}
