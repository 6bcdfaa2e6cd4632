import { COMMANDS, type CatalogueCommand } from '../../src/actors/catalogue.ts';
import { code, fence, page, type Pages, table } from './markdown.ts';
import { QUERIES } from '../../src/queries/index.ts';
import { type Field, fieldsOf, shapeOf, words } from '../../src/kernel/schema-words.ts';

/** Every command that people and agents send, with its input; every question; and, in one table, what only the system sends. */
export function commandPages(): Pages {
  const commands = [...COMMANDS.values()];
  const offered = commands.filter(({ roles }) => roles.some((role) => role !== 'server'));
  const internal = commands.filter((one) => !offered.includes(one));
  return {
    'commands.md': page(
      'Commands',
      'One definition per command gives its REST route, its OpenAPI entry, its MCP tool and its CLI verb. A command that answers success has had its effect recorded; said twice, it is true once.',
      'Over REST a command is `POST /api/commands/<name>` and a question `POST /api/queries/<name>`, with the input as JSON and `Authorization: Bearer <token>`; `/docs` on the server’s address shows every field. The verbs that are more than one command or question (`run`, `demo`, `up`, `logs`, `replay` …) tell of themselves with `heph --help`.',
      ...offered.flatMap(section),
      '## Questions',
      'They change nothing. Their fields stand in `/docs` and behind `--help`.',
      table(
        ['question', 'answers', 'roles', 'MCP tool', 'verb'],
        [...QUERIES.values()].map(({ name, summary, roles, tool, cli }) => [
          code(name),
          summary,
          roles.join(', '),
          tool ? 'yes' : '',
          cli ? code(`heph ${cli}`) : '',
        ]),
      ),
      '## Sent by the system only',
      'What follows from other events, and what effects came to. Nobody else may send them.',
      table(
        ['command', 'actor', 'what is true after it'],
        internal.map(({ name, kind, summary }) => [code(name), code(kind), summary]),
      ),
    ),
  };
}

function section(command: CatalogueCommand): string[] {
  const faces = [
    `Actor: ${code(command.kind)}`,
    `roles: ${command.roles.join(', ')}`,
    ...(command.tool ? ['offered to agents as an MCP tool'] : []),
  ];
  return [
    `## ${code(command.name)}`,
    command.summary,
    `${faces.join(' · ')}.`,
    ...input(fieldsOf(shapeOf(command.schema, 'input'))),
    ...(command.example ? [fence('sh', command.example)] : []),
  ];
}

function input(fields: readonly Field[]): string[] {
  if (fields.length === 0) return ['No input.'];
  return [table(['input', 'type', 'default', 'meaning'], fields.map(row))];
}

function row({ name, shape, required }: Field): string[] {
  const absent = shape.default === undefined ? '' : code(JSON.stringify(shape.default));
  return [code(name), words(shape), required ? 'required' : absent, shape.description ?? ''];
}
