import { ERROR_CODES, type ErrorCode } from '../../src/kernel/error-codes.ts';
import { code, page, type Pages, table } from './markdown.ts';

/** What a user sees, with the areas of the codes that it may come from. */
const SIGHTS: readonly { sight: string; areas: readonly string[] }[] = [
  { sight: 'The server does not start, or is not there', areas: ['data', 'server', 'node', 'install'] },
  { sight: 'A verb of the command line ends without success', areas: ['cli', 'run', 'demo'] },
  { sight: 'The repository is not accepted', areas: ['repository'] },
  { sight: 'A setting, a workflow’s definition or an agent’s name is refused', areas: ['config', 'definition'] },
  {
    sight: 'A request is refused as it stands',
    areas: ['input', 'request', 'command', 'query', 'route', 'id', 'position', 'rate', 'stream'],
  },
  { sight: 'You, or an agent, may not do that', areas: ['auth'] },
  { sight: 'A workflow does not take a step', areas: ['workflow'] },
  { sight: 'A task does not take a step', areas: ['task'] },
  { sight: 'An agent does not start, live or end', areas: ['agent', 'terminal', 'fleet'] },
  { sight: 'A working copy, a check or a merge fails', areas: ['git', 'worktree', 'check', 'train'] },
  { sight: 'A model that is configured is of no use', areas: ['model'] },
  { sight: 'The log, its files or what is made from it are in trouble', areas: ['log', 'blob', 'replay', 'view'] },
  { sight: 'Something in here is broken or overloaded', areas: ['actor', 'defect'] },
];

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

export function errorPages(): Pages {
  return { 'errors.md': errors(), 'troubleshooting.md': troubleshooting() };
}

/** With a last heading for the areas that have none yet. */
function sights(): typeof SIGHTS {
  const placed = SIGHTS.flatMap(({ areas }) => areas);
  const others = [...new Set(codes.map(areaOf))].filter((area) => !placed.includes(area));
  return others.length === 0 ? SIGHTS : [...SIGHTS, { sight: 'Something else', areas: others }];
}

function errors(): string {
  return page(
    'Errors',
    'Every failure carries one of these codes, on every face: REST and MCP answers, the CLI with `--json`, the log.',
    table(
      ['kind', 'means'],
      [
        ['invalid', 'It does not parse, or names what is not there.'],
        ['denied', 'Not you, or not here.'],
        ['rejected', 'The domain says no; nothing was changed.'],
        ['conflict', 'Someone was faster.'],
        ['fault', 'Disk, terminal, network or an agent failed; trying again may help.'],
        ['defect', 'A bug of ours.'],
      ],
    ),
    ...sights()
      .flatMap(({ areas }) => areas)
      .flatMap((area) => {
        const own = codes.filter((one) => areaOf(one) === area);
        return own.length === 0
          ? []
          : [`## ${area}`, table(['code', 'kind', 'HTTP', 'means', 'next step'], own.map(row))];
      }),
  );
}

function troubleshooting(): string {
  return page(
    'Troubleshooting',
    'Begin with `heph doctor`: it looks at everything that a run needs, and changes nothing. Below, by what you see: the message of an error names the particular, this page says what to do next. All codes: [errors.md](errors.md).',
    ...sights().flatMap(({ sight, areas }) => [
      `## ${sight}`,
      codes
        .filter((one) => areas.includes(areaOf(one)))
        .map((one) => `- **${ERROR_CODES[one].means}** ${ERROR_CODES[one].next} (${code(one)})`)
        .join('\n'),
    ]),
  );
}

function row(one: ErrorCode): string[] {
  const { kind, status, means, next } = ERROR_CODES[one];
  return [code(one), kind, String(status), means, next];
}

function areaOf(one: string): string {
  return one.slice(0, one.indexOf('.'));
}
