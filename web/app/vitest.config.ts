// Tests of what needs no page: texts, layout, documents, the size of what is loaded first.

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte()],
  test: { include: ["tests/*.test.ts"], reporters: ["default"] },
});
