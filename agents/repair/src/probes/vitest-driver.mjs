import { appendFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { holdLeash } from './leash.mjs';

/** Runs the repository's own vitest once: `vitest-driver.mjs REPORT SETUP|- [vitest arguments]`. */
holdLeash();
const [report, setup, ...args] = process.argv.slice(2);
const { createVitest, parseCLI } = await import(
  pathToFileURL(createRequire(join(process.cwd(), 'package.json')).resolve('vitest/node')).href
);
const { filter, options } = parseCLI(['vitest', ...args]);
const vitest = await createVitest('test', {
  ...options,
  watch: false,
  run: true,
  coverage: { enabled: false },
  reporters: [{ onTestRunEnd: write }],
});
// Added to each project's own list: an option given above would replace the repository's setup files.
if (setup !== '-') for (const project of vitest.projects) project.config.setupFiles.push(setup);
await vitest.start(filter);
await vitest.close();
process.exit();

function write(modules) {
  for (const module of modules) {
    const tests = [...module.children.allTests()];
    for (const test of tests) {
      const result = test.result();
      line(module.moduleId, pathOf(test), result.state === 'pending' ? 'skipped' : result.state, result.errors);
    }
    const errors = module.errors();
    if (errors.length > 0 || (tests.length === 0 && module.state() === 'failed'))
      line(module.moduleId, [], 'failed', errors);
  }
}

function pathOf(test) {
  const path = [test.name];
  for (let parent = test.parent; parent?.type === 'suite'; parent = parent.parent) path.unshift(parent.name);
  return path;
}

function line(file, path, state, errors) {
  const message = state === 'failed' ? (errors?.[0]?.message ?? '') : null;
  appendFileSync(report, `${JSON.stringify({ file, path, state, container: false, message })}\n`);
}
