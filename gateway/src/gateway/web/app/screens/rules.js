// What its owner settled for good: rules, protections, what is no attack, and what was learned. Proposed rules come first.

import { html, useSignal } from "../../vendor/preact.js";
import { call } from "../api.js";
import { folderName, folders, of } from "../mailbox.js";
import { settle } from "../notice.js";
import { Dialog, Empty, fetched, FolderPicker, Heading, into, options, submit, Table } from "../parts.js";
import { Line } from "../text.js";
import { onDay } from "../time.js";
import { CORRECTIONS, count, MATCHERS } from "../words.js";

/** @typedef {import("../../api").RuleAnswer} Rule */
/** @typedef {import("../parts.js").Again} Again */
/** @typedef {{tail: string, of: unknown}} Forgetting */

export const Screen = () => html`<${Heading} title="Rules" />
  <p>Rules come before any AI. Each change holds from the next preview on; what was filed stays filed.</p>
  ${fetched(of("/rules"), "your rules", ({ items }, again) => html`
    ${fetched(of("/proposals"), "proposed rules", (found, anew) => html`<${Proposals} items=${found.items} again=${() => Promise.all([again(), anew()])} />`)}
    <h2>Active rules (${items.length})</h2><${Rules} items=${items} again=${again} /><${NewRule} again=${again} />`)}
  <h2>Protected</h2>${fetched(of("/protections"), "what is protected", ({ items }, again) => html`<${Sentences} items=${items} path="/protections"
    verb="End it" none="None yet. What you protect stays where it is, whatever a rule or an AI would say." again=${again} /><${NewProtection} again=${again} />`)}
  <h2>No attack, you said</h2>${fetched(of("/corrections"), "your corrections", ({ items }, again) => html`<${Corrections} items=${items} again=${again} />`)}
  <h2>Learned from how you file</h2>${fetched(of("/learned"), "what was learned", ({ items }, again) => html`<${Learned} items=${items} again=${again} />`)}`;

/** @param {{items: Array<import("../../api").ProposalAnswer>, again: Again}} props */
function Proposals({ items, again }) {
  /** @param {string} tail @param {string} said */
  const answer = (tail, said) => settle(said, () => call("POST", of(`/proposals/${tail}`), {}), again);
  return items.length > 0 && html`<section class="panel"><h2>Proposed (${items.length})</h2><ul class="plain list">${items.map(({ id, sentence }) => html`<li key=${id}>
    <span><${Line} value=${sentence} /></span> <span><button class="primary" onClick=${() => answer(`${id}/accept`, "It is a rule now")}>Make it a rule</button>${" "}
      <button onClick=${() => answer(`${id}/dismiss`, "It is not proposed again")}>Dismiss</button></span></li>`)}</ul></section>`;
}

/** @param {{items: Rule[], again: Again}} props */
function Rules({ items, again }) {
  if (!items.length) return html`<${Empty}><p>None yet. One is proposed when you file a sender's mail by hand three times.</p><//>`;
  return html`<${Table} caption="Active rules" heads=${["Rule", "Folder", "Made", ""]}>${items.map((rule) => html`<${Row} key=${rule.id} rule=${rule} again=${again} />`)}<//>`;
}

/** @param {{rule: Rule, again: Again}} props */
function Row({ rule: { id, folder_id: folder, sentence, state, created_at: made }, again }) {
  /** @param {string | null} other */
  const point = (other) => other && settle("Changed", () => call("PATCH", of(`/rules/${id}`), { folder_id: other }), again);
  return html`<tr><th scope="row">${state === "paused" && html`<span class="tag review">paused</span> `}<${Line} value=${sentence} /></th>
    <td data-label="Folder"><${FolderPicker} value=${folder} label="Folder of this rule" none="Choose a folder" onPick=${point} /></td>
    <td data-label="Made">${onDay(made)}</td>
    <td><button onClick=${() => settle("Removed", () => call("DELETE", of(`/rules/${id}`)), again)}>Remove</button></td></tr>`;
}

/** @param {{items: Array<{id: string, sentence: string}>, path: string, verb: string, none: string, again: Again}} props */
const Sentences = ({ items, path, verb, none, again }) => items.length
  ? html`<ul class="plain list">${items.map(({ id, sentence }) => html`<li key=${id}><span><${Line} value=${sentence} /></span>
      <button onClick=${() => settle("Done", () => call("DELETE", of(`${path}/${id}`)), again)}>${verb}</button></li>`)}</ul>`
  : html`<p class="quiet">${none}</p>`;

