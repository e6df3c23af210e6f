// The door: what is asked of Microsoft and why, before anything is asked.

import { html } from "../../vendor/preact.js";
import { isSandbox, status } from "../mailbox.js";
import { attempt } from "../notice.js";
import { download, Heading } from "../parts.js";
import { endReason, receipt, signIn } from "../session.js";
import { atMinute, onDay } from "../time.js";

const ENDED = /** @type {Record<string, string>} */ ({
  over: "Your session is over: sign in again. What was going on goes on.",
  signed_out: "You are signed out.",
  erased: "Everything that was held about you here is erased.",
  exchange: "This sign-in took too long or was used already. Start again.",
});

const ASKED = [
  ["Mail.ReadWrite", "to read subjects, senders, recipients and times, and to move messages between your folders"],
  ["MailboxSettings.Read", "to show times in your own time zone"],
  ["offline_access", "to go on with a long job while you are away"],
  ["openid, profile", "to know which account you are"],
];

/** @param {string} reason */
const ended = (reason) => ENDED[reason] ?? "Microsoft did not let this sign-in through. Start again, or ask whoever looks after your account.";

export function SignIn() {
  return html`<${Heading} title="Sort your inbox safely" />
    ${endReason.value && html`<p class="notice" role="status">${ended(endReason.value)}</p>`}<${Receipt} />
    <p class="lead">It proposes a folder for each message. Nothing moves before you approve, and every move can be undone.</p>
    <p><button class="primary" onClick=${() => attempt(() => signIn())}>
      ${isSandbox.value ? "Try with the sample mailbox" : "Continue with Microsoft"}</button></p>
    <h2>What it never does</h2>
    <ul><li>It never reads the body of a message or an attachment.</li>
      <li>It never sends, answers, forwards or deletes mail.</li>
      <li>It never lets a text reach the AI that was not inspected first. What looks like an attack is held for you to see.</li>
      <li>It keeps no subject and no sender.</li></ul>
    <h2>What Microsoft will ask you to allow</h2>
    <dl class="pairs">${ASKED.map(([name, why]) => html`<dt><code>${name}</code></dt><dd>${why}</dd>`)}</dl>
    <p>Microsoft has no permission to move mail without reading it. That bodies are not read is${" "}
      <a href="https://learn.microsoft.com/graph/permissions-reference#mailreadwrite" rel="noopener noreferrer">its rule</a>,
      not yours to take on trust: this program asks for named fields only.</p>
    <${Works} />`;
}

function Works() {
  const now = status.value;
  if (now === null) return html`<p class="notice bad">The server can't be reached just now.</p>`;
  return html`<p class="quiet">${now.ready ? "Everything works." : "Something is not well just now."} <a href="#/status">Status</a></p>`;
}

/** What an erased person keeps. */
function Receipt() {
  const one = receipt.value;
  const save = () => download("mail-organiser-receipt.json", new Blob([JSON.stringify(one)], { type: "application/json" }));
  return one && html`<section class="panel"><h2>Your receipt</h2>
    <dl class="pairs"><dt>unreadable here since</dt><dd>${atMinute(one.unreadable_at)}</dd>
      <dt>gone from backups by</dt><dd>${onDay(one.irrecoverable_at)}</dd><dt>you were</dt><dd><code>${one.person_id}</code></dd>
      <dt>signature</dt><dd><code>${one.signature}</code></dd></dl>
    <p>Keep it: with it, <code>mail-organiser audit receipt</code> shows later that you were erased. This page forgets it when you leave.</p>
    <p class="actions"><button class="primary" onClick=${save}>Save the receipt</button></p></section>`;
}
