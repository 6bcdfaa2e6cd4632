import { homedir } from 'node:os';
import type { TokenIndex } from '../commands/index.ts';
import { systemClock, systemRandom } from '../kernel/adapters/system.ts';
import { sha256 } from '../kernel/canonical.ts';
import { invalid } from '../kernel/errors.ts';
import { VERSION } from '../kernel/version.ts';
import { askQuery, createLive, QUERIES } from '../queries/index.ts';
import type { Queries } from '../transport/queries-port.ts';
import { createHttpServer, createMetrics, type HttpServer, openPageFiles } from '../transport/rest/index.ts';
import type { System } from './assemble.ts';
import type { IdleWatch } from './idle-watch.ts';
import { pageFolder } from './installation.ts';
import { keptSessions } from './kept-sessions.ts';
import type { Ground } from './server-ground.ts';
import { agentsByState, coherenceOf, healthOf, queueLength, readinessOf } from './server-health.ts';

/** The faces of one system: REST, MCP, documentation and metrics, all of the same commands and queries. */
export function openFaces(ground: Ground, system: System, idle: IdleWatch): HttpServer {
  const metrics = createMetrics({
    clock: systemClock,
    queueLength: () => queueLength(system),
    agents: () => agentsByState(system),
    coherence: () => coherenceOf(system),
  });
  const counted = metrics.counted(system.bus);
  return createHttpServer({
    bus: { execute: (envelope) => idle.during(() => counted.execute(envelope)) },
    queries: queriesOf(ground, system, idle),
    live: createLive({ ...ground, transcripts: ground.runner, clock: systemClock, logId: ground.logStore.logId }),
    during: (open) => idle.during(open),
    tokens: tokensOf(ground.token, system),
    clock: systemClock,
    random: systemRandom,
    log: ground.log,
    version: VERSION,
    metrics,
    terminals: ground.runner,
    page: openPageFiles(pageFolder()),
    keptSessions: keptSessions(ground.dataDirectory),
    health: () => readinessOf(ground, system),
  });
}

function queriesOf(ground: Ground, system: System, idle: IdleWatch): Queries {
  const { views, store, ids, definitions, runner, blobs } = ground;
  const context = { views, store, ids, definitions, transcripts: runner, work: runner, blobs, clock: systemClock };
  const health = async () => healthOf(ground, system);
  // Loaded here: a server that nobody asks does not look for programs.
  const diagnose = async () => {
    const { diagnoseHere } = await import('./diagnose-here.ts');
    const { BUILT_IN_AGENTS } = await import('../machines/config/index.ts');
    const agents = { ...BUILT_IN_AGENTS, ...system.host.config().settings.agents };
    return diagnoseHere(ground.dataDirectory, { env: process.env, home: homedir() }, agents);
  };
  return {
    table: QUERIES,
    async run(name, input, principal, signal) {
      const definition = QUERIES.get(name);
      if (!definition) return invalid('query.unknown', `There is no query ${JSON.stringify(name)}.`);
      return idle.during(() => askQuery(name, definition, input, { ...context, principal, health, diagnose, signal }));
    },
  };
}

function tokensOf(token: string, { processes, isStarting }: System): TokenIndex {
  return {
    operatorHash: sha256(token),
    isStarting,
    agentByTokenHash(hash) {
      const agent = processes.world.agentOfToken(hash);
      if (!agent) return null;
      const { taskId, workflowId, allowedTools } = agent.context;
      return { agentId: agent.id, taskId, workflowId, allowedTools };
    },
  };
}