/** @param {{items: Array<import("../../api").CorrectionAnswer>, again: Again}} props */
const Corrections = ({ items, again }) => html`<p class="quiet">Such mail is for review in place of held. Whose it is can't be shown: only a keyed hash is kept.</p>
  <${Sentences} items=${items.map(({ id, kind, created_at: made }) => ({ id, sentence: `Mail ${CORRECTIONS[kind]}, since ${onDay(made)}` }))}
    path="/corrections" verb="Hold it again" none="None yet. Say so of a held message in the quarantine, and mail like it is for review from then on." again=${again} />`;

/** @param {{value: string}} text */
const text = (text) => html`<label>address, list or domain <input value=${text.value} autocomplete="off" spellcheck=${false} maxlength="320" onInput=${into(text)} /></label>`;

/** @param {{again: Again}} props */
function NewRule({ again }) {
  const [kind, typed, folder] = [useSignal("sender"), useSignal(""), useSignal(/** @type {string | null} */ (null))];
  const wanted = { kind: kind.value, text: typed.value.trim(), folder_id: folder.value };
  const make = () => settle("Made", () => call("POST", of("/rules"), wanted).then(() => (typed.value = "")), again);
  return html`<form class="filters" aria-label="New rule" onSubmit=${submit(make)}><label>Mail of <select value=${kind.value} onChange=${into(kind)}>${options(MATCHERS)}</select></label>
    ${text(typed)}<label>goes to <${FolderPicker} value=${folder.value} label="goes to" none="Choose a folder" onPick=${(/** @type {string | null} */ id) => (folder.value = id)} /></label>
    <button disabled=${!wanted.text || !folder.value}>Make the rule</button></form>`;
}

/** @param {{again: Again}} props */
function NewProtection({ again }) {
  const [kind, typed, folder] = [useSignal("sender"), useSignal(""), useSignal("")];
  const wanted = { kind: kind.value, text: kind.value === "folder" ? folder.value : typed.value.trim() };
  const make = () => settle("Made", () => call("POST", of("/protections"), wanted).then(() => (typed.value = folder.value = "")), again);
  return html`<form class="filters" aria-label="New protection" onSubmit=${submit(make)}>
    <label>Leave alone <select value=${kind.value} onChange=${into(kind)}>${options({ ...MATCHERS, folder: "a folder" })}</select></label>
    ${kind.value === "folder" ? html`<label>which <select value=${folder.value} onChange=${into(folder)}><option value="">Choose a folder</option>
      ${options(Object.fromEntries(folders.value.map(({ id, name }) => [id, name])))}</select></label>` : text(typed)}
    <button disabled=${!wanted.text}>Protect it</button></form>`;
}

/** @param {{items: Array<import("../../api").LearnedFolder>, again: Again}} props */
function Learned({ items, again }) {
  const asked = useSignal(/** @type {Forgetting | null} */ (null));
  const total = items.reduce((sum, one) => sum + one.total, 0);
  const forget = () => {
    const { tail } = /** @type {Forgetting} */ (asked.value);
    asked.value = null;
    return settle("Forgotten", () => call("DELETE", of(`/learned${tail}`)), again);
  };
  if (!items.length) return html`<p class="quiet">Nothing was learned yet, or all of it was forgotten.</p>`;
  return html`<ul class="plain list">${items.map(({ folder_id: id, total: one }) => html`<li key=${id}><span><${Line} value=${folderName(id)} />${" "}
      <span class="quiet">${one.toLocaleString()} of ${count(total, "message")}</span></span>
      <button onClick=${() => (asked.value = { tail: `/folders/${id}`, of: html`<${Line} value=${folderName(id)} />` })}>Forget</button></li>`)}</ul>
    <p class="actions"><button class="danger" onClick=${() => (asked.value = { tail: "", of: "all folders" })}>Forget everything</button></p>
    ${asked.value && html`<${Dialog} title="Forget what was learned?" onClose=${() => (asked.value = null)}>
      <p>What was learned of ${asked.value.of} is gone at once, and the mail that lies there is not learned from again. What you file next is.</p>
      <p class="actions"><button class="danger" onClick=${forget}>Forget it</button> <button autofocus onClick=${() => (asked.value = null)}>Not now</button></p><//>`}`;
}
