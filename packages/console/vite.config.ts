import { defineConfig } from "vite";

/** Where the server has the console. Everything that is not the API's or a page of its own stays below. */
const BASE = "/console/";

/** For `npm run dev -w packages/console`: the API of a server that runs beside. */
const API = process.env.INTERPOSE_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  root: import.meta.dirname,
  base: BASE,
  clearScreen: false,
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    // Which file needs which others at first paint: the tests hold their sizes against the budget.
    manifest: true,
    // Inlined files would be data: URLs, which the server's content security policy does not know.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: { "^/(interpose|zitadel)\\.": API, "/console-config.json": API, "/openapi.json": API },
  },
});
