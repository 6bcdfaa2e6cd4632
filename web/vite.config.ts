import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `vite dev` finds the server whose data it shows: `HEPH_URL=http://127.0.0.1:4100 npm run dev -w web`. */
const server = process.env.HEPH_URL ?? 'http://127.0.0.1:4100';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2024',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The terminal's library is one file, and loaded when the first terminal is shown.
    chunkSizeWarningLimit: 1000,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  // Put in place by the server, another one for each answer.
  html: { cspNonce: '__HEPH_NONCE__' },
  server: {
    // The server takes its own names only, and the cookie is for its port: the page is proxied under both.
    proxy: Object.fromEntries(
      ['/api', '/login', '/docs', '/openapi.json', '/health'].map((path) => [
        path,
        { target: server, ws: true, changeOrigin: true, headers: { origin: server } },
      ]),
    ),
  },
});
