import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { managerOf } from '../detect.ts';
import type { BuiltInName } from '../definition.ts';
import { INSTALLED, named, notInstalled, outOfStep } from '../node-packages.ts';
import type { AgentFound, BuiltIn, BuiltInResult, Probes } from '../ports.ts';
import { lookWithGit } from './git-listing.ts';
import { bad, good } from './probes.ts';
import type { Place } from '../opened.ts';

interface Surroundings {
  place: Place;
  probes: Omit<Probes, 'agents'>;
  agents(): Promise<readonly AgentFound[]>;
}

const AGENTS_MS = 5 * 60_000;
const UNDER_WAY: Readonly<Record<string, string>> = {
  'rebase-merge': 'a rebase',
  'rebase-apply': 'a rebase',
  MERGE_HEAD: 'a merge',
  CHERRY_PICK_HEAD: 'a cherry-pick',
  REVERT_HEAD: 'a revert',
  BISECT_LOG: 'a bisection',
};
const MANIFESTS = ['package.json', 'package-lock.json', 'pnpm-lock.yaml', 'yarn.lock'];

/** What can be looked at without a command of the repository's. Results that files and tools decide are kept like any other. */
export function createBuiltIns({ place, probes, agents }: Surroundings): Record<BuiltInName, BuiltIn> {
  const { root } = place;
  const text = (name: string) => (existsSync(join(root, name)) ? readFileSync(join(root, name), 'utf8') : null);
  const json = (name: string) => JSON.parse(text(name) ?? 'null') as Record<string, unknown> | null;
  const manager = (manifest: Record<string, unknown>) =>
    managerOf({ 'pnpm-lock.yaml': text('pnpm-lock.yaml'), 'yarn.lock': text('yarn.lock') }, manifest.packageManager);
  const fromContent = (files: readonly string[], look: BuiltIn['look'], tools: readonly string[] = []): BuiltIn => ({
    files,
    tools,
    cacheForMs: Number.POSITIVE_INFINITY,
    look,
  });
  const fromMoment = (look: BuiltIn['look'], cacheForMs = 0): BuiltIn => ({ files: [], tools: [], cacheForMs, look });

  async function runtime(): Promise<BuiltInResult> {
    const manifest = json('package.json');
    const engines = (manifest?.engines ?? {}) as Record<string, unknown>;
    const pinned = (text('.nvmrc') ?? text('.node-version'))?.trim().replace(/^v/, '');
    const wanted: [string, string][] = [];
    if (typeof engines.node === 'string') wanted.push(['node', engines.node]);
    if (pinned && /^\d/.test(pinned)) wanted.push(['node', pinned]);
    for (const tool of ['npm', 'pnpm', 'yarn'] as const)
      if (typeof engines[tool] === 'string') wanted.push([tool, engines[tool]]);
    const [, tool, exact] = /^(npm|pnpm|yarn)@(\d[\w.-]*)/.exec(String(manifest?.packageManager ?? '')) ?? [];
    if (tool && exact) wanted.push([tool, exact.replace(/[+-].*/, '')]);
    const found: string[] = [];
    for (const [program, range] of wanted) {
      const seen = await probes.program(program, range);
      if (!seen.good) return seen;
      found.push(seen.text);
    }
    return good(found.length > 0 ? `${found.join(', ')}, as wanted` : 'nothing is said about versions');
  }

  async function lockfile(): Promise<BuiltInResult> {
    const manifest = json('package.json');
    if (!manifest) return good('there is no package.json');
    const name = manager(manifest);
    const file = { npm: 'package-lock.json', pnpm: 'pnpm-lock.yaml', yarn: 'yarn.lock' }[name];
    const words =
      name === 'npm'
        ? ['npm', 'install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund']
        : [name, 'install'];
    const fix = { words, changes: name === 'npm' ? [] : ['node_modules'] };
    if (text(file) === null) return bad(`There is no ${file}.`, `Run: ${words.join(' ')}`, fix);
    if (name !== 'npm') return good(`${file} is there; whether it fits, ${name} says when it installs`);
    const differing = outOfStep(manifest, json(file) ?? {});
    if (differing === null) return bad(`${file} is of an old kind, or damaged.`, `Run: ${words.join(' ')}`, fix);
    if (differing.length === 0) return good(`${file} says what package.json says`);
    return bad(`${file} and package.json differ in ${named(differing)}.`, `Run: ${words.join(' ')}`, fix);
  }

  async function dependencies(): Promise<BuiltInResult> {
    const manifest = json('package.json');
    if (!manifest) return good('there is no package.json');
    const name = manager(manifest);
    const words = name === 'npm' ? ['npm', 'ci', '--no-audit', '--no-fund'] : [name, 'install', '--frozen-lockfile'];
    const fix = { words, changes: ['node_modules'] };
    const next = `Run: ${words.join(' ')}`;
    if (!INSTALLED[name].some((mark) => existsSync(join(root, mark))))
      return bad('The dependencies are not installed.', next, fix);
    if (name !== 'npm') return good('the dependencies are installed');
    const missing = notInstalled(json('package-lock.json') ?? {}, json('node_modules/.package-lock.json') ?? {});
    return missing.length === 0
      ? good('what is locked is installed')
      : bad(`Not installed as locked: ${named(missing)}.`, next, fix);
  }

  async function gitState(): Promise<BuiltInResult> {
    if (!place.git) return bad('This is no git repository.', 'Run: git init');
    for (const [name, words] of Object.entries(UNDER_WAY)) {
      const { text: path } = await lookWithGit(root, ['rev-parse', '--git-path', name]);
      if (existsSync(join(root, path.trim())) || existsSync(path.trim()))
        return bad(`${words} is under way.`, 'Finish it, or abort it.');
    }
    const { text: unmerged } = await lookWithGit(root, ['ls-files', '--unmerged', '-z']);
    return unmerged === ''
      ? good('nothing is under way and nothing in conflict')
      : bad('Files are in conflict.', 'Resolve them, then `git add` them.');
  }

  async function agentPrograms(wanted: unknown): Promise<BuiltInResult> {
    const found = await agents();
    if (wanted === undefined) return good(found.map(({ name, text: said }) => `${name}: ${said}`).join('; '));
    const agent = found.find(({ name }) => name === wanted);
    if (!agent)
      return bad(`There is no agent ${String(wanted)}.`, `Known are ${found.map(({ name }) => name).join(', ')}.`);
    return agent.good ? good(agent.text) : bad(agent.text, agent.next ?? 'See heph doctor.');
  }

  return {
    runtime: fromContent(['package.json', '.nvmrc', '.node-version'], runtime, ['node', 'npm']),
    lockfile: fromContent(MANIFESTS, lockfile),
    dependencies: fromContent([...MANIFESTS, ...Object.values(INSTALLED).flat()], dependencies),
    disk_space: fromMoment(() => probes.disk(root)),
    git_state: fromMoment(gitState),
    port_free: fromMoment((check) => probes.port(Number(check.with.port))),
    agents: fromMoment((check) => agentPrograms(check.with.agent), AGENTS_MS),
  };
}
