// What went wrong, as the gateway says it.

/** What went wrong, in the words of RFC 9457. */
export class Problem extends Error {
  /** @param {number} status @param {Partial<import("../api").Problem>} body */
  constructor(status, body) {
    super(body.detail ?? "The server gave an answer that this page doesn't understand. Try again in a moment.");
    this.status = status;
    this.code = body.code ?? "unknown";
    this.title = body.title ?? "That didn't work";
    this.retryAfter = body.retry_after ?? null;
    this.traceId = body.trace_id ?? null;
  }
}

/** The gateway can't be reached at all. */
export const UNREACHABLE = () =>
  new Problem(0, { code: "unreachable", title: "No connection", detail: "The server can't be reached. Nothing was lost; try again." });
