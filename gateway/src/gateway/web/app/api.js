// The gateway's REST interface. Every answer is JSON or a Problem; a token that ran out is renewed once, unseen.

import { Problem, UNREACHABLE } from "./problem.js";
import { ended, renew, token } from "./session.js";

/** @typedef {{etag: string | null, key: string, lastEventId: string, signal: AbortSignal}} Extras */

/** @param {string} method @param {string} path @param {unknown} [body] @param {Partial<Extras>} [extras] */
async function once(method, path, body, extras = {}) {
  /** @type {Record<string, string>} */
  const headers = { authorization: `Bearer ${token()}` };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (extras.etag) headers["if-match"] = extras.etag;
  if (extras.key) headers["idempotency-key"] = extras.key;
  if (extras.lastEventId) headers["last-event-id"] = extras.lastEventId;
  const content = body === undefined ? null : JSON.stringify(body);
  try {
    return await fetch(path, { method, headers, body: content, signal: extras.signal ?? null, redirect: "error" });
  } catch (error) {
    throw extras.signal?.aborted ? error : UNREACHABLE();
  }
}

/** A response that is no problem. @param {string} method @param {string} path @param {unknown} [body] @param {Partial<Extras>} [extras] */
export async function response(method, path, body, extras) {
  const used = token();
  let answer = await once(method, path, body, extras);
  if (answer.status === 401 && (await renew(used))) answer = await once(method, path, body, extras);
  if (answer.status === 401) ended();
  if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => ({})));
  return answer;
}

/**
 * The body of an answer, as the API's description has it, and its ETag.
 * @template T
 * @param {string} method @param {string} path @param {unknown} [body] @param {Partial<Extras>} [extras]
 * @returns {Promise<{data: T, etag: string | null}>}
 */
export async function call(method, path, body, extras) {
  const answer = await response(method, path, body, extras);
  const data = answer.status === 204 ? null : await answer.json();
  return { data, etag: answer.headers.get("etag") };
}

/**
 * What a GET answers.
 * @template T
 * @param {string} path
 * @returns {Promise<T>}
 */
export async function get(path) {
  return /** @type {T} */ ((await call("GET", path)).data);
}

/** A name for one thing to do, so that it is done once however often it is sent. */
export const onceKey = () => crypto.randomUUID();
