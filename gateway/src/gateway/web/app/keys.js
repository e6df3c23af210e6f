// Keys for people who keep their hands there. Single letters are off while one types, and can be turned off (WCAG 2.1.4).

import { signal, useEffect } from "../vendor/preact.js";
import { go } from "./route.js";

const STORED = "mail-organiser.single-keys";
const SCREENS = /** @type {Record<string, string>} */ ({ p: "preview", q: "quarantine", f: "folders", r: "rules", a: "activity", c: "account", s: "status" });
const TYPING = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";

export const on = signal(localStorage.getItem(STORED) !== "off");
export const helpShown = signal(false);

/** What each key does, in the order in which `?` lists them. */
export const LIST = [
  ["j / k", "next, previous message"], ["x", "select"], ["m", "choose another folder"], ["e", "keep where it is"],
  ["a", "accept: select it and go on"], ["z", "take the last change back"], ["o or Enter", "open"], ["/", "search"],
  ["g then p q f r a c s", "go to preview, quarantine, folders, rules, activity, account, status"], ["?", "this list"], ["Esc", "close, back to the message"],
];

/** @param {boolean} wanted */
export function turn(wanted) {
  on.value = wanted;
  localStorage.setItem(STORED, wanted ? "on" : "off");
}

/** @typedef {Record<string, (event: KeyboardEvent) => void>} Bindings */

const bound = /** @type {Set<{current: Bindings}>} */ (new Set());
let leading = false; // whether `g` was pressed just now

/** Keys of one screen, while it is there. @param {{current: Bindings}} bindings a ref */
export function useKeys(bindings) {
  useEffect(() => {
    bound.add(bindings);
    return () => void bound.delete(bindings);
  }, []);
}

/** @param {KeyboardEvent} event */
const isOurs = (event) =>
  on.value && !event.ctrlKey && !event.metaKey && !event.altKey && !document.querySelector("dialog[open]") &&
  !(event.target instanceof Element && event.target.closest(TYPING));

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (!isOurs(event)) return;
  const goes = leading ? SCREENS[event.key] : undefined;
  leading = event.key === "g" && !leading;
  if (goes) return void go(goes);
  if (event.key === "?") return void (helpShown.value = true);
  for (const { current } of bound) {
    if (!current[event.key]) continue;
    event.preventDefault();
    return current[event.key](event);
  }
}

addEventListener("keydown", pressed);
