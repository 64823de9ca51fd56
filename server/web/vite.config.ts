import { defineConfig } from "vitest/config";

export default defineConfig({
  build: {
    target: "es2022",
    // Strict CSP: nothing is inlined into the page or into a data address; every file is served by our own server.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      output: {
        // MapLibre's worker must be served as JavaScript by any server, also one that does not know `.mjs`.
        assetFileNames: (asset) =>
          asset.names.some((name) => name.endsWith(".mjs")) ? "assets/[name]-[hash].js" : "assets/[name]-[hash][extname]",
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ["/auth", "/base", "/basemap", "/config", "/homes", "/media", "/picture", "/quarantine", "/scenarios", "/situations", "/socket.io"].map((path) => [
        path,
        { target: process.env["LAGEBILD_URL"] ?? "http://127.0.0.1:8080", ws: path === "/socket.io" },
      ]),
    ),
  },
  test: { environment: "node", include: ["test/**/*.test.ts"] },
});
