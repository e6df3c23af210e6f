// Writes the types of the API's bodies, as docs/reference/openapi.json has them, for the page's check: api.d.ts.
import { readFileSync, writeFileSync } from "node:fs";

const [source, target] = process.argv.slice(2);
const { schemas } = JSON.parse(readFileSync(source, "utf8")).components;
const PLAIN = { string: "string", integer: "number", number: "number", boolean: "boolean", null: "null" };

function type(schema) {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if ("const" in schema) return JSON.stringify(schema.const);
  const several = schema.anyOf ?? schema.oneOf;
  if (several) return several.map(type).join(" | ");
  if (schema.type === "array") return `Array<${type(schema.items)}>`;
  if (schema.type === "object") return object(schema);
  return PLAIN[schema.type] ?? "unknown";
}

function object({ properties, required = [], additionalProperties }) {
  if (!properties) return `Record<string, ${type(additionalProperties || {})}>`;
  const fields = Object.entries(properties).map(
    ([name, one]) => `${JSON.stringify(name)}${required.includes(name) ? "" : "?"}: ${type(one)}`,
  );
  return `{ ${fields.join("; ")} }`;
}

const lines = Object.entries(schemas).map(([name, schema]) => `export type ${name} = ${type(schema)};`);
writeFileSync(target, `${lines.join("\n")}\n`);
