// The person: mailboxes, sessions, keys for programs, what is held about them, and its end.

import { html, useSignal } from "../../vendor/preact.js";
import { call, response } from "../api.js";
import { Problem } from "../problem.js";
import { askMicrosoft, enter, mailboxes } from "../mailbox.js";
import { attempt, complain, say, settle } from "../notice.js";
import { Dialog, download, fetched, Heading, into, submit, Table } from "../parts.js";
import * as preview from "../preview.js";
import { ended, receipt, signIn, signOut } from "../session.js";
import { Line } from "../text.js";
import { atMinute, onDay } from "../time.js";
import { ACCESS, BOUNDS, count, NEEDS, SCOPES } from "../words.js";

/** @typedef {import("../parts.js").Again} Again */
/** @typedef {import("../../api").ApiKeyMade} Made */
/** @typedef {import("../../api").SessionAnswer} Session */

const [SESSIONS, KEYS] = ["/api/v1/sessions", "/api/v1/api-keys"];
const DAYS = [7, 30, 90]; // how long a key may live
const WORD = "erase everything";

export function Screen() {
  const stale = useSignal(false);
  /** Does it; a sign-in that is too old for it is made anew first. @param {() => Promise<void>} work */
  const recently = async (work) => {
    try {
      await work();
    } catch (error) {
      if (error instanceof Problem && error.code === "recent_sign_in_needed") stale.value = true;
      else complain(error);
    }
  };
  return html`<${Heading} title="Account" /><h2>Mailboxes</h2><${Mailboxes} recently=${recently} />
    <h2>Plan</h2>${fetched("/api/v1/quota", "your plan", (plan) => html`<${Plan} plan=${plan} />`)}
    <h2>Sessions</h2>${fetched(SESSIONS, "your sessions", ({ items }, again) => html`<${Sessions} items=${items} again=${again} />`)}
    <h2>API keys</h2>${fetched(KEYS, "your keys", ({ items }, again) => html`<${Keys} items=${items} again=${again} /><${NewKey} again=${again} />`)}
    <h2>What is held about you</h2>${fetched("/api/v1/me/data", "what is held", ({ items }) => html`<${Held} items=${items} />`)}
    <p class="actions"><button onClick=${() => recently(take)}>Export everything</button></p><${Erasure} recently=${recently} />
    ${stale.value && html`<${Dialog} title="Sign in again first" onClose=${() => (stale.value = false)}>
      <p>Your last sign-in is more than ten minutes ago: this makes sure that it is you. You come back here; then do it again.</p>
      <p class="actions"><button class="primary" autofocus onClick=${() => attempt(() => signIn("account"))}>Sign in with Microsoft</button>
        <button onClick=${() => (stale.value = false)}>Not now</button></p><//>`}`;
}

/** @param {{recently: (work: () => Promise<void>) => Promise<void>}} props */
function Mailboxes({ recently }) {
  const leaving = useSignal(/** @type {string | null} */ (null));
  const disconnect = () => recently(async () => {
    const id = leaving.value;
    leaving.value = null;
    const { data } = await call("DELETE", `/api/v1/mailboxes/${id}`);
    download("mail-organiser-receipt.json", new Blob([JSON.stringify(data)], { type: "application/json" }));
    say("Disconnected; the receipt is in your downloads");
    preview.leave();
    await enter();
  });
  /** @param {string} tail @param {object} [wanted] */
  const ask = (tail, wanted = {}) => attempt(() => askMicrosoft(`/api/v1/mailboxes${tail}`, wanted, "account"));
  return html`<${Table} caption="Mailboxes" heads=${["Mailbox", "Allows", "Granted by Microsoft", ""]}>
      ${mailboxes.value.map(({ id, access, needs_sign_in: need, scopes }) => html`<tr key=${id}><th scope="row">${mailboxName(id)}</th>
        <td data-label="Allows">${access ? ACCESS[access] : "nothing"}${need && html` <span class="tag review">waits for you</span> ${NEEDS[need]}`}</td>
        <td data-label="Granted by Microsoft">${scopes.map((scope) => html`<code>${scope}</code> `)}</td>
        <td>${access === "preview" && html`<button onClick=${() => ask(`/${id}/sign-in`, { access: "full" })}>Allow moving</button> `}
          <button onClick=${() => ask(`/${id}/sign-in`)}>Renew access</button>${" "}
          <button class="danger" onClick=${() => (leaving.value = id)}>Disconnect</button></td></tr>`)}<//>
    <p class="actions"><button onClick=${() => ask("")}>Connect another mailbox</button></p>
    ${leaving.value && html`<${Dialog} title=${`Disconnect ${mailboxName(leaving.value)}?`} onClose=${() => (leaving.value = null)}>
      <p>Everything held about it goes at once, and nothing that was moved can be undone from here. Mail stays where it is in Outlook. You get a signed receipt.</p>
      <p class="actions"><button class="danger" onClick=${disconnect}>Disconnect</button> <button autofocus onClick=${() => (leaving.value = null)}>Not now</button></p><//>`}`;
}

/** No name of a mailbox is kept. @param {string | null} id */
const mailboxName = (id) => (id === null ? "all mailboxes" : `Mailbox ${mailboxes.value.findIndex((one) => one.id === id) + 1}`);

/** @param {{plan: import("../../api").QuotaAnswer}} props */
const Plan = ({ plan }) => html`<dl class="pairs"><dt>plan</dt><dd>${plan.plan}</dd>${plan.items.map(({ name, most, used, resets_at: until }) => html`
  <dt>${BOUNDS[name] ?? name}</dt><dd>${until && `${used.toLocaleString()} of `}${most?.toLocaleString() ?? "any"}${until && most !== null && `, until ${onDay(until)}`}</dd>`)}</dl>`;

