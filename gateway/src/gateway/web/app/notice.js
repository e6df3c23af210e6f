// What the page has to say: one line that screen readers hear, and problems until they are put away.

import { html, signal } from "../vendor/preact.js";
import { Problem } from "./problem.js";

export const said = signal("");
const problem = signal(/** @type {Problem | null} */ (null));

/** Says it in the live region. @param {string} sentence */
export const say = (sentence) => (said.value = sentence);

/** Shows why something didn't work. @param {unknown} error */
export function complain(error) {
  if (!(error instanceof Problem)) throw error;
  if (error.status !== 401) problem.value = error;
}

/**
 * Does it, and shows why if that didn't work. The result, or undefined.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T | undefined>}
 */
export async function attempt(work) {
  try {
    problem.value = null;
    return await work();
  } catch (error) {
    complain(error);
    return undefined;
  }
}

/** Does it and says so, then asks for what it changed, whether it worked or not; which it was. @param {string} done @param {() => Promise<unknown>} work @param {() => Promise<unknown>} again */
export async function settle(done, work, again) {
  const worked = await attempt(() => work().then(() => true));
  if (worked) say(done);
  await again();
  return worked;
}

/** The problem at hand, if any. */
export function Notices() {
  const one = problem.value;
  return html`<div role="alert">${one && html`<div class="notice bad">
    <p><strong>${one.title}.</strong> ${one.message}
      ${one.retryAfter !== null && html` Try again in ${one.retryAfter} s.`}
      ${one.traceId && html` <span class="quiet">Its number: ${one.traceId}</span>`}</p>
    <button onClick=${() => (problem.value = null)}>Close</button></div>`}</div>`;
}

/** The line that is heard. */
export const Said = () => html`<p class="heard" role="status">${said.value}</p>`;
