// Builds what the pages load: every entry at this folder's root, every style, fonts and one sheet of icons,
// with hashed names and a manifest. Fails when a page would weigh more than its budget.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import * as lucide from "lucide";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "static", "build");
const BUDGETS = { "phone.js": 40, "stage.js": 40, "base.css": 12, "phone.css": 8 }; // kilobytes of gzip

const entries = [
  ...readdirSync(here).filter((name) => /^[a-z_]+\.tsx?$/.test(name) && !name.endsWith(".d.ts")),
  ...readdirSync(join(here, "styles")).filter((name) => name.endsWith(".css")).map((name) => join("styles", name)),
];

mkdirSync(out, { recursive: true });
const result = await build({
  absWorkingDir: here,
  entryPoints: entries,
  outdir: out,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  format: "esm",
  target: ["es2020", "safari15"],
  minify: true,
  sourcemap: false,
  legalComments: "none",
  charset: "utf8",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".woff2": "file" },
  define: { "process.env.NODE_ENV": '"production"' },
  metafile: true,
  logLevel: "warning",
});

const manifest = {};
for (const [path, output] of Object.entries(result.metafile.outputs)) {
  const name = basename(path);
  const entry = output.entryPoint ? basename(output.entryPoint).replace(/\.tsx?$/, ".js") : undefined;
  manifest[entry ?? name.replace(/-[A-Z0-9]{8}(\.\w+)$/, "$1")] = name;
}
manifest["icons.svg"] = writeHashed("icons.svg", iconSheet());
for (const name of readdirSync(join(here, "images"))) manifest[name] = writeHashed(name, readFileSync(join(here, "images", name), "utf8"));
writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest, Object.keys(manifest).sort(), 1) + "\n");
for (const name of Object.values(manifest)) pack(name);
removeStale();
checkBudgets();

/** Return the icons named in icons.txt as one sheet of symbols. */
function iconSheet() {
  const names = readFileSync(join(here, "icons.txt"), "utf8").split("\n").filter(Boolean);
  const symbols = names.map((name) => {
    const node = lucide[name.replace(/(^|-)(\w)/g, (_, __, first) => first.toUpperCase())];
    if (!node) throw new Error(`icons.txt names "${name}", which Lucide does not have`);
    const shapes = node.map(([tag, marks]) => `<${tag} ${Object.entries(marks).map(([key, value]) => `${key}="${value}"`).join(" ")}/>`);
    return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.join("")}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}

/** Write a file under a name that carries its hash, and return that name. */
function writeHashed(name, text) {
  const hashed = name.replace(".", `-${createHash("sha256").update(text).digest("hex").slice(0, 8).toUpperCase()}.`);
  writeFileSync(join(out, hashed), text);
  return hashed;
}

/** Put a packed twin beside a file of text; typefaces are packed already. */
function pack(name) {
  if (!name.endsWith(".woff2")) writeFileSync(join(out, `${name}.gz`), gzipSync(readFileSync(join(out, name)), { level: 9 }));
}

/** Remove what no page has named for a day; a page that is still open may ask for the build before this one. */
function removeStale() {
  const known = new Set(["manifest.json", ...Object.values(manifest).flatMap((name) => [name, `${name}.gz`])]);
  for (const name of readdirSync(out)) {
    if (!known.has(name) && Date.now() - statSync(join(out, name)).mtimeMs > 86_400_000) rmSync(join(out, name));
  }
}

/** Say what each file weighs and stop when one is over its budget. */
function checkBudgets() {
  let over = 0;
  for (const [name, file] of Object.entries(manifest).sort()) {
    const bytes = readFileSync(join(out, file));
    const weight = name.endsWith(".woff2") ? bytes.length : gzipSync(bytes, { level: 9 }).length;
    const budget = BUDGETS[name];
    const heavy = budget !== undefined && weight > budget * 1024;
    over += heavy ? 1 : 0;
    console.log(`${(weight / 1024).toFixed(1).padStart(7)} KB  ${name}${budget ? `  (budget ${budget})` : ""}${heavy ? "  OVER" : ""}`);
  }
  if (over > 0) {
    console.error("The build is heavier than its budget; see the lines marked OVER.");
    process.exitCode = 1;
  }
}
