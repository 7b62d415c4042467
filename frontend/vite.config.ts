import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const backend = process.env.ANNOTATOR_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  base: "/",
  build: {
    outDir: "../annotator/web",
    emptyOutDir: true,
    manifest: true,
    assetsDir: "assets",
    target: "es2022",
    chunkSizeWarningLimit: 800,
  },
  // The host stays as the browser sent it: the server compares it with the page's origin.
  server: { proxy: { "/api": { target: backend, changeOrigin: false } } },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    css: { modules: { classNameStrategy: "non-scoped" } },
  },
});
