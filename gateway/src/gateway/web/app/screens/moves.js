// A run: on its way, then what came of it, honest about what changed meanwhile, and the way back.

import { html, useRef, useSignal } from "../../vendor/preact.js";
import { call, onceKey } from "../api.js";
import { folderName, of } from "../mailbox.js";
import { attempt } from "../notice.js";
import { Heading, Loading, Table, usePages } from "../parts.js";
import { go, href, route } from "../route.js";
import { Line } from "../text.js";
import { count } from "../words.js";
import { isOver, Progress, useWork } from "../work.js";

/** @typedef {import("../../api").MoveAnswer} Run */
/** @typedef {import("../../api").EntryAnswer} Entry */

const STATES = /** @type {Record<string, string>} */ ({
  planned: "not moved", intended: "on its way", moved: "moved", skipped: "left alone", gone: "no longer there", failed: "not moved",
});
const CODES = /** @type {Record<string, string>} */ ({
  moved_elsewhere: "it was moved elsewhere meanwhile", not_found: "it is no longer there", cancelled: "the run was stopped before its turn",
});

export function Screen() {
  const { id } = route.value;
  const run = useSignal(/** @type {Run | null} */ (null));
  if (id === null) return void go("preview");
  return html`<${Watched} key=${id} id=${id} run=${run} />`;
}

/** @param {{id: string, run: {value: Run | null}}} props */
function Watched({ id, run }) {
  useWork("/moves", id, (now) => (run.value = now));
  const now = run.value;
  if (now === null || now.id !== id) return html`<${Heading} title="Moving" /><${Loading} what="the run" />`;
  return isOver(now) ? html`<${Result} run=${now} />` : html`<${Going} run=${now} onOrder=${(/** @type {Run} */ one) => (run.value = one)} />`;
}

/** @param {{run: Run, onOrder: (run: Run) => void}} props */
function Going({ run, onOrder }) {
  const what = `${(run.moved + run.skipped + run.failed).toLocaleString()} of ${count(run.total, "message")} ${run.kind === "undo" ? "taken back" : "moved"}`;
  return html`<${Heading} title=${run.kind === "undo" ? "Taking it back" : "Moving your mail"} />
    <${Progress} path="/moves" work=${run} what=${what} onOrder=${onOrder} />`;
}

/** Whether something of it can still go back. @param {Run} run */
const isLeft = (run) => run.kind === "apply" && run.moved > run.undone;

/** @param {{run: Run}} props */
function Result({ run }) {
  const key = useRef(onceKey());
  const isUndo = run.kind === "undo";
  const undo = () => attempt(async () => go("moves", /** @type {Run} */ ((await call("POST", of(`/moves/${run.id}/undo`), {}, { key: key.current })).data).id));
  return html`<${Heading} title=${`${count(run.moved, "message")} ${isUndo ? "back" : "moved"}`}>
      ${isLeft(run) && html`<button class=${run.undone_by ? "" : "primary"} onClick=${undo}>${run.undone_by ? "Undo what is left" : "Undo this run"}</button>`}<//>
    <p class="sums">Of ${run.total.toLocaleString()}: <strong>${run.moved.toLocaleString()} ${isUndo ? "back where they were" : "moved"}</strong> ·${" "}
      ${run.skipped.toLocaleString()} left alone, because they changed meanwhile · ${run.failed.toLocaleString()} could not be moved.</p>
    ${run.undone_by && html`<p class="notice">Of these, ${run.undone.toLocaleString()} were taken back. <a href=${href("moves", run.undone_by)}>What came of that</a></p>`}
    ${run.state === "cancelled" && html`<p class="notice">It was stopped. What had moved stays moved and can be undone.</p>`}
    ${run.state === "failed" && html`<p class="notice bad">It could not be finished (${run.error_code}). Nothing is lost: what had moved can be undone.</p>`}
    <${Entries} run=${run} /><p><a class="button" href=${href("preview")}>Back to the preview</a></p>`;
}

/** @param {{run: Run}} props */
function Entries({ run }) {
  const { items, more } = usePages(of(`/moves/${run.id}/entries`));
  if (!items) return html`<${Loading} what="what came of each message" />`;
  return html`<${Table} caption="What came of each message" heads=${["Message", "Folder", "What came of it", ""]}>
      ${items.map((entry) => html`<${One} key=${entry.id} entry=${entry} run=${run} />`)}<//>
    <p>${more}</p>`;
}

/** @param {{entry: Entry, run: Run}} props */
function One({ entry, run }) {
  const key = useRef(onceKey());
  const undo = () => attempt(async () => {
    const { data } = await call("POST", of(`/moves/${run.id}/undo`), { entry_ids: [entry.id] }, { key: key.current });
    go("moves", /** @type {Run} */ (data).id);
  });
  const { message } = entry;
  return html`<tr class="message"><th scope="row"><${Line} value=${message?.subject} none=${message ? "(no subject)" : "(no longer there)"} />
      <span class="from quiet"><${Line} value=${message?.sender_address} /></span></th>
    <td data-label="Folder"><${Line} value=${folderName(entry.folder_id)} /></td>
    <td data-label="What came of it">${run.kind === "undo" && entry.state === "moved" ? "back" : STATES[entry.state]}${entry.code ? html` <span class="quiet">${CODES[entry.code] ?? entry.code.replaceAll("_", " ")}</span>` : ""}</td>
    <td>${entry.state === "moved" && isLeft(run) && html`<button onClick=${undo}>Undo</button>`}</td></tr>`;
}
