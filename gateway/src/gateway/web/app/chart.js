// How many messages it was on each day, as bars with a text and the same figures as a table (docs/adr/0026-own-charts.md).

import { html } from "../vendor/preact.js";
import { dayKey, dayName } from "./time.js";

/** @typedef {import("../api").MoveAnswer} Run */
/** @typedef {import("../api").ScanAnswer} Scan */
/** @typedef {Array<[string, number]>} PerDay a day's key and a figure, oldest first */

const [STEP, BAR, HEIGHT] = [10, 7, 60]; // of the drawing's own units

/** What runs moved on each of these days; what was undone since counts where it had moved. @param {Run[]} runs @param {string[]} days @returns {PerDay} */
export function moved(runs, days) {
  const sums = new Map(days.map((day) => [day, 0]));
  for (const run of runs) {
    const sum = sums.get(dayKey(run.started_at));
    if (run.kind === "apply" && sum !== undefined) sums.set(dayKey(run.started_at), sum + run.moved);
  }
  return [...sums];
}

/**
 * What the last finished preview of each of these days held. The same inbox is looked at again and again, so nothing is added up.
 * @param {Scan[]} scans newest first @param {string[]} days @returns {PerDay}
 */
export function held(scans, days) {
  const last = new Map(scans.filter((one) => one.state === "done").reverse().map((one) => [dayKey(one.started_at), one.counts.hold ?? 0]));
  return days.map((day) => [day, last.get(day) ?? 0]);
}

/** @param {{title: string, per: PerDay}} props */
export function Chart({ title, per }) {
  const most = Math.max(...per.map(([, sum]) => sum));
  const [first, last] = [dayName(per[0][0]), dayName(per[per.length - 1][0])];
  const text = `${title}: ${most ? `${most.toLocaleString()} at most on a day` : "none"}, ${first} to ${last}`;
  return html`<figure class="panel"><figcaption>${text}</figcaption>
    <svg class="chart" viewBox=${`0 0 ${per.length * STEP} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${text}>
      ${per.map(([, sum], at) => sum > 0 && html`<${Bar} at=${at} height=${Math.max(1, (sum / most) * HEIGHT)} />`)}</svg>
    <details><summary>As a table, days without any left out</summary><table><caption class="heard">${title}</caption><thead><tr><th scope="col">Day</th><th scope="col">Messages</th></tr></thead>
      <tbody>${per.filter(([, sum]) => sum).map(([day, sum]) => html`<tr key=${day}><th scope="row">${dayName(day)}</th><td>${sum.toLocaleString()}</td></tr>`)}</tbody></table></details></figure>`;
}

/** @param {{at: number, height: number}} props */
const Bar = ({ at, height }) => html`<rect x=${at * STEP} y=${HEIGHT - height} width=${BAR} height=${height} />`;
