#!/usr/bin/env node
// Runs on any Node that knows modules, so that an old one is told so in a sentence instead of by a stack.
const TOO_OLD = 'node.too_old';
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `heph: This is Node ${process.versions.node}, and Hephaestus needs 24.15 or newer.\n` +
      '  Install Node 24, or run ./heph from a clone, which brings its own.\n' +
      `  (${TOO_OLD})\n`,
  );
  process.exit(2);
}
await import('../dist/cli.mjs');
