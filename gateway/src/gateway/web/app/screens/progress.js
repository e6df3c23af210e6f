// A scan or a run on its way: how far, how long, and the three things one can do about it.

import { html } from "../../vendor/preact.js";
import { href } from "../route.js";
import { roughly } from "../time.js";
import { isAway, order, share } from "../work.js";

/**
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
