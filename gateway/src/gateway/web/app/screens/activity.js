// What happened to the mailbox: what is on its way, two charts, and the audit log as far as it is the owner's.

import { html, useSignal } from "../../vendor/preact.js";
import { Chart, held, moved } from "../chart.js";
import { of } from "../mailbox.js";
import { download, fetched, Heading, Loading, Table, usePages } from "../parts.js";
import { href } from "../route.js";
import { atMinute, lastDays } from "../time.js";
import { count, EVENTS, percent, plain, STATES } from "../words.js";
import { isOver, share } from "../work.js";

/** @typedef {import("../../api").EventAnswer} Happened */
/** @typedef {import("../../api").MoveAnswer} Run */
/** @typedef {import("../../api").ScanAnswer} Scan */

const DAYS = 30;
const LOGS = [["audit", "What was done"], ["security", "Who came"]];

export function Screen() {
  const log = useSignal("audit");
  return html`<${Heading} title="Activity" />
    ${fetched(of("/moves?limit=100"), "runs", (runs) => fetched(of("/scans?limit=100"), "previews", (scans) => html`<${Works} runs=${runs.items} scans=${scans.items} />`))}
    <h2>Log</h2><p class="facets" role="group" aria-label="Log">${LOGS.map(([name, title]) => html`<button key=${name} aria-pressed=${log.value === name}
      onClick=${() => (log.value = name)}>${title}</button>`)}</p>
    <${Log} key=${log.value} log=${log.value} />`;
}

/** Previews and runs. @param {{runs: Run[], scans: Scan[]}} props newest first */
function Works({ runs, scans }) {
  const days = lastDays(DAYS, new Date());
  return html`${scans.map((one) => html`<${Going} work=${one} screen="preview" what="A preview" />`)}${runs.map((one) => html`<${Going} work=${one} screen="moves" what="A run" />`)}
    <div class="charts"><${Chart} title="Messages moved" per=${moved(runs, days)} /><${Chart} title="Messages held, in the last preview of each day" per=${held(scans, days)} /></div>`;
}

/** What is on its way, and the way back to it. @param {{work: Run | Scan, screen: string, what: string}} props */
const Going = ({ work, screen, what }) => !isOver(work) && html`<p class="notice"><span>${what} is ${STATES[work.state]}: ${percent(share(work))} of
  ${count(work.total, "message")}. <a href=${href(screen, work.id)}>See it</a></span></p>`;

/** @param {{log: string}} props */
function Log({ log }) {
  const { items, more } = usePages(of(`/activity?log=${log}`));
  const save = () => download(`mail-organiser-${log}.jsonl`, new Blob((items ?? []).map((one) => `${JSON.stringify(one)}\n`), { type: "application/jsonl" }));
  if (!items) return html`<${Loading} what="the log" />`;
  return html`<${Table} caption="The log, newest first" heads=${["What", "When", "How many", "How it ended"]}>${items.map((one) => html`<${Row} key=${one.id} event=${one} />`)}<//>
    <p class="actions">${more} <button disabled=${!items.length} onClick=${save}>Save what is shown as JSONL</button></p>`;
}

/** @param {{event: Happened}} props */
const Row = ({ event }) => html`<tr><th scope="row">${EVENTS[event.kind] ?? event.kind}${event.reason && event.reason !== event.outcome && html` <span class="quiet">${plain(event.reason)}</span>`}${" "}
    <${About} event=${event} /></th>
  <td data-label="When">${atMinute(event.at)}</td><td data-label="How many">${event.amount.toLocaleString()}</td>
  <td data-label="How it ended">${event.outcome}</td></tr>`;

/** The way to what it was about, where there is one. @param {{event: Happened}} props */
function About({ event: { kind, object_id: id } }) {
  const screen = kind.startsWith("scan.") ? "preview" : /^(move|undo)\./.test(kind) ? "moves" : null;
  return id && screen && html`<a href=${href(screen, id)}>see it</a>`;
}
