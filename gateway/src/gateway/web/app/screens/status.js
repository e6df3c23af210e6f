// What works, for everybody: no sign-in, and nothing about anyone.

import { html, useEffect } from "../../vendor/preact.js";
import { lookAtStatus, lookAtSubProcessors, status, subProcessors } from "../mailbox.js";
import { Heading } from "../parts.js";
import { PARTS, PROVIDERS } from "../words.js";

const EVERY_MS = 15_000;

export function Screen() {
  useEffect(() => {
    lookAtStatus();
    lookAtSubProcessors();
    const timer = setInterval(lookAtStatus, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const now = status.value;
  if (now === null) return html`<${Heading} title="Status" /><p class="notice bad">The server can't be reached just now. This page keeps trying.</p>`;
  return html`<${Heading} title=${now.ready ? "Everything works" : "Something is not well"} />
    ${!now.ready && html`<p>What can't be looked at safely is not touched: mail stays where it is until this is well again.</p>`}
    <dl class="pairs">${Object.entries(now.parts).map(([part, well]) => html`<dt>${PARTS[part] ?? part}</dt>
      <dd><span class=${`tag ${well ? "move" : "hold"}`}>${well ? "works" : "does not answer"}</span></dd>`)}
      <dt>AI provider</dt><dd>${PROVIDERS[now.provider] ?? now.provider}</dd>
      <dt>Mailboxes</dt><dd>${now.mode === "sandbox" ? "a sample on this computer, no Microsoft" : "Microsoft 365 and Outlook.com"}</dd></dl>
    <h2>Who else may see something</h2>
    ${subProcessors.value.map((one) => html`<${SubProcessor} ...${one} key=${one.id} />`)}`;
}

const UNSET = "not set by the operator";

/** @param {import("../../api").SubProcessorAnswer} one */
function SubProcessor({ id, purpose, data, used_when, name, place, certifications, since, notice_given }) {
  return html`<details><summary>${id.replaceAll("_", " ")}: ${name ?? UNSET}</summary>
    <dl class="pairs"><dt>For what</dt><dd>${purpose}</dd><dt>What it sees</dt><dd>${data}</dd><dt>When</dt><dd>${used_when}</dd>
      <dt>Place</dt><dd>${place ?? UNSET}</dd><dt>Certifications</dt><dd>${certifications.join(", ") || UNSET}</dd>
      <dt>Since</dt><dd>${since ?? UNSET}</dd><dt>Notice given</dt><dd>${notice_given ?? UNSET}</dd></dl></details>`;
}
