// The last question before mail moves.

import { html, useRef } from "../../vendor/preact.js";
import { onceKey } from "../api.js";
import { Problem } from "../problem.js";
import { askMicrosoft, chosen, of } from "../mailbox.js";
import { attempt, complain } from "../notice.js";
import { Dialog } from "../parts.js";
import * as preview from "../preview.js";
import { Line } from "../text.js";
import { count } from "../words.js";

/** @param {{ids: string[] | null, total: number, onClose: () => void, onRun: (id: string) => void}} props ids: null is all */
export function Approval({ ids, total, onClose, onRun }) {
  const key = useRef(onceKey());
  async function move() {
    try {
      onRun((await preview.approve(ids, key.current)).id);
    } catch (error) {
      onClose();
      if (error instanceof Problem && error.code === "needs_consent") return attempt(() => askMicrosoft(of("/sign-in"), { access: "full" }));
      complain(error);
    }
  }
  return html`<${Dialog} title=${`Move ${count(ids?.length ?? total, "message")}?`} onClose=${onClose}>
    <p>What you saw is what moves: if the preview was changed elsewhere meanwhile, nothing does.
      Held messages and those to review stay where they are.</p>
    <${PerFolder} ids=${ids} />
    <p class="actions"><button class="primary" autofocus onClick=${move}>Move</button> <button onClick=${onClose}>Not yet</button></p><//>`;
}

/** Of the messages fetched so far, how many go where. @param {{ids: string[] | null}} props */
function PerFolder({ ids }) {
  const known = preview.rows.value.filter((row) => row.kind === "move" && (ids === null || ids.includes(row.id)));
  const sums = chosen.value.map((folder) => ({ folder, sum: known.filter((row) => row.folder_id === folder.id).length })).filter(({ sum }) => sum);
  if (preview.following.value && ids === null) return null;
  return html`<ul class="plain">${sums.map(({ folder, sum }) => html`<li>${sum.toLocaleString()} to <${Line} value=${folder.name} /></li>`)}</ul>`;
}
