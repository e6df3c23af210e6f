// The screen that people come for: what would happen to each message, and why. Nothing has moved yet.

import { html, useEffect, useSignal } from "../../vendor/preact.js";
import { chosen, mailbox } from "../mailbox.js";
import { attempt } from "../notice.js";
import { Empty, Heading, Loading } from "../parts.js";
import * as preview from "../preview.js";
import { go, href, route } from "../route.js";
import { count } from "../words.js";
import { isOver, Progress, useWork } from "../work.js";
import { Approval } from "./approval.js";
import { Filters } from "./filters.js";
import { Rows } from "./rows.js";

export function Preview() {
  const { id } = route.value;
  useEffect(() => void attempt(() => preview.open(id)), [id]);
  const scan = preview.scan.value;
  if (!preview.loaded.value) return html`<${Heading} title="Preview" /><${Loading} what="the preview" />`;
  if (scan === null) return html`<${Begin} />`;
  if (!isOver(scan)) return html`<${Going} key=${scan.id} scan=${scan} />`;
  return scan.state === "done" ? html`<${Ready} scan=${scan} />` : html`<${Broken} scan=${scan} />`;
}

const start = () => attempt(preview.start);

function Begin() {
  return html`<${Heading} title="Nothing has been looked at yet" />
    <${Empty}>${chosen.value.length
      ? html`<p>Mail may be filed in ${count(chosen.value.length, "folder")}. A preview shows what would go where; it moves nothing.</p>
        <p><button class="primary" onClick=${start}>Preview my inbox</button> <a class="button" href=${href("folders")}>Change folders</a></p>`
      : html`<p>First choose the folders that mail may be filed in.</p>
        <p><a class="button primary" href=${href("folders")}>Choose folders</a></p>`}<//>`;
}

/** @param {{scan: preview.Scan}} props */
function Going({ scan }) {
  useWork("/scans", scan.id, (now) => {
    if (now.state === "done") attempt(() => preview.open(now.id));
    else preview.scan.value = now;
  });
  const what = `${scan.done.toLocaleString()} of ${count(scan.total, "message")} looked at`;
  return html`<${Heading} title="Looking at your inbox" />
    <p>Nothing moves while this goes on.</p>
    <${Progress} path="/scans" work=${scan} what=${what} onOrder=${(/** @type {any} */ now) => (preview.scan.value = now)} />`;
}

/** @param {{scan: preview.Scan}} props */
function Broken({ scan }) {
  const why = scan.state === "cancelled" ? "It was stopped." : `It could not be finished (${scan.error_code}).`;
  return html`<${Heading} title="There is no preview" />
    <${Empty}><p>${why} Nothing has moved.</p><p><button class="primary" onClick=${start}>Preview my inbox again</button></p><//>`;
}

/** @param {{scan: preview.Scan}} props */
function Ready({ scan }) {
  const approving = useSignal(/** @type {string[] | null | undefined} */ (undefined)); // null: all of them
  const moves = scan.counts.move ?? 0;
  const moved = preview.runs.value.reduce((sum, run) => sum + run.moved, 0);
  return html`<${Heading} title=${moved ? "This preview was carried out" : "Nothing has moved yet"}>
      <button class=${moved ? "primary" : ""} onClick=${start}>Look again</button> <a class="button" href=${href("folders")}>Change folders</a>
      <button class=${moved ? "" : "primary"} disabled=${!moves} onClick=${() => (approving.value = null)}>Move ${count(moves, "message")}</button><//>
    <${Sums} scan=${scan} />
    ${preview.runs.value.map((run) => html`<p class="notice" key=${run.id}>${run.moved.toLocaleString()} of ${count(run.total, "message")} moved.
      <a href=${href("moves", run.id)}>What came of it, and undo</a></p>`)}
    ${mailbox.value?.access === "preview" && html`<p class="notice">You allowed looking only. Moving asks Microsoft once more.</p>`}
    <${Filters} onApprove=${() => (approving.value = [...preview.selected.value])} />
    <${Rows} />
    ${approving.value !== undefined && html`<${Approval} ids=${approving.value} total=${moves}
      onClose=${() => (approving.value = undefined)} onRun=${(/** @type {string} */ id) => go("moves", id)} />`}`;
}

/** @param {{scan: preview.Scan}} props */
function Sums({ scan: { counts, done, total, most } }) {
  const { move = 0, keep = 0, review = 0, hold = 0 } = counts;
  return html`<p class="sums">${count(done, "message")} of ${total.toLocaleString()} in the inbox:
    <strong> ${move.toLocaleString()} move</strong> · ${keep.toLocaleString()} stay · ${review.toLocaleString()} to review ·
    ${hold ? html` <a href=${href("quarantine")}>${hold.toLocaleString()} held</a>` : " none held"}.
    Every move can be undone.${most !== null && total > most ? ` Your plan looks at ${most.toLocaleString()} at a time.` : ""}</p>`;
}
