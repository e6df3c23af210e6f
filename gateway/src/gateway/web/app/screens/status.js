// What works, for everybody: no sign-in, and nothing about anyone.

import { html, useEffect } from "../../vendor/preact.js";
import { lookAtStatus, status } from "../mailbox.js";
import { Heading } from "../parts.js";

const PARTS = /** @type {Record<string, string>} */ ({
  database: "Database", sentinel: "Sentinel, which looks for attacks", classifier: "Classifier, which chooses folders",
  microsoft: "Microsoft", graph: "Microsoft Graph", authority: "Sign-in with Microsoft",
});
const EVERY_MS = 15_000;

export function Screen() {
  useEffect(() => {
    lookAtStatus();
    const timer = setInterval(lookAtStatus, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const now = status.value;
  if (now === null) return html`<${Heading} title="Status" /><p class="notice bad">The server can't be reached just now.</p>`;
  return html`<${Heading} title=${now.ready ? "Everything works" : "Something is not well"} />
    <dl class="pairs">${Object.entries(now.parts).map(([part, well]) => html`<dt>${PARTS[part] ?? part}</dt>
      <dd><span class=${`tag ${well ? "move" : "hold"}`}>${well ? "works" : "does not answer"}</span></dd>`)}
      <dt>AI provider</dt><dd>${now.provider}</dd><dt>Mailboxes</dt><dd>${now.mode === "sandbox" ? "sandbox: a sample, no Microsoft" : "Microsoft 365"}</dd></dl>`;
}
