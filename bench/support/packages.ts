import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LAYERS = 4;
const WIDTH = 10;
/** How many packages there are, and how many run when one of the third layer changes: it and the two above it. */
export const PACKAGES = LAYERS * WIDTH;
export const RUN_AFTER_CHANGE = 3;

const name = (layer: number, n: number) => `p${layer}-${n % WIDTH}`;

/** A repository of packages in layers, each of which needs two of the layer below, with the same tests for every task runner. */
export interface Packages {
  root: string;
  /** Changes a file of the third layer. */
  change(): void;
  /** How many packages' tests have run since this was last asked. */
  ran(): number;
}

/** Makes it. A test reads its package's files and notes, outside, that it ran. */
export function makePackages(parent: string, files: number): Packages {
  const root = join(parent, 'packages');
  const notes = join(parent, 'ran');
  const put = (path: string, text: string) => writeFileSync(join(root, path), text);
  const test = `const fs = require('fs');
for (const name of fs.readdirSync('src')) fs.readFileSync('src/' + name);
fs.appendFileSync(${JSON.stringify(notes)}, '.');\n`;
  const checks: Record<string, unknown> = {};
  for (let layer = 0; layer < LAYERS; layer++)
    for (let n = 0; n < WIDTH; n++) {
      const [own, needs] = [name(layer, n), layer === 0 ? [] : [name(layer - 1, n), name(layer - 1, n + 1)]];
      const folder = join('packages', own);
      mkdirSync(join(root, folder, 'src'), { recursive: true });
      const dependencies = Object.fromEntries(needs.map((one) => [one, '*']));
      put(
        join(folder, 'package.json'),
        JSON.stringify({ name: own, version: '1.0.0', scripts: { test: 'node test.js' }, dependencies }),
      );
      put(join(folder, 'test.js'), test);
      put(join(folder, '.npmrc'), 'update-notifier=false\n');
      for (let file = 0; file < files / PACKAGES; file++)
        put(join(folder, 'src', `file-${file}.js`), `export const value = ${file};\n`.repeat(40));
      const run = ['npm', 'run', 'test', '--prefix', folder];
      checks[own] = { run, needs, inputs: { files: [`${folder}/**`] } };
    }
  // JSON is YAML as well.
  put('checks.yaml', JSON.stringify({ checks }));
  put('turbo.json', JSON.stringify({ tasks: { test: { dependsOn: ['^test'] } } }));
  const whole = { name: 'whole', private: true, packageManager: 'npm@11.0.0', workspaces: ['packages/*'] };
  put('package.json', JSON.stringify(whole));
  put('.gitignore', '.turbo\n');
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root });
  git('init', '--quiet', '-b', 'main');
  git('add', '--all');
  git('-c', 'user.name=Bench', '-c', 'user.email=bench@example.org', 'commit', '--quiet', '-m', 'First');
  return {
    root,
    change: () => appendFileSync(join(root, 'packages', name(2, 3), 'src', 'file-0.js'), '// changed\n'),
    ran() {
      const count = readFileSync(notes, { flag: 'a+' }).length;
      rmSync(notes, { force: true });
      return count;
    },
  };
}
