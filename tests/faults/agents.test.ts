import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/kernel/adapters/system.ts';
import { sha256 } from '../../src/kernel/canonical.ts';
import type { AgentStart } from '../../src/runtime/runner.ts';
import {
  type AgentWorld,
  createAgentWorld,
  exitOf,
  fakeAgent,
  lives,
  marked,
  newAgentId,
  readUntil,
  until,
} from '../support/agent-world.ts';

const SERVER = fileURLToPath(new URL('../support/agent-server.ts', import.meta.url));
let world: AgentWorld;
/** Faults that really happened. A run without them proves nothing. */
const injected = { serverKills: 0, holderKills: 0, stubbornStops: 0, floods: 0 };

beforeEach(() => {
  world = createAgentWorld();
});
afterEach(() => world.end());
afterAll(() => {
  for (const [fault, count] of Object.entries(injected)) expect(count, fault).toBeGreaterThan(0);
});

const kill = (pid: number, what: keyof typeof injected) => {
  process.kill(pid, 'SIGKILL');
  injected[what]++;
};

/** A server process of its own. Node marks the first descriptors that it inherits; number 60 is one it does not see. */
function startServer(
  requests: AgentStart[],
  death = 'never',
  warm = '0',
): { child: ChildProcess; said: Promise<string>; ended: Promise<NodeJS.Signals | null> } {
  const args = [process.execPath, SERVER, world.directory, JSON.stringify(requests), death, warm];
  const child = spawn('bash', ['-c', 'exec 60<>/dev/null; exec "$@"', 'bash', ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const said = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<NodeJS.Signals | null>();
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
    if (text.includes('all started\n')) said.resolve(text);
  });
  child.on('exit', (_code, signal) => {
    if (signal === 'SIGKILL') injected.serverKills++;
    said.resolve(text);
    ended.resolve(signal);
  });
  return { child, said: said.promise, ended: ended.promise };
}

const pidsIn = (text: string) => [...text.matchAll(/pid ([0-9]+)/g)].map((match) => Number(match[1]));

