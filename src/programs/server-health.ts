import { VERSION } from '../kernel/version.ts';
import type { HealthCheck, ServerHealth } from '../queries/index.ts';
import { isEndedAgent, isOurs } from '../processes/index.ts';
import type { System } from './assemble.ts';
import type { Ground } from './server-ground.ts';

/** What a server knows of itself, part by part. */
export function healthOf({ dataDirectory, startedAt, logStore, views, model }: Ground, system: System): ServerHealth {
  const checks = [
    { name: 'log', ...logStore.check() },
    viewsCheck(views),
    actorsCheck(system),
    historiesCheck(system),
    processesCheck(system),
    orphansCheck(system),
    { name: 'model', ...model.state(system.host.config().settings.model) },
  ];
  const nodeVersion = process.versions.node;
  return {
    version: VERSION,
    nodeVersion,
    pid: process.pid,
    startedAt,
    dataDirectory,
    logBytes: logStore.bytes(),
    checks,
  };
}

/** Whether it takes commands, and what is not as it should be. */
export async function readinessOf(ground: Ground, system: System) {
  const { checks, nodeVersion: _node, logBytes: _bytes, ...server } = healthOf(ground, system);
  const bad = checks.filter((check) => check.status === 'failed' || check.status === 'degraded');
  return {
    ...server,
    ready: checks.every((check) => check.status !== 'failed'),
    problems: bad.map((check) => `${check.name}: ${check.detail}`),
    position: String(await ground.store.head()),
  };
}

/** Somebody works here, or something is still to be done. */
export function isBusy({ processes }: System): boolean {
  const { world } = processes;
  const living = [...world.agents.values()].some((agent) => isOurs(agent, world) && !isEndedAgent(agent));
  return living || !processes.isIdle();
}

/** Tasks that wait for a slot. */
export function queueLength({ processes }: System): number {
  let length = 0;
  for (const task of processes.world.tasks.values()) if (task.value === 'queued') length++;
  return length;
}

export function agentsByState({ processes }: System): Record<string, number> {
  const by: Record<string, number> = {};
  for (const { value } of processes.world.agents.values()) by[value] = (by[value] ?? 0) + 1;
  return by;
}

/** What is warned of now, and the mean of the scores that are known of living agents; null: none is. */
export function coherenceOf({ processes }: System): { warnings: Record<string, number>; score: number | null } {
  const warnings: Record<string, number> = {};
  const scores: number[] = [];
  for (const { id, context } of processes.world.guardians.values()) {
    const agent = processes.world.agents.get(id);
    if (agent && isEndedAgent(agent)) continue;
    for (const name of Object.keys(context.warnings)) warnings[name] = (warnings[name] ?? 0) + 1;
    if (context.last && context.last.score !== null) scores.push(context.last.score);
  }
  const sum = scores.reduce((all, score) => all + score, 0);
  return { warnings, score: scores.length === 0 ? null : sum / scores.length };
}

/** Agents that live although the log does not want them. */
function orphansCheck({ processes }: System): HealthCheck {
  const orphans = [...processes.world.guardians.values()].flatMap(({ id, context }) =>
    context.warnings.orphan ? [`${id}: ${context.warnings.orphan.reason}`] : [],
  );
  return check('orphans', orphans, 'none');
}

function viewsCheck(views: Ground['views']): HealthCheck {
  const status = views.status();
  const degraded = status.views.filter((view) => view.degraded);
  return check(
    'views',
    degraded.map((view) => JSON.stringify(view)),
    `${status.feed} at ${status.position}`,
  );
}

function actorsCheck({ host, processes }: System): HealthCheck {
  const poisoned = [...processes.world.poisoned].map(([stream, reason]) => ({ stream, reason }));
  const bad = [...host.quarantined(), ...poisoned].map(({ stream, reason }) => `${stream}: ${reason}`);
  return check('actors', bad, 'none quarantined');
}

function historiesCheck({ host }: System): HealthCheck {
  const long = host.longHistories().map(({ stream, events }) => `${stream} has ${events} events`);
  return check('histories', long, 'none is long');
}

function processesCheck({ processes }: System): HealthCheck {
  return check(
    'processes',
    processes.stuck().map(({ key, reason }) => `${key}: ${reason}`),
    'nothing stuck',
  );
}

function check(name: string, problems: string[], otherwise: string): HealthCheck {
  if (problems.length === 0) return { name, status: 'ok', detail: otherwise };
  return { name, status: 'degraded', detail: problems.join('; ') };
}
