// Server-sent events with a bearer token, which EventSource can't send. Comes back by itself with the last event's id.

import { response } from "./api.js";
import { Problem } from "./problem.js";

const [SOON_MS, LATE_MS] = [500, 15_000]; // between two attempts, growing

/**
 * Calls `seen` with each snapshot until the server ends the stream with a final one or `signal` aborts.
 * @param {string} path @param {(snapshot: any) => boolean} seen whether this was the last one
 * @param {AbortSignal} signal @param {(away: boolean) => void} [away] whether the line is cut just now
 */
export async function watch(path, seen, signal, away = () => {}) {
  let [last, pause] = ["", SOON_MS];
  while (!signal.aborted) {
    try {
      const answer = await opened(path, last, signal);
      away(false);
      for await (const event of events(answer)) {
        [last, pause] = [event.id, SOON_MS];
        if (seen(JSON.parse(event.data))) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429) throw error;
      away(true);
    }
    await sleep(pause * (0.5 + Math.random()));
    pause = Math.min(pause * 2, LATE_MS);
  }
}

/** @param {string} path @param {string} last @param {AbortSignal} signal */
const opened = (path, last, signal) => response("GET", path, undefined, last ? { signal, lastEventId: last } : { signal });

/** @param {number} ms */
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {Response} answer @returns {AsyncGenerator<{id: string, data: string}>} */
async function* events(answer) {
  const decoder = /** @type {ReadableWritablePair<string, any>} */ (new TextDecoderStream());
  const reader = /** @type {ReadableStream<any>} */ (answer.body).pipeThrough(decoder).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = /** @type {string} */ (blocks.pop());
    for (const block of blocks) {
      const event = fields(block);
      if (event.data) yield event;
    }
  }
}

/** @param {string} block */
function fields(block) {
  const event = { id: "", data: "" };
  for (const line of block.split("\n")) {
    if (line.startsWith("id: ")) event.id = line.slice(4);
    if (line.startsWith("data: ")) event.data += line.slice(6);
  }
  return event;
}
