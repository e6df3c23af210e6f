// The page: who is here, which screen is shown. Nothing is decided here that the gateway does not decide again.

import { html, render, useEffect, useSignal } from "../vendor/preact.js";
import * as keys from "./keys.js";
import { askMicrosoft, enter, isSandbox, lookAtStatus, mailbox, mailboxes, mailboxId } from "./mailbox.js";
import { attempt, Notices, Said } from "./notice.js";
import { Dialog, Empty, Heading, Loading } from "./parts.js";
import * as preview from "./preview.js";
import { href, route } from "./route.js";
import { Preview } from "./screens/preview.js";
import { SignIn } from "./screens/sign_in.js";
import { cameBack, endReason, signedIn, signOut } from "./session.js";

/** Screens that are fetched when they are entered. */
const LATER = /** @type {Record<string, () => Promise<{Screen: () => unknown}>>} */ ({
  moves: () => import("./screens/moves.js"),
  quarantine: () => import("./screens/quarantine.js"),
  folders: () => import("./screens/folders.js"),
  rules: () => import("./screens/rules.js"),
  activity: () => import("./screens/activity.js"),
  account: () => import("./screens/account.js"),
  status: () => import("./screens/status.js"),
});
const OF_PERSON = new Set(["account", "status"]); // what is shown whether Microsoft lets us into the mailbox or not
const NAVIGATION = [["preview", "Preview"], ["quarantine", "Quarantine"], ["folders", "Folders"], ["rules", "Rules"], ["activity", "Activity"], ["account", "Account"]];

function Page() {
  const inside = signedIn.value;
  return html`<a class="skip" href="#main" onClick=${skip}>Skip to the content</a>
    <header><${Banner} /><div class="bar"><strong class="name">Mail Organiser</strong>${inside && html`<${Navigation} />`}</div></header>
    <main id="main" tabindex="-1"><${Notices} />${inside && endReason.value && html`<p class="notice bad">Microsoft did not let that through. Nothing has changed here.</p>`}${inside ? html`<${Inside} />` : route.value.screen === "status" ? html`<${Later} name="status" />` : html`<${SignIn} />`}</main>
    <footer><a href=${href("status")}>Status</a> · <button class="link" onClick=${() => (keys.helpShown.value = true)}>Keys</button></footer>
    <${Said} />${keys.helpShown.value && html`<${KeyList} />`}`;
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

const Banner = () =>
  isSandbox.value && html`<p class="banner"><strong>Sandbox:</strong> no Microsoft account is connected. The mail is on this computer alone.</p>`;

function Navigation() {
  const { screen } = route.value;
  const held = preview.scan.value?.counts.hold;
  return html`<nav aria-label="Screens">${NAVIGATION.map(([name, title]) => html`<a key=${name} href=${href(name)}
      aria-current=${screen === name || (screen === "moves" && name === "preview") ? "page" : undefined}>${title}${name === "quarantine" && held ? ` (${held})` : ""}</a>`)}</nav>
    ${mailboxes.value.length > 1 && html`<${MailboxPicker} />`}<button onClick=${signOut}>Sign out</button>`;
}

function MailboxPicker() {
  /** @param {Event} event */
  const picked = (event) => {
    mailboxId.value = /** @type {HTMLSelectElement} */ (event.currentTarget).value;
    preview.leave();
    attempt(enter);
  };
  return html`<select aria-label="Mailbox" value=${mailboxId.value} onChange=${picked}>
    ${mailboxes.value.map((one, index) => html`<option key=${one.id} value=${one.id}>Mailbox ${index + 1}</option>`)}</select>`;
}

function Inside() {
  const here = useSignal(/** @type {boolean | null} */ (null)); // false: it could not be looked at
  const look = () => attempt(() => enter().then(() => true)).then((found) => (here.value = found ?? false));
  useEffect(() => void look(), []);
  if (here.value === null) return html`<${Loading} what="your mailbox" />`;
  const { screen } = route.value;
  if (!here.value) return html`<p><button onClick=${look}>Load your mailbox again</button></p>`;
  if (mailbox.value === null && !OF_PERSON.has(screen)) return html`<${Unconnected} key=${screen} />`;
  if (mailbox.value?.needs_sign_in && !OF_PERSON.has(screen)) return html`<${SignIn} />`;
  return screen in LATER ? html`<${Later} key=${`${screen}/${mailboxId.value}`} name=${screen} />` : html`<${Preview} key=${mailboxId.value} />`;
}

const connect = () => attempt(() => askMicrosoft("/api/v1/mailboxes", {}));

/** What a person has whose last mailbox was disconnected. */
const Unconnected = () => html`<${Heading} title="No mailbox is connected" />
  <${Empty}><p>There is nothing to sort. Your plan, sessions and keys are still there, and so is what happened.</p>
    <p><button class="primary" onClick=${connect}>Connect a mailbox</button> <a class="button" href=${href("account")}>Account</a></p><//>`;

/** @param {{name: string}} props */
function Later({ name }) {
  const screen = useSignal(/** @type {(() => unknown) | null} */ (null));
  useEffect(() => void LATER[name]().then((found) => (screen.value = found.Screen)), [name]);
  return screen.value ? html`<${screen.value} />` : html`<${Loading} what="this screen" />`;
}

function KeyList() {
  return html`<${Dialog} title="Keys" onClose=${() => (keys.helpShown.value = false)}>
    <dl class="pairs">${keys.LIST.map(([key, what]) => html`<dt><kbd>${key}</kbd></dt><dd>${what}</dd>`)}</dl>
    <p><label class="check"><input type="checkbox" checked=${keys.on.value} onChange=${() => keys.turn(!keys.on.value)} /> single keys are on</label></p>
    <form method="dialog"><button autofocus>Close</button></form><//>`;
}

await Promise.all([cameBack(), lookAtStatus()]);
if (isSandbox.value) document.documentElement.dataset.mode = "[sandbox] ";
const root = /** @type {HTMLElement} */ (document.getElementById("page"));
root.replaceChildren();
render(html`<${Page} />`, root);
