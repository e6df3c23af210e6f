// The types of vendor/preact.js: those of the packages that it is made from.
import type { VNode } from "preact";

export { render } from "preact";
export { useEffect, useRef } from "preact/hooks";
export { batch, computed, signal, useComputed, useSignal } from "@preact/signals";
export type { ReadonlySignal, Signal } from "@preact/signals";
export type { ComponentChildren, VNode } from "preact";
export declare function html(strings: TemplateStringsArray, ...values: unknown[]): VNode;