describe('an agent', () => {
  it('runs to its end in a terminal, is told of, and is answered for afterwards', async () => {
    const hands = await world.open();
    const request = world.request([fakeAgent('normal')]);
    hands.expectStart(request.taskId);
    const exited = exitOf(hands, request.agentId);
    const started = await hands.startAgent(request);
    expect(await hands.probeAgent(request)).toMatchObject({
      state: 'running',
      pid: started.pid,
      tokenHash: started.tokenHash,
    });
    await readUntil(hands, request.agentId, new RegExp(`agent ${request.agentId}`));
    await hands.writeTerminal({ agentId: request.agentId, data: 'yes\r' });
    await exited;
    expect(await readUntil(hands, request.agentId)).toContain('got yes');
    expect(await hands.probeAgent(request)).toMatchObject({
      state: 'exited',
      exit: { code: 3, signal: null, how: 'exited' },
    });
    expect(await hands.startAgent(request)).toEqual(started);
    expect(await hands.listAgents()).toMatchObject([{ agentId: request.agentId, state: 'exited' }]);
    await expect(hands.writeTerminal({ agentId: request.agentId, data: 'x' })).rejects.toMatchObject({
      code: 'terminal.gone',
    });
    await until(() => !lives(started.holderPid));
  });

  it('is observed: whole lines from a cursor on, and what its processes take of the processor', async () => {
    const hands = await world.open();
    const request = world.request([fakeAgent('busy')]);
    const { agentId } = request;
    await hands.startAgent(request);
    await readUntil(hands, agentId, /agent agt/);
    const look = (cursor: number | null) => hands.observeAgent({ agentId, cursor, bytesMax: 4096, processor: true });
    const first = await look(null);
    expect(first).toMatchObject({ state: 'running', text: `agent ${agentId}\n`, skippedBytes: 0, files: null });
    let busy = await look(first.nextCursor);
    while ((busy.processorMs ?? 0) < (first.processorMs ?? 0) + 50) busy = await look(first.nextCursor);
    expect(busy).toMatchObject({ text: '', nextCursor: first.nextCursor });
    await hands.writeTerminal({ agentId, data: 'stop\r' });
    await readUntil(hands, agentId, /half a line/);
    // The line that is not whole yet is left for the next look; the terminal repeats what was typed.
    expect((await look(first.nextCursor)).text).toBe('stop\n');
    expect(await look(0)).toMatchObject({ text: `agent ${agentId}\nstop\n` });
    expect(
      (await hands.observeAgent({ agentId, cursor: 0, bytesMax: 8, processor: false })).skippedBytes,
    ).toBeGreaterThan(0);
    const stopped = await hands.stopAgent({ agentId, graceMs: 0 });
    expect(await look(0)).toMatchObject({ state: stopped.state, processorMs: null, outputBytes: expect.any(Number) });
    expect(
      await hands.observeAgent({ agentId: newAgentId(), cursor: null, bytesMax: 8, processor: true }),
    ).toMatchObject({
      ...{ state: 'absent', outputBytes: 0, text: '', processorMs: null },
    });
  });

  it('is started once, however often and however fast it is asked for', async () => {
    const hands = await world.open();
    const request = world.request([fakeAgent('ledger'), world.directory]);
    const answers = await Promise.all([1, 2, 3, 4].map(() => hands.startAgent(request)));
    await readUntil(hands, request.agentId, /started/);
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(1);
    expect(readFileSync(join(world.directory, request.agentId), 'utf8')).toBe(`${answers[0]?.pid}\n`);
  });

  it.each([
    ['exits at once', 'at-once', { code: 7, signal: null }],
    ['dies while it is being started', 'during-spawn', { code: null, signal: 'SIGKILL' }],
  ])('that %s is started and exited', async (_name, script, exit) => {
    const hands = await world.open();
    const request = world.request([fakeAgent(script)]);
    const exited = exitOf(hands, request.agentId);
    await hands.startAgent(request);
    await exited;
    expect(await hands.probeAgent(request)).toMatchObject({ state: 'exited', exit: { ...exit, how: 'exited' } });
  });

  it('runs where the data directory’s path is too long for a socket', async () => {
    const hands = await world.open({ directory: join(world.directory, 'long'.repeat(30)) });
    const request = world.request([fakeAgent('normal')]);
    const exited = exitOf(hands, request.agentId);
    await hands.startAgent(request);
    await hands.writeTerminal({ agentId: request.agentId, data: 'far\r' });
    await exited;
    expect(await readUntil(hands, request.agentId)).toContain('got far');
  });

  it('is refused before anything is claimed when it cannot run', async () => {
    const hands = await world.open();
    const cases = [
      [world.request(['no-such-program-here']), 'agent.not_found_executable'],
      [world.request(['sh'], { worktree: join(world.directory, 'absent') }), 'terminal.failed'],
      [world.request(['sh', '{prompt}'], { prompt: 'x'.repeat(200_000) }), 'input.invalid'],
      [world.request(['sh'], { files: { '../token': 'x' } }), 'input.invalid'],
    ] as const;
    for (const [request, code] of cases) {
      await expect(hands.startAgent(request)).rejects.toMatchObject({ code });
      expect(await hands.probeAgent(request)).toEqual({ agentId: request.agentId, state: 'absent' });
    }
    expect(await hands.listAgents()).toEqual([]);
    expect(await hands.probeAgent({ agentId: '../../etc' })).toEqual({ agentId: '../../etc', state: 'absent' });
    await expect(hands.readTerminal({ agentId: newAgentId(), cursor: 0, bytesMax: 1 })).rejects.toMatchObject({
      code: 'id.unknown',
    });
  });

  it('gets its prompt, files and token as data, and the token is gone when it has ended', async () => {
    const hands = await world.open();
    const request = world.request(
      [
        'sh',
        '-c',
        'cat "$1" "$2" "$3"; echo; echo "$4"; read line',
        'sh',
        '{prompt_file}',
        '{agent_dir}/home/c.toml',
        '{mcp_config}',
        '{prompt}',
      ],
      {
        prompt: '$(touch injected) {token_file}',
        files: { 'home/c.toml': 'mine = "{agent_id}"' },
      },
    );
    const { tokenHash } = await hands.startAgent(request);
    const folder = join(world.directory, 'holders', request.agentId);
    const text = await readUntil(hands, request.agentId, /\{token_file\}[^]*\{token_file\}/);
    expect(text).toContain(`mine = "${request.agentId}"`);
    expect(text).toContain(join(folder, 'token'));
    const token = readFileSync(join(folder, 'token'), 'utf8');
    expect(token).toMatch(/^hph_a_[A-Za-z0-9_-]{43}$/);
    expect(sha256(token)).toBe(tokenHash);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
      expect(statSync(join(folder, name)).mode & 0o077, name).toBe(0);
    await hands.stopAgent({ agentId: request.agentId, graceMs: 5000 });
    expect(existsSync(join(folder, 'token'))).toBe(false);
    expect(existsSync(join(world.directory, 'injected'))).toBe(false);
  });
});

