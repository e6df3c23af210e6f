// Which folders mail may be filed in, what their owner says about them, and what stays by itself.

import { html, useEffect, useRef, useSignal } from "../../vendor/preact.js";
import { call } from "../api.js";
import { chosen, folderName, folders, loadFolders, of } from "../mailbox.js";
import { attempt, say, settle } from "../notice.js";
import { Empty, fetched, Heading, into, options, submit, Sure, Table, valueOf } from "../parts.js";
import { href } from "../route.js";
import { Line } from "../text.js";
import { count, LANGUAGES, percent } from "../words.js";

/** @typedef {import("../mailbox.js").Folder} Folder */
/** @typedef {import("../../api").KeepingAnswer} Kept */
/** @typedef {import("../../api").TrialAnswer} Trial */

const MOST = 500; // characters of a description
const MOST_HOURS = 24 * 90;

/** Outlook's own folders are no places to file mail in, the archive aside. @param {Folder} folder */
const isPlace = ({ well_known: name, chosen: is }) => is || name === null || name === "archive";

export function Screen() {
  const places = folders.value.filter(isPlace);
  return html`<${Heading} title="Folders">${chosen.value.length > 0 && html`<a class="button primary" href=${href("preview")}>To the preview</a>`}<//>
    <p>Mail is only ever filed in folders that are chosen here: ${chosen.value.length} of ${places.length} are.</p>
    ${places.length ? html`<${Table} caption="Folders of this mailbox" heads=${["Folder", "What belongs there", "Messages", ""]}>
        ${places.map((folder) => html`<${Row} key=${folder.id} folder=${folder} />`)}<//>`
      : html`<${Empty}><p>This mailbox has no folders of its own yet. Adopt some below.</p><//>`}
    <${Starters} open=${!chosen.value.length} />
    <section class="panel"><h2>What stays by itself</h2>${fetched(of("/keeping"), "what stays", (kept, again) => html`<${Keeping} kept=${kept} again=${again} />`)}</section>`;
}

/** @param {{folder: Folder}} props */
function Row({ folder }) {
  const [open, button] = [useSignal(false), useRef(/** @type {HTMLElement | null} */ (null))];
  const close = () => {
    open.value = false;
    button.current?.focus();
  };
  return html`<tr><th scope="row"><label class="check"><input type="checkbox" checked=${folder.chosen} onChange=${() => choose(folder)} />
      <${Line} value=${folder.name} /></label></th>
    <td data-label="What belongs there"><${Line} value=${folder.description} none="not described: its name and mail must do" /></td>
    <td data-label="Messages">${folder.total.toLocaleString()}</td>
    <td><button ref=${button} aria-expanded=${open.value} onClick=${() => (open.value = !open.value)}>Describe</button></td></tr>
    ${open.value && html`<tr class="detail"><td colspan="4"><${Description} folder=${folder} onClose=${close} /></td></tr>`}`;
}

/** @param {string} id @param {import("../../api").FolderChange} change @param {string} said */
const change = (id, change, said) => settle(said, () => call("PATCH", of(`/folders/${id}`), change), loadFolders);

/** @param {Folder} folder */
const choose = ({ id, name, chosen: was }) =>
  change(id, { chosen: !was }, was ? `Nothing is filed in ${name} any more; what was learned of it is forgotten` : `Mail may be filed in ${name}`);

/** What belongs in a folder, tried before it is saved. @param {{folder: Folder, onClose: () => void}} props */
function Description({ folder, onClose }) {
  const [text, trial, busy] = [useSignal(folder.description ?? ""), useSignal(/** @type {Trial | null} */ (null)), useSignal(false)];
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => box.current?.focus(), []);
  const test = async () => {
    busy.value = true;
    const found = await attempt(() => call("POST", of(`/folders/${folder.id}/trial`), { description: text.value }));
    [busy.value, trial.value] = [false, found ? /** @type {Trial} */ (found.data) : null];
    if (found) say("Tried");
  };
  const save = () => change(folder.id, { description: text.value }, "Saved").then((saved) => saved && onClose());
  return html`<form class="stack" onSubmit=${submit(save)}><label>Which mail belongs in this folder? A sentence in your own words.
      <textarea ref=${box} rows="2" maxlength=${MOST} value=${text.value} onInput=${into(text)}></textarea></label>
    <p class="actions"><button type="button" disabled=${busy.value || !text.value.trim()} onClick=${test}>${busy.value ? "Trying …" : "Try it on my mail"}</button>
      <button class="primary">Save</button> <button type="button" onClick=${onClose}>Cancel</button></p></form>
    ${trial.value && html`<${Found} trial=${trial.value} />`}`;
}

/** @param {{trial: Trial}} props */
const Found = ({ trial }) => html`<section aria-label="Trial">
  <p class="quiet">Tried on the newest ${count(trial.looked_at, "message")} of the inbox. Nothing is saved or learned of it.</p>
  ${trial.overlaps.map((one) => html`<p class="notice"><span>Overlaps <${Line} value=${folderName(one.folder_id)} />: ${percent(one.share)} of what fits here
    fits there nearly as well. Say in both what tells them apart.</span></p>`)}
  <${Likelies} title="Fits best" found=${trial.nearest} none="Nothing there fits it." />
  <${Likelies} title="Borderline" found=${trial.borderline} none="Nothing there is borderline." /></section>`;

/** @param {{title: string, found: Trial["nearest"], none: string}} props */
const Likelies = ({ title, found, none }) => html`<h2>${title}</h2>
  ${found.length ? html`<ul class="plain">${found.map(({ message, confidence }) => html`<li><${Sure} value=${confidence} />${" "}
    <${Line} value=${message.subject} none="(no subject)" />${" "}
    <span class="quiet"><${Line} value=${message.sender_address} /></span></li>`)}</ul>` : html`<p class="quiet">${none}</p>`}`;

const own = navigator.language.slice(0, 2);

/** Folders to start with, as they are published. @param {{open: boolean}} props */
function Starters({ open }) {
  const language = useSignal(own in LANGUAGES ? own : "en");
  return html`<details class="panel" open=${open}><summary>Adopt folders to start with</summary>
    <p><label class="check">Names in <select value=${language.value} onChange=${into(language)}>${options(LANGUAGES)}</select></label></p>
    ${fetched(`/api/v1/starter-folders?language=${language.value}`, "the starter folders", ({ items }) => html`<${Choice} starters=${items} language=${language.value} />`)}</details>`;
}

/** @param {{starters: Array<import("../../api").StarterFolderAnswer>, language: string}} props */
function Choice({ starters, language }) {
  const picked = useSignal(/** @type {string[]} */ ([]));
  const there = new Set(folders.value.map((one) => one.name.toLowerCase()));
  /** @param {string} id */
  const toggle = (id) => (picked.value = picked.value.includes(id) ? picked.value.filter((one) => one !== id) : [...picked.value, id]);
  const adopt = () => settle(`${count(picked.value.length, "folder")} adopted`,
    () => call("POST", of("/folders"), { folders: picked.value.map((id) => ({ starter_id: id })), language }).then(() => (picked.value = [])), loadFolders);
  return html`<form class="stack" onSubmit=${submit(adopt)}><ul class="plain">${starters.map((one) => html`<li key=${one.id}>
      <label class="check"><input type="checkbox" checked=${picked.value.includes(one.id)} onChange=${() => toggle(one.id)} /> ${one.name}</label>${" "}
      <span class="quiet">${one.description}${there.has(one.name.toLowerCase()) && " You have it: none is made."}</span></li>`)}</ul>
    <p>What you don't have is made in Outlook now, empty. No mail moves.</p>
    <p><button class="primary" disabled=${!picked.value.length}>Adopt ${count(picked.value.length, "folder")}</button></p></form>`;
}

/** @param {{kept: Kept, again: import("../parts.js").Again}} props */
function Keeping({ kept, again }) {
  /** @param {Partial<Kept>} change */
  const set = (change) => settle("Changed", () => call("PATCH", of("/keeping"), change), again);
  return html`<div class="stack">
    <label class="check"><input type="checkbox" checked=${kept.replied_to} onChange=${() => set({ replied_to: !kept.replied_to })} /> mail of people I wrote to</label>
    <label class="check"><input type="checkbox" checked=${kept.flagged} onChange=${() => set({ flagged: !kept.flagged })} /> flagged mail</label>
    <label class="check">mail of the last <input type="number" min="0" max=${MOST_HOURS} value=${kept.younger_than_hours}
      onChange=${(/** @type {Event} */ event) => set({ younger_than_hours: Number(valueOf(event)) })} /> hours (0: none)</label>
    <p class="quiet">Drafts always stay.</p></div>`;
}
