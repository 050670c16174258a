// The build of the app: one page, scripts and styles under names that change with their content, each beside
// its gzip form.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { type Plugin, defineConfig } from "vite";

const TEXTS = /\.(js|css|html|svg|json|webmanifest)$/;

/** Writes `name.gz` beside each text, for `Accept-Encoding: gzip`. */
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

/** Takes fonts out of styles that stand in them as data, which the policy for content forbids: GraphiQL's. */
function withoutFonts(): Plugin {
  return {
    name: "without-fonts",
    apply: "build",
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== "asset" || !file.fileName.endsWith(".css")) continue;
        file.source = String(file.source).replace(/@font-face\s*\{[^}]*\}/g, "");
      }
    },
  };
}

export default defineConfig({
  plugins: [withoutFonts(), svelte(), zipped()],
  build: {
    target: "es2022",
    // The policy for content forbids what stands in attributes.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2_000,
    rolldownOptions: { input: ["index.html", "graphiql/index.html"] },
  },
  server: { proxy: { "/graphql": { target: "http://127.0.0.1:8080", ws: true }, "/dev": "http://127.0.0.1:8080", "/app.json": "http://127.0.0.1:8080", "/files": "http://127.0.0.1:8080", "/gifs": "http://127.0.0.1:8080", "/uploads": "http://127.0.0.1:8080" } },
});
