// What was held: each message as it really is, and three things that its owner can say about it.

import { html, useEffect, useSignal } from "../../vendor/preact.js";
import { attempt, say } from "../notice.js";
import { Empty, Heading, Loading } from "../parts.js";
import * as preview from "../preview.js";
import { route } from "../route.js";
import { Line } from "../text.js";
import { atMinute } from "../time.js";
import { percent, TECHNIQUES } from "../words.js";
import { Evidence } from "./evidence.js";

/** @typedef {import("../preview.js").Row} Row */

export function Screen() {
  const [loading, technique, kept] = [useSignal(true), useSignal(""), useSignal(/** @type {string[]} */ ([]))];
  useEffect(() => void attempt(load).then(() => (loading.value = false)), []);
  if (loading.value) return html`<${Heading} title="Held for review" /><${Loading} what="what is held" />`;
  const held = preview.rows.value.filter((row) => row.kind === "hold" && !kept.value.includes(row.id));
  const shown = held.filter((row) => !technique.value || row.findings.some((one) => one.technique === technique.value));
  return html`<${Heading} title=${`Held for review (${preview.scan.value?.counts.hold ?? 0})`} />
    ${held.length ? html`<p>These look like attempts to talk an AI into something. They stay where they are, and no AI has read them. What you hide is here again when you come back.</p>
        <${Facets} rows=${held} picked=${technique.value} onPick=${(/** @type {string} */ one) => (technique.value = one)} />
        ${shown.map((row) => html`<${Held} key=${row.id} row=${row} onKeep=${() => { kept.value = [...kept.value, row.id]; say("It stays held, and is hidden until you come back"); }} />`)}`
      : html`<${Empty}><p>${kept.value.length ? "You have hidden all that is held. It is here again when you come back." : "Nothing is held."}</p><//>`}
    ${preview.following.value && html`<p><button onClick=${() => attempt(preview.more)}>Show 100 more</button></p>`}`;
}

async function load() {
  await preview.open();
  if (preview.scan.value?.state !== "done") return;
  preview.filter.value = { ...preview.filter.value, kind: "hold" };
  await preview.refill();
}

/** @param {{rows: Row[], picked: string, onPick: (technique: string) => void}} props */
function Facets({ rows, picked, onPick }) {
  const sums = /** @type {Map<string, number>} */ (new Map());
  for (const row of rows) for (const one of new Set(row.findings.map(({ technique }) => technique))) sums.set(one, (sums.get(one) ?? 0) + 1);
  return html`<p class="facets" role="group" aria-label="Techniques">
    <button aria-pressed=${picked === ""} onClick=${() => onPick("")}>all ${rows.length}</button>
    ${[...sums].map(([one, sum]) => html`<button key=${one} aria-pressed=${picked === one} onClick=${() => onPick(one)}>
      ${TECHNIQUES[one]?.name ?? one} ${sum}</button>`)}</p>`;
}

/** @param {{row: Row, onKeep: () => void}} props */
function Held({ row, onKeep }) {
  /** @param {"sender" | "text" | null} remember */
  const release = async (remember) => {
    if ((await attempt(() => preview.release(row, remember).then(() => true))) === undefined) return;
    say(remember ? "Released, and remembered for the next scan" : "Released: it stays where it is and is now for review");
  };
  const isTarget = route.value.id === row.id;
  return html`<article class="panel held" aria-label=${`Held message, risk ${percent(row.risk)}`} id=${row.id} open=${isTarget}>
    <h2><${Line} value=${row.message?.subject} none="(no subject)" /></h2>
    <p class="quiet">From <${Line} value=${row.message?.sender_name} /> <${Line} value=${row.message?.sender_address} />${" "}
      · ${atMinute(row.message?.received_at ?? null)} · risk ${percent(row.risk)}</p>
    <${Evidence} row=${row} />
    <p class="actions"><button onClick=${onKeep}>Keep held, hide for now</button>
      <button onClick=${() => release(null)}>Release</button>
      <button onClick=${() => release("sender")}>Not an attack: remember this sender</button>
      <button onClick=${() => release("text")}>Not an attack: remember this subject</button></p></article>`;
}
