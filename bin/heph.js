#!/usr/bin/env node
// Runs on any Node that knows modules, so that an old one is told so in a sentence instead of by a stack.
const TOO_OLD = 'node.too_old';
const INCOMPLETE = 'install.failed';
const [major, minor] = process.versions.node.split('.').map(Number);

function end(message, next, code) {
  process.stderr.write(`heph: ${message}\n  ${next}\n  (${code})\n`);
  process.exit(2);
}

if (major < 24 || (major === 24 && minor < 15)) {
  end(
    `This is Node ${process.versions.node}, and Hephaestus needs 24.15 or newer.`,
    'Install Node 24, or run ./heph from a clone, which brings its own.',
    TOO_OLD,
  );
}
await import('../dist/cli.mjs').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  end(`The installation is incomplete: ${error.message}.`, 'Install it again; in a clone, use ./heph or build it.', INCOMPLETE);
});
