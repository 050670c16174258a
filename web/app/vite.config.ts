// The build of the app: one page, scripts and styles under names that change with their content, each beside
// its gzip form.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { type Plugin, defineConfig } from "vite";

const TEXTS = /\.(js|css|html|svg|json|webmanifest)$/;

/** Writes `name.gz` beside each text, which the server gives to who accepts it. */
function zipped(): Plugin {
  return {
    name: "zipped",
    apply: "build",
    writeBundle({ dir = "dist" }) {
      for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
        if (!TEXTS.test(name)) continue;
        const path = join(dir, name);
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [svelte(), zipped()],
  build: {
    target: "es2022",
    // The policy for content forbids what stands in attributes.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { "/graphql": { target: "http://127.0.0.1:8080", ws: true }, "/dev": "http://127.0.0.1:8080", "/app.json": "http://127.0.0.1:8080" } },
});
