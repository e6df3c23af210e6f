// A scan or a run of moves while it goes on: what it says of itself, and how it is paused, resumed or stopped.

import { html, signal, useEffect } from "../vendor/preact.js";
import { call } from "./api.js";
import { of } from "./mailbox.js";
import { attempt, say } from "./notice.js";
import { href } from "./route.js";
import { watch } from "./stream.js";
import { roughly } from "./time.js";

/** @typedef {import("../api").ScanAnswer | import("../api").MoveAnswer} Work */

const FINAL = new Set(["done", "failed", "cancelled"]);
const STEP = 10; // percent between two announcements

/** Whether the line to the server is cut just now. */
const isAway = signal(false);

/** @param {Work | null} work */
export const isOver = (work) => work !== null && FINAL.has(work.state);

/** How much of it is done, 0 to 1. @param {Work} work */
export function share(work) {
  const done = "done" in work ? work.done : work.moved + work.skipped + work.failed;
  return work.total ? Math.min(1, done / work.total) : 0;
}

/**
 * Follows it while the screen is there.
 * @param {string} path of its collection, as "/scans" @param {string} id @param {(work: any) => void} seen
 */
export function useWork(path, id, seen) {
  useEffect(() => {
    const ending = new AbortController();
    let told = 0;
    /** @param {Work} work */
    const snapshot = (work) => {
      const step = Math.floor((share(work) * 100) / STEP) * STEP;
      if (step > told && !isOver(work)) say(`${step} percent done`);
      told = Math.max(told, step);
      seen(work);
      return isOver(work);
    };
    attempt(() => watch(of(`${path}/${id}/events`), snapshot, ending.signal, (away) => (isAway.value = away)));
    return () => ending.abort();
  }, [path, id]);
}

/** @param {string} path @param {string} id @param {"pause" | "resume" | "cancel"} verb */
const order = (path, id, verb) => attempt(async () => (await call("POST", of(`${path}/${id}/${verb}`))).data);

/**
 * How far it is, how long it takes, and the three things one can do about it.
 * @param {{path: string, work: any, what: string, onOrder: (work: any) => void}} props
 *   path: of its collection; what: the sentence of how far it is
 */
export function Progress({ path, work, what, onOrder }) {
  /** @param {"pause" | "resume" | "cancel"} verb */
  const ask = async (verb) => onOrder((await order(path, work.id, verb)) ?? work);
  const paused = work.state === "paused";
  return html`<section class="panel" aria-label="Progress">
    <progress max="1" value=${share(work)} aria-label="How much is done"></progress>
    <p>${what}${paused ? " · paused" : left(work)}</p>
    ${isAway.value && html`<p class="notice">The line to the server is cut. It goes on there; this page comes back by itself.</p>`}
    <p class="actions">
      ${paused ? html`<button class="primary" onClick=${() => ask("resume")}>Go on</button>`
        : html`<button onClick=${() => ask("pause")}>Pause</button>`}
      <button onClick=${() => ask("cancel")}>Stop</button>
      <a class="button" href=${href("activity")}>Leave, it keeps going</a></p></section>`;
}

/** @param {{eta_seconds?: number | null}} work */
const left = ({ eta_seconds: seconds }) => (seconds == null ? "" : ` · ${roughly(seconds)} left at the speed that Microsoft allows`);
