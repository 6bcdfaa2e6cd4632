/** Records logs for `tests/replay/`: `node tests/recordings/record.ts FOLDER`. See the README beside this file. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '../../src/kernel/version.ts';
import { logTools } from '../../src/programs/log-tools.ts';
import type { EventStore, StoredEvent } from '../../src/store/event-store.ts';
import { exportLog } from '../../src/store/export.ts';
import { createProduct } from '../support/product.ts';
import { troubles } from './troubles.ts';

const folder = process.argv[2];
if (!folder) throw new Error('name the folder to write to');

await write('troubles', await textOf(await troubles()));
await write('repair', await repair());

async function write(name: string, text: string): Promise<void> {
  if (/\/(tmp|work|root)\//.test(text)) throw new Error(`${name} names a path of this machine`);
  const path = join(folder as string, `${VERSION}-${name}.ndjson`);
  writeFileSync(path, text);
  process.stdout.write(`${path}: ${text.split('\n').length - 3} events\n`);
}

/** A demo's log; the machine's paths and boot id are replaced everywhere alike, so that decisions come out the same. */
async function repair(): Promise<string> {
  const product = createProduct();
  try {
    const ran = await product.run(['demo', '--json'], { HEPH_AGENTS: undefined });
    const report = ran.lines.at(-1) as { data: string; repository: string };
    if (ran.code !== 0) throw new Error(ran.stderr);
    let text = '';
    await logTools.export({ directory: report.data, store: 'sqlite' }, (line) => void (text += line));
    const bootId = /"bootId":"([^"]+)"/.exec(text)?.[1] as string;
    const replaced: [string, string][] = [
      [report.data, '/home/person/.local/share/heph'],
      [report.repository, '/home/person/library'],
      [product.root, '/home/person'],
      [process.execPath, '/usr/bin/node'],
      [bootId, '00000000-0000-4000-8000-000000000000'],
    ];
    const neutral = replaced.reduce((all, [from, to]) => all.replaceAll(from, to), text);
    // Written out again, so that the end names the hash of what is there now.
    return textOf({ readAll: () => eventsOf(neutral) });
  } finally {
    await product.end();
  }
}

async function* eventsOf(text: string): AsyncGenerator<StoredEvent> {
  for (const line of text.trimEnd().split('\n')) {
    const value = JSON.parse(line) as Record<string, unknown>;
    if ('stream' in value) yield { ...value, position: BigInt(String(value.position)) } as unknown as StoredEvent;
  }
}

async function textOf(store: Pick<EventStore, 'readAll'>): Promise<string> {
  let text = '';
  await exportLog(store, (line) => void (text += line));
  return text;
}
