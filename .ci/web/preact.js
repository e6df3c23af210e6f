// What the page has of Preact, htm and signals: one module, made by `make vendor`.
import { h } from "preact";
import htm from "htm";

export { render } from "preact";
export { useEffect, useRef } from "preact/hooks";
export { batch, computed, signal, useComputed, useSignal } from "@preact/signals";
export const html = htm.bind(h);