describe('what an agent is given', () => {
  it('is a listed environment, its terminal and nothing else, and its token stays out of the transcript', async () => {
    const request = world.request([fakeAgent('environment'), '{token_file}'], { env: { MINE: '{task_id}' } });
    const neighbour = world.request([fakeAgent('silent')]);
    const server = startServer([neighbour, request]);
    await server.said;
    const hands = await world.open();
    const text = await readUntil(hands, request.agentId);
    const names = [...text.matchAll(/^([A-Z_]+)=/gm)].map((match) => match[1] as string);
    const allowed = new Set([
      'PATH',
      'HOME',
      'LANG',
      'TMPDIR',
      'USER',
      'SHELL',
      'TZ',
      'TERM',
      'PWD',
      'OLDPWD',
      'SHLVL',
      '_',
      'MINE',
      'HEPH_AGENT_ID',
      'HEPH_TASK_ID',
    ]);
    expect(names.filter((name) => !allowed.has(name) && !name.startsWith('LC_'))).toEqual([]);
    expect(text).toContain(`PATH=${process.env.PATH}\r\n`);
    expect(text).toContain(`MINE=${request.taskId}\r\n`);
    const targets = [...text.matchAll(/^l\S+ .*? ([0-9]+) -> (\S+)/gm)].map((match) => [match[1], match[2]] as const);
    expect(targets.filter(([fd]) => Number(fd) < 3).every(([, target]) => target?.startsWith('/dev/pts/'))).toBe(true);
    // The shell keeps the script it reads open at 10.
    expect(targets.filter(([fd]) => Number(fd) > 2).map(([, target]) => target)).toEqual([fakeAgent('environment')]);
    expect(text).toContain('[redacted]');
    expect(text).not.toMatch(/hph_a_/);
    kill(server.child.pid as number, 'serverKills');
  });
});

describe('a stop', () => {
  it('ends an agent that ignores SIGHUP and SIGTERM', async () => {
    const hands = await world.open();
    const request = world.request([fakeAgent('stubborn')]);
    await hands.startAgent(request);
    await readUntil(hands, request.agentId, /ready/);
    const probe = await hands.stopAgent({ agentId: request.agentId, graceMs: 50 });
    injected.stubbornStops++;
    expect(probe).toMatchObject({ state: 'exited', exit: { how: 'stopped', signal: 'SIGKILL' } });
    expect(marked(request.agentId)).toEqual([]);
    expect(await hands.stopAgent({ agentId: request.agentId, graceMs: 50 })).toEqual(probe);
  });

  it('reaches descendants in other sessions, without parents, and without the mark', async () => {
    const hands = await world.open();
    const request = world.request([fakeAgent('forking')]);
    const { pid } = await hands.startAgent(request);
    const text = await readUntil(hands, request.agentId, /(pid [0-9]+[^]*){3}/);
    const hidden = pidsIn(text);
    expect(hidden.filter(lives)).toHaveLength(3);
    await hands.stopAgent({ agentId: request.agentId, graceMs: 50 });
    injected.stubbornStops++;
    expect([pid, ...hidden].filter(lives)).toEqual([]);
    expect(marked(request.agentId)).toEqual([]);
  });

  it('is not needed for what an agent leaves behind when it ends by itself', async () => {
    const hands = await world.open();
    const request = world.request([fakeAgent('leaving')]);
    const exited = exitOf(hands, request.agentId);
    await hands.startAgent(request);
    await exited;
    const daemon = pidsIn(await readUntil(hands, request.agentId));
    expect(daemon).toHaveLength(1);
    expect(daemon.filter(lives)).toEqual([]);
    expect(await hands.probeAgent(request)).toMatchObject({ state: 'exited', exit: { code: 0, how: 'exited' } });
  });

  it('comes by itself at the wall limit', async () => {
    const hands = await world.open();
    const request = world.request([fakeAgent('silent')], { limits: { wallMs: 100, transcriptBytesMax: 1024 } });
    const exited = exitOf(hands, request.agentId);
    await hands.startAgent(request);
    await exited;
    expect(await hands.probeAgent(request)).toMatchObject({
      state: 'exited',
      exit: { how: 'timed_out', signal: 'SIGHUP' },
    });
  });

  it('ends an agent whose holder is stopped too, and says that it is lost', async () => {
    const hands = await world.open({
      clock: { ...systemClock, after: quickly },
    });
    const request = world.request([fakeAgent('silent')]);
    const { holderPid, pid } = await hands.startAgent(request);
    process.kill(holderPid, 'SIGSTOP');
    injected.holderKills++;
    expect(await hands.stopAgent({ agentId: request.agentId, graceMs: 100 })).toMatchObject({ state: 'lost' });
    await until(() => !lives(holderPid) && !lives(pid));
  });
});

