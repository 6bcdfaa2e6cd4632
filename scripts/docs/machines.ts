import { ACTORS, COMMANDS } from '../../src/actors/catalogue.ts';
import type { ActorKind } from '../../src/machines/define-actor.ts';
import { diagram } from './diagram.ts';
import { code, fence, type Pages, page, table } from './markdown.ts';
import { fieldsOf, shapeOf, words } from '../../src/kernel/schema-words.ts';

/** One page per kind of actor: its chart, its facts, its commands. */
export function machinePages(): Pages {
  return Object.fromEntries([...ACTORS.values()].map((actor) => [`machines/${actor.kind}.md`, machinePage(actor)]));
}

function machinePage(actor: ActorKind): string {
  return page(
    `The ${actor.kind} actor`,
    `Streams: ${code(`${actor.kind}-<id>`)}. The chart is driven by facts; a fact that has no arrow from a state does not fit it.`,
    fence('mermaid', diagram(actor.chart)),
    '## Facts',
    table(
      ['fact', 'data'],
      Object.entries(actor.facts).map(([type, schema]) => [code(type), fields(schema)]),
    ),
    '## Commands',
    table(
      ['command', 'what is true after it', 'who may send it'],
      [...COMMANDS.values()]
        .filter(({ kind }) => kind === actor.kind)
        .map(({ name, summary, roles }) => [code(name), summary, roles.join(', ')]),
    ),
    ...deadlines(actor),
  );
}

function fields(schema: ActorKind['facts'][string]): string {
  return fieldsOf(shapeOf(schema, 'output'))
    .map(({ name, shape, required }) => `${code(name)}${required ? '' : '?'} ${words(shape)}`)
    .join(', ');
}

function deadlines(actor: ActorKind): string[] {
  if (!actor.deadlines) return [];
  const rows = actor.deadlines.map(({ name, states, command }) => [
    code(name),
    states.map(code).join(', '),
    code(command),
  ]);
  return ['## Deadlines', table(['deadline', 'in', 'sends when it is over'], rows)];
}
