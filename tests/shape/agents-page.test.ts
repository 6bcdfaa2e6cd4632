import { expect, it } from 'vitest';
import { COMMANDS } from '../../src/actors/catalogue.ts';
import { BUILT_IN_AGENTS } from '../../src/machines/config/index.ts';
import { agentPresetSchema } from '../../src/machines/config/settings.ts';
import { QUERIES } from '../../src/queries/index.ts';
import { blocks, read } from '../support/pages.ts';

const page = read('docs/agents.md');

it.each(Object.entries(BUILT_IN_AGENTS).filter(([name]) => name !== 'repair'))(
  'tells how %s is started, and what it may see',
  (name, preset) => {
    expect(blocks(page, 'text', `preset: ${name}`)).toEqual([`${preset.argv.join(' ')}\n`]);
    expect(page).toContain(`| \`${name}\` | ${preset.passEnv.map((variable) => `\`${variable}\``).join(' ')} |`);
  },
);

it('tells of every tool that agents are offered, and of no other', () => {
  const table = /^\| tool \| for \|\n(.*?)\n\n/ms.exec(page)?.[1] ?? '';
  const told = [...table.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name);
  const offered = [...COMMANDS, ...QUERIES].filter(([, { tool }]) => tool).map(([name]) => name);
  expect(told.filter((name) => name !== 'done' && name !== 'failed').sort()).toEqual(offered.sort());
});

it('tells of every placeholder', () => {
  const names = agentPresetSchema.shape.argv.description?.match(/\{\w+\}/g) ?? [];
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) expect(page).toContain(`\`${name}\``);
});

it('gives inputs that the tools accept', () => {
  const calls = blocks(page, 'json').map(
    (text) => JSON.parse(text) as { name: string; arguments: Record<string, unknown> },
  );
  expect(calls.length).toBe(3);
  for (const { name, arguments: input } of calls) {
    const { idempotencyKey: _key, ...rest } = input;
    const needed = name === 'create_task' ? rest : { taskId: 'tsk_1', ...rest };
    expect(COMMANDS.get(name)?.schema.parse(needed)).toMatchObject(rest);
  }
});