/** Timers of more than a second fire after twenty milliseconds: nobody waits for a holder that will not answer. */
function quickly(delayMs: number, fire: () => void): () => void {
  const timer = setTimeout(fire, delayMs > 1000 ? 20 : delayMs);
  return () => clearTimeout(timer);
}

describe('a flood', () => {
  it('fills neither memory nor disk, and the end is noticed', async () => {
    const hands = await world.open();
    const request = world.request([fakeAgent('flooding')], {
      limits: { wallMs: 120_000, transcriptBytesMax: 1024 * 1024 },
    });
    const exited = exitOf(hands, request.agentId);
    const { holderPid } = await hands.startAgent(request);
    const probeBytes = async () => {
      const probe = await hands.probeAgent(request);
      return probe.state === 'running' ? probe.outputBytes : 0;
    };
    for (let bytes = 0; bytes < 52_428_800; bytes = await probeBytes()) {
      await hands.readTerminal({ agentId: request.agentId, cursor: bytes + 1_000_000, bytesMax: 1, waitMs: 1000 });
    }
    injected.floods++;
    const peak = Number(/VmHWM:\s+([0-9]+) kB/.exec(readFileSync(`/proc/${holderPid}/status`, 'utf8'))?.[1]);
    expect(peak).toBeLessThan(150 * 1024);
    await hands.writeTerminal({ agentId: request.agentId, data: '\r' });
    await exited;
    const chunk = await hands.readTerminal({ agentId: request.agentId, cursor: 0, bytesMax: 100 });
    expect(chunk.droppedBefore).toBeGreaterThan(50_000_000);
    expect(chunk.cursor).toBe(chunk.droppedBefore);
    const transcript = join(world.directory, 'holders', request.agentId, 'transcript');
    const kept = readdirSync(transcript).reduce((sum, name) => sum + statSync(join(transcript, name)).size, 0);
    expect(kept).toBeLessThan(1.1 * 1024 * 1024);
  });
});

