// Removes `funding` from package-lock.json. Run after a change of packages:
// `npm install && node strip-lock.mjs`.

import { readFileSync, writeFileSync } from "node:fs";

const path = new URL("package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(path, "utf8"));
for (const one of Object.values(lock.packages)) delete one.funding;
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
