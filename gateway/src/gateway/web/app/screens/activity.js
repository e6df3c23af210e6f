import { html } from "../../vendor/preact.js";
import { Heading } from "../parts.js";

export const Screen = () => html`<${Heading} title="activity" />`;