/** Which browsers these are, nobody keeps. @param {{items: Session[], again: Again}} props */
function Sessions({ items, again }) {
  /** @param {Session} session */
  const end = ({ id, current }) => (current ? signOut() : settle("Ended", () => call("DELETE", `${SESSIONS}/${id}`), again));
  const endAll = () => attempt(() => call("DELETE", SESSIONS).then(() => ended("signed_out")));
  return html`<${Table} caption="Sessions" heads=${["Began", "Last used", "Ends by", ""]}>${items.map((one) => html`<tr key=${one.id}>
      <th scope="row">${atMinute(one.started_at)}${one.current && html` <span class="tag move">this one</span>`}</th>
      <td data-label="Last used">${atMinute(one.last_used_at)}</td><td data-label="Ends by">${atMinute(one.ends_at)}</td><td><button onClick=${() => end(one)}>End it</button></td></tr>`)}<//>
    <p class="actions"><button onClick=${endAll}>End all, on every device</button></p>`;
}

/** @param {{items: Array<import("../../api").ApiKeyAnswer>, again: Again}} props */
function Keys({ items, again }) {
  if (!items.length) return html`<p class="quiet">None yet. Make one for a program that works on your behalf.</p>`;
  return html`<${Table} caption="API keys" heads=${["For", "May", "Where", "Last used", "Ends", ""]}>${items.map((one) => html`<tr key=${one.id}>
    <th scope="row"><${Line} value=${one.name} /></th><td data-label="May">${one.scopes.join(", ")}</td><td data-label="Where">${mailboxName(one.mailbox_id)}</td>
    <td data-label="Last used">${onDay(one.last_used_on) || "never"}</td><td data-label="Ends">${onDay(one.expires_at)}</td>
    <td><button onClick=${() => settle("Revoked", () => call("DELETE", `${KEYS}/${one.id}`), again)}>Revoke</button></td></tr>`)}<//>`;
}

/** @param {FormData} fields */
const wanted = (fields) => ({
  name: fields.get("name"), scopes: fields.getAll("scope"), expires_in_days: Number(fields.get("days")), mailbox_id: fields.get("mailbox") || null,
});

/** @param {{again: Again}} props */
function NewKey({ again }) {
  const made = useSignal(/** @type {Made | null} */ (null));
  /** @param {HTMLFormElement} form */
  const make = (form) => settle("Made", async () => {
    made.value = /** @type {Made} */ ((await call("POST", KEYS, wanted(new FormData(form)))).data);
    form.reset();
  }, again);
  return html`${made.value && html`<${Once} made=${made.value} onDone=${() => (made.value = null)} />`}
    <details class="panel"><summary>Make a key for a program</summary><form class="stack" onSubmit=${submit(make)}>
      <label>Which program is it for? <input name="name" required maxlength="64" autocomplete="off" /></label>
      <fieldset class="stack"><legend>It may</legend>${Object.entries(SCOPES).map(([code, what]) => html`<label class="check" key=${code}>
        <input type="checkbox" name="scope" value=${code} /> <span><strong>${code}</strong>: ${what}</span></label>`)}</fieldset>
      ${mailboxes.value.length > 1 && html`<label>In <select name="mailbox"><option value="">all mailboxes</option>
        ${mailboxes.value.map(({ id }) => html`<option key=${id} value=${id}>${mailboxName(id)}</option>`)}</select></label>`}
      <label>For <select name="days">${DAYS.map((days) => html`<option key=${days} value=${days}>${count(days, "day")}</option>`)}</select></label>
      <p><button class="primary">Make the key</button></p></form></details>`;
}

/** A new key's text, which is nowhere after this. @param {{made: Made, onDone: () => void}} props */
const Once = ({ made, onDone }) => html`<section class="panel"><h3>The key for <${Line} value=${made.name} /></h3>
  <p><code class="exactly">${made.key}</code></p><p>It is shown now and never again. Who has it may do what you ticked.</p>
  <p class="actions"><button onClick=${onDone}>I have it</button></p></section>`;

/** @param {{items: Array<import("../../api").HeldAnswer>}} props */
const Held = ({ items }) => html`<details class="panel"><summary>${count(items.length, "kind")} of data: what, why and for how long</summary><${Table} caption="What is held about you" heads=${["What", "Why", "For how long", "In the export"]}>${items.map((one) => html`<tr key=${one.what}>
  <th scope="row">${one.what}</th><td data-label="Why">${one.why}</td><td data-label="For how long">${one.kept_for}</td><td data-label="In the export">${one.exported ? "yes" : "no"}</td></tr>`)}<//></details>`;

/** Everything that is held, as a file. */
async function take() {
  say("The export is being made");
  download("mail-organiser-export.zip", await (await response("GET", "/api/v1/me/export")).blob());
  say("The export is in your downloads");
}

/** @param {{recently: (work: () => Promise<void>) => Promise<void>}} props */
function Erasure({ recently }) {
  const typed = useSignal("");
  const erase = () => recently(async () => {
    receipt.value = /** @type {import("../../api").ReceiptAnswer} */ ((await call("POST", "/api/v1/me/erasure", { confirm: typed.value })).data);
    ended("erased");
  });
  return html`<section class="panel"><h2>Erase everything</h2>
    <p>At once and for ever: what runs stops, mailboxes, sessions and API keys end, and the key to what is held about you is destroyed.
      Mail stays where it is in Outlook; moves can't be undone any more. You get a signed receipt.</p>
    <form class="filters" onSubmit=${submit(erase)}><label>Type <strong>${WORD}</strong> <input value=${typed.value} autocomplete="off" spellcheck=${false} onInput=${into(typed)} /></label>
      <button class="danger" disabled=${typed.value !== WORD}>Erase everything</button></form></section>`;
}
