// Writes the page's vendored modules, their licences and vendor.lock.json into the folder named, or compares them with --check.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const [target, mode] = process.argv.slice(2);
const MODULES = { "preact.js": ["preact", "htm", "@preact/signals", "@preact/signals-core"] };

const read = (...parts) => readFileSync(join(...parts));
const version = (name) => JSON.parse(read(here, "node_modules", name, "package.json")).version;
const licence = (name) => `${name} ${version(name)}\n\n${read(here, "node_modules", name, "LICENSE").toString().trim()}\n`;
const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");

async function bundle(name) {
  const made = await build({
    entryPoints: [join(here, name)], bundle: true, minify: true, format: "esm", target: "es2022",
    legalComments: "none", write: false,
  });
  return Buffer.from(made.outputFiles[0].contents);
}

async function made() {
  const files = {};
  const lock = {};
  for (const [name, packages] of Object.entries(MODULES)) {
    files[name] = await bundle(name);
    const versions = Object.fromEntries(packages.map((one) => [one, version(one)]));
    lock[name] = { sha256: digest(files[name]), packages: versions };
  }
  files.LICENSES = Buffer.from(Object.values(MODULES).flat().map(licence).join(`\n${"-".repeat(80)}\n\n`));
  files["vendor.lock.json"] = Buffer.from(`${JSON.stringify(lock, null, 2)}\n`);
  return files;
}

function differs(name, bytes) {
  try {
    return !read(target, name).equals(bytes);
  } catch {
    return true;
  }
}

const files = await made();
const changed = Object.entries(files).filter(([name, bytes]) => differs(name, bytes));
if (mode === "--check") {
  for (const [name] of changed) console.error(`${name} is not what the locked packages make: run \`make vendor\``);
  process.exitCode = changed.length ? 1 : 0;
} else {
  mkdirSync(target, { recursive: true });
  for (const [name, bytes] of changed) writeFileSync(join(target, name), bytes);
}