describe('a server killed with SIGKILL', () => {
  it('leaves its agents alive; the next one finds each, once, and hears of their ends', async () => {
    const requests = [1, 2, 3].map(() => world.request([fakeAgent('normal')]));
    const server = startServer(requests);
    const pids = [...(await server.said).matchAll(/started ([0-9]+)/g)].map((match) => Number(match[1]));
    process.kill(server.child.pid as number, 'SIGKILL');
    expect(await server.ended).toBe('SIGKILL');
    expect(pids.filter(lives)).toHaveLength(3);
    const hands = await world.open();
    const found = await hands.listAgents();
    expect(found.map((probe) => probe.state === 'running' && probe.pid).sort()).toEqual([...pids].sort());
    for (const request of requests) {
      const exited = exitOf(hands, request.agentId);
      expect(pids).toContain((await hands.startAgent(request)).pid);
      await hands.writeTerminal({ agentId: request.agentId, data: 'again\r' });
      await exited;
      expect(await readUntil(hands, request.agentId)).toContain('got again');
    }
  });

  it('types what the next one is asked to type again under the same key only once', async () => {
    const first = await world.open();
    const request = world.request([fakeAgent('twice')]);
    await first.startAgent(request);
    await readUntil(first, request.agentId, /ready/);
    const typed = { agentId: request.agentId, data: 'hello\r', key: 'message-1' };
    const before = await first.writeTerminal(typed);
    const next = await world.open();
    expect(await next.writeTerminal(typed)).toEqual(before);
    const exited = exitOf(next, request.agentId);
    await next.writeTerminal({ ...typed, data: 'goodbye\r', key: 'message-2' });
    await exited;
    expect(await readUntil(next, request.agentId)).toContain('got hello and goodbye');
  });

  it.each([
    'claimed',
    'laid:0',
    'laid:100',
    'laid:1000',
    'laid:10000',
    'file:state.json',
    'file:transcript',
    'file:sock',
    'file:../../started',
  ])('while it starts an agent (%s): the agent is started, and once', async (death) => {
    const request = world.request([fakeAgent('ledger'), world.directory]);
    const server = startServer([request], death, '1');
    expect(await server.ended).toBe('SIGKILL');
    const hands = await world.open();
    const started = await hands.startAgent(request);
    await readUntil(hands, request.agentId, /started/);
    expect(readFileSync(join(world.directory, request.agentId), 'utf8')).toBe(`${started.pid}\n`);
    expect(await hands.probeAgent(request)).toMatchObject({ state: 'running', pid: started.pid });
  });

  it('before anything was started: a stop closes the claim for good', async () => {
    const later = world.request([fakeAgent('silent')]);
    await startServer([later], 'laid:0').ended;
    const hands = await world.open();
    expect(await hands.stopAgent({ agentId: later.agentId, graceMs: 10 })).toMatchObject({ state: 'lost' });
    await expect(hands.startAgent(later)).rejects.toMatchObject({ code: 'terminal.gone', retryable: false });
    expect(marked(later.agentId)).toEqual([]);
  });

  it('leaves no warm holder behind', async () => {
    const server = startServer([world.request([fakeAgent('at-once')])], 'never', '1');
    await server.said;
    const spares = () => childrenOf(server.child.pid as number).filter(lives);
    await until(() => spares().length > 0);
    const [spare] = spares();
    process.kill(server.child.pid as number, 'SIGKILL');
    expect(await server.ended).toBe('SIGKILL');
    await until(() => !lives(spare as number));
  });

  it('leaves no warm holder behind whose rehearsal has failed', { timeout: 60_000 }, async () => {
    const entry = fileURLToPath(new URL('../support/stumbling-holder.ts', import.meta.url));
    const spare = spawn(process.execPath, [entry, '--spare'], {
      cwd: world.directory,
      stdio: ['pipe', 'ignore', 'inherit', 'pipe'],
    });
    spare.stdin?.end();
    const [code] = await once(spare, 'exit');
    expect(code).toBe(0);
    expect(readdirSync(world.directory).filter((name) => name.startsWith('.spare-'))).toEqual([]);
  });

  it('and another that took over: the first is refused', async () => {
    const first = await world.open();
    const request = world.request([fakeAgent('normal')]);
    await first.startAgent(request);
    const second = await world.open();
    await second.writeTerminal({ agentId: request.agentId, data: 'from the second' });
    await expect(first.writeTerminal({ agentId: request.agentId, data: 'late' })).rejects.toMatchObject({
      code: 'log.fenced',
    });
    await expect(first.startAgent(world.request(['sh']))).rejects.toMatchObject({ code: 'log.fenced' });
    await expect(first.stopAgent({ agentId: request.agentId, graceMs: 0 })).rejects.toMatchObject({
      code: 'log.fenced',
    });
    expect(await second.probeAgent(request)).toMatchObject({ state: 'running' });
  });
});

describe('a holder killed with SIGKILL', () => {
  it.each(['silent', 'stubborn', 'forking'])('makes its agent lost and leaves nothing of it (%s)', async (script) => {
    const hands = await world.open();
    const request = world.request([fakeAgent(script)]);
    const exited = exitOf(hands, request.agentId);
    const started = await hands.startAgent(request);
    const text = script === 'forking' ? await readUntil(hands, request.agentId, /(pid [0-9]+[^]*){3}/) : '';
    kill(started.holderPid, 'holderKills');
    await exited;
    const probe = await hands.probeAgent(request);
    expect(probe).toMatchObject({ state: 'lost', tokenHash: started.tokenHash });
    expect([started.pid, ...pidsIn(text)].filter(lives)).toEqual([]);
    expect(marked(request.agentId)).toEqual([]);
    expect(existsSync(join(world.directory, 'holders', request.agentId, 'token'))).toBe(false);
    expect(await hands.startAgent(request)).toEqual(started);
    expect(await hands.probeAgent(request)).toEqual(probe);
    expect(
      await hands.readTerminal({ agentId: request.agentId, cursor: 0, bytesMax: 10_000_000, waitMs: 5000 }),
    ).toMatchObject({ ended: true });
  });
});

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}
