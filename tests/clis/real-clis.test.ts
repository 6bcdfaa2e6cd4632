import { execFile } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentPreset } from '../../src/machines/config/index.ts';
import { askForTunnel, type LoggingProxy, startLoggingProxy } from '../support/logging-proxy.ts';
import { type ModelServer, startModelServer } from '../support/model-server/index.ts';
import type { Told } from '../support/operator.ts';
import { createProduct, type Product } from '../support/product.ts';
import { findCli, type FoundCli, type RealCli, REAL_CLI_NAMES, tellClis } from '../support/real-clis.ts';
import { isolated } from '../support/real-presets.ts';
import { git, makeRepository, NESTED_LIBRARY } from '../support/repositories.ts';

/**
 * The presets as they are shipped, with the CLIs that people use, from the failing test to the merge; only the model is
 * scripted. A CLI that is not on this machine is listed as not run: `npm run clis` gets it. `HEPH_CLIS_ONLY` leaves others out.
 */
const asked = process.env.HEPH_CLIS_ONLY?.split(',') ?? REAL_CLI_NAMES;
const found = REAL_CLI_NAMES.map((name) => (asked.includes(name) ? findCli(name) : null));
console.log(`Real CLIs: ${tellClis(found)}.`);

/** Time for a CLI to start on a busy machine and to be heard by its model. */
const WALL_MS = { codex: 10_000, claude: 12_000, opencode: 30_000 } as const;

const WIRES = { codex: 'responses', claude: 'messages', opencode: 'chat' } as const;

interface Trouble {
  what: string;
  story: string;
  /** What the model answered at least once. */
  heard: string;
  code: string;
  reason: string;
}

/** Stories that no work comes of. A storm of retries has no end of its own with most CLIs: the time limit is its end. */
function troublesOf(name: RealCli): Trouble[] {
  const timedOut = { code: 'agent_timed_out', reason: 'at its time limit' };
  const refused = { code: 'turn_failed', reason: 'The story says 400.' };
  // Codex does not ask again when it is told that it asks too often.
  const limited = name === 'codex' ? { code: 'turn_failed', reason: '429' } : timedOut;
  return [
    { what: 'a model that refuses', story: 'bad', heard: '400', ...refused },
    { what: 'a model that refuses after the first step', story: 'breaks', heard: '400', ...refused },
    { what: 'a model that is asked too often', story: 'limited', heard: '429', ...limited },
    { what: 'a model that is broken', story: 'broken', heard: '500', ...timedOut },
    { what: 'a model that never comes to an end', story: 'endless', heard: 'endless', ...timedOut },
  ];
}

const present = found.filter((cli) => cli !== null);
const left = REAL_CLI_NAMES.filter((_name, n) => found[n] === null);

describe.each(present)('$name $version', (cli) => {
  proved(cli);
});
it.skipIf(true).each(left)('%s is not on this machine, or not asked for: not run', () => {});

