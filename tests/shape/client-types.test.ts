import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { writeClientTypes } from '../../scripts/client-types.ts';
import { ROOT } from '../support/source-files.ts';

const place = mkdtempSync(join(tmpdir(), 'heph-client-types-'));
const files = writeClientTypes(place);
afterAll(() => rmSync(place, { recursive: true, force: true }));

const PROGRAM = `
import { connectStream, dialWithToken, StreamError } from './stream-client/index.js';
const client = connectStream({ dial: dialWithToken('http://127.0.0.1:1', 'x'), onState: ({ status }) => console.log(status) });
const follower = client.events({
  category: 'task',
  after: 'start',
  onEvents(events, position) {
    for (const { type, at, data } of events) console.log(type.length, at + 1, data['title'], position.length);
  },
  onEnd: (error: StreamError) => console.log(error.code),
});
const where: string | null = follower.position();
const queue = client.view({ view: 'queue', params: { workflowId: 'wfl_x' } });
queue.cache.subscribe(({ context }) => console.log(context.rows['a']?.asOf, where));
client.terminal({ agentId: 'agt_x', onBytes: (bytes, cursor) => console.log(bytes.length + cursor) });
const { position } = await client.command('boost_task', { taskId: 'tsk_x' });
await queue.reached(position);
`;

function compile(name: string, program: string): string {
  writeFileSync(join(place, `${name}.ts`), program);
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const words = ['--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext', '--types', 'node'];
  const run = spawnSync(process.execPath, [tsc, ...words, join(place, `${name}.ts`)], { cwd: place, encoding: 'utf8' });
  return run.stdout;
}

describe('the types of the exported client', () => {
  it('are its own and those of the protocol, and need no more packages than ours', () => {
    expect(files).toContain('ws/protocol.d.ts');
    expect(files.filter((file) => !/^(stream-client\/[a-z-]+|ws\/protocol)\.d\.ts$/.test(file))).toEqual([]);
    const text = files.map((file) => readFileSync(join(place, file), 'utf8')).join('\n');
    const named = [...text.matchAll(/from ['"]([^.'"][^'"]*)['"]|import\(['"]([^.'"][^'"]*)['"]\)/g)];
    const packages = new Set(named.map(([, one, other]) => one ?? other));
    expect(Object.keys(packageJson.dependencies)).toEqual(expect.arrayContaining([...packages]));
    expect(packageJson.exports['./stream-client'].types).toBe('./dist/types/stream-client/index.d.ts');
  });

  it('let a program use it, and tell it what is wrong', () => {
    symlinkSync(join(ROOT, 'node_modules'), join(place, 'node_modules'));
    writeFileSync(join(place, 'package.json'), '{"type":"module"}');
    expect(compile('good', PROGRAM)).toBe('');
    expect(compile('bad', PROGRAM.replace("category: 'task'", 'category: 5'))).toContain('TS2322');
  });
});