function proved(cli: FoundCli): void {
  const { name } = cli;
  let model: ModelServer;
  let proxy: LoggingProxy;
  let product: Product;

  beforeAll(async () => {
    [model, proxy] = await Promise.all([startModelServer(), startLoggingProxy()]);
    const preset = (story: string): AgentPreset => isolated(name, model.address(story), proxy.address);
    const limited = (story: string): AgentPreset => ({ ...preset(story), wallMs: WALL_MS[name] });
    product = createProduct({
      settings: {
        PATH: [cli.folder, dirname(process.execPath), process.env.PATH].join(delimiter),
        HEPH_LIMITS_ATTEMPTS_MAX: '1',
        HEPH_FLEET_CAP: '3',
        // Most of these stories die at once, and no other shall be held up by that.
        HEPH_FLEET_DIED_AT_ONCE_MS: '0',
        HEPH_GUARDIAN_INTERVAL_MS: '1000',
      },
      agents: {
        [name]: preset('fix'),
        [`${name}-slow`]: preset('slow'),
        [`${name}-known`]: isolated(name, model.address('fix'), proxy.address, 'gpt-5.5'),
        [`${name}-idle`]: preset('idle'),
        [`${name}-forever`]: preset('endless'),
        [`${name}-circles`]: limited('circles'),
        [`${name}-masked`]: masked(preset('breaks')),
        ...Object.fromEntries(
          troublesOf(name).map(({ story, code }) => [
            `${name}-${story}`,
            code === 'agent_timed_out' ? limited(story) : preset(story),
          ]),
        ),
      },
    });
    await product.up();
  });
  afterAll(async () => {
    await product.heph('down');
    expect(await product.end()).toEqual([]);
    await Promise.all([model.close(), proxy.close()]);
  });

  const repositoryFor = (agent: string) => makeRepository(join(product.root, 'repositories', agent), NESTED_LIBRARY);
  async function run(agent: string): Promise<{ report: Report; repository: string; events: Told[] }> {
    const repository = await repositoryFor(agent);
    const words = ['run', 'bugfix', '--repo', repository, '--goal', 'Make the tests pass', '--agent', agent, '--json'];
    const report = (await product.heph(...words)).lines.at(-1) as unknown as Report;
    const events = await product.operator.events({ workflowId: report.workflowId });
    return { report, repository, events };
  }

  // A model that Codex knows patches files in another way and has to search for the tools of MCP servers.
  const workers = [name, `${name}-slow`, ...(name === 'codex' ? ['codex-known'] : [])];
  it.concurrent.each(workers)('%s finds, mends, reports and is merged', async (agent) => {
    const { report, repository, events } = await run(agent);
    expect(report, JSON.stringify(report)).toMatchObject({ outcome: 'completed', base: { state: 'moved' } });
    expect(await passes(repository)).toBe(true);
    const said = events.filter(({ meta }) => meta.actor.startsWith('agent:')).map(({ type }) => type);
    expect(said).toEqual(['TaskCreated', 'WorkSubmitted', 'TaskProgressed', 'WorkSubmitted']);
    const story = agent === `${name}-slow` ? 'slow' : 'fix';
    expect(new Set(model.heard.filter((one) => one.story === story).map(({ wire }) => wire))).toEqual(
      new Set([WIRES[name]]),
    );
  });

  it.concurrent.each(troublesOf(name))('$what fails the task with its reason', async (trouble) => {
    const { story, heard, code, reason } = trouble;
    const { report, events } = await run(`${name}-${story}`);
    expect(report.outcome).toBe('failed');
    const [failed] = events.filter(({ type }) => type === 'AttemptFailed');
    expect(failed?.data).toMatchObject({ code, reason: expect.stringContaining(reason) });
    expect(model.heard).toContainEqual({ story, wire: WIRES[name], answer: heard });
  });

  it.concurrent('an exit code of 0 does not hide that the model failed', async () => {
    const { report, events } = await run(`${name}-masked`);
    expect(report.outcome).toBe('failed');
    const [exited] = events.filter(({ type }) => type === 'AgentExited');
    expect(exited?.data).toMatchObject({ code: 0, how: 'exited' });
    const [failed] = events.filter(({ type }) => type === 'AttemptFailed');
    expect(failed?.data).toMatchObject({ code: 'turn_failed', reason: expect.stringContaining('The story says 400.') });
  });

  it.concurrent('a pleased last message in place of work completes nothing', async () => {
    const { report, events } = await run(`${name}-idle`);
    expect(report.outcome).toBe('failed');
    const ends = events.filter(({ type }) => type === 'AgentExited').map(({ data }) => data.code);
    expect(new Set(ends)).toEqual(new Set([0]));
    expect(events.map(({ type }) => type)).not.toContain('TaskMerged');
  });

  it.concurrent('is ended with all that it started when a person stops it', async () => {
    const { operator } = product;
    const agent = `${name}-forever`;
    const mine = await operator.events({ types: ['AgentRequested'] });
    const running = run(agent);
    const requested = await operator.until(
      ['AgentRequested'],
      mine.at(-1)?.position,
      ({ data }) => data.agent === agent,
    );
    const agentId = String(requested.data.agentId);
    await operator.until(['AgentStarted'], requested.position, ({ meta }) => meta.scope?.agentId === agentId);
    await operator.command('stop_agent', { agentId, reason: 'Enough.' });
    const { report, events } = await running;
    expect(report.outcome).toBe('failed');
    const [failed] = events.filter(({ type }) => type === 'AttemptFailed');
    expect(failed?.data).toMatchObject({ code: 'agent_stopped', reason: expect.stringContaining('Enough.') });
  });

  it.concurrent('is seen to run in circles, by what it prints of its steps', async () => {
    const { events } = await run(`${name}-circles`);
    const warned = events.filter(({ type }) => type === 'WarningRaised').map(({ data }) => data);
    expect(warned).toContainEqual(
      expect.objectContaining({ warning: 'loops', reason: expect.stringContaining('cat package.json') }),
    );
  });

  it('is known to the doctor, who tells no secret', async () => {
    const { code, stdout, lines } = await product.heph('doctor', '--json');
    expect(code).toBe(0);
    const finding = lines.find(({ what }) => what === `agent ${name}`);
    expect(finding?.text).toContain(join(cli.folder, name));
    expect(finding?.text).toContain(cli.version);
    expect(finding?.text).toMatch(/signed in by ANTHROPIC_API_KEY$|sign-in unknown: its home is made anew/);
    expect(stdout).not.toContain('scripted-key');
  });

  it('speaks to its model and to our MCP server, and to nobody else', async () => {
    expect(proxy.asked).toEqual([]);
    expect(await askForTunnel(proxy.address, 'example.org:443')).toBe(403);
    expect(proxy.asked).toEqual(['example.org:443']);
  });
}

interface Report {
  outcome: string;
  workflowId: string;
}

/** The same program with another end: whatever it says, the exit code is 0. */
function masked(preset: AgentPreset): AgentPreset {
  return { ...preset, argv: ['sh', '-c', '"$@"; exit 0', 'sh', ...preset.argv] };
}

/** Whether the suite passes on the base branch, in a clone of its own. */
async function passes(repository: string): Promise<boolean> {
  const clone = `${repository}-clone`;
  await git(dirname(repository), 'clone', '--quiet', '--branch=main', '--', repository, clone);
  return new Promise((resolve) =>
    execFile(process.execPath, ['--test'], { cwd: clone, env: { PATH: process.env.PATH } }, (error) =>
      resolve(error === null),
    ),
  );
}
