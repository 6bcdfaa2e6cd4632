import { hostname } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '../kernel/adapters/system.ts';
import type { Log } from '../kernel/log.ts';
import { createRedactor, type Redactor } from '../kernel/redact.ts';
import { checkedDefinitionSchema, type WorkflowDefinition } from '../machines/workflow/index.ts';
import { openSqliteCache } from '../projections/adapters/sqlite-cache.ts';
import {
  createSnapshots,
  type ProjectionHost,
  type Snapshots,
  startProjectionHost,
  VIEWS,
} from '../projections/index.ts';
import { createIdIndex } from '../queries/index.ts';
import { createFolderLoader } from '../runtime/definitions/adapters/folder.ts';
import type { DefinitionLoader } from '../runtime/definitions/definition-loader.ts';
import { createOpenAiModel } from '../runtime/models/adapters/openai.ts';
import type { Model } from '../runtime/models/model.ts';
import type { Runner } from '../runtime/runner.ts';
import { bootId } from '../runtime/terminals/adapters/processes.ts';
import { openFileBlobs } from '../store/adapters/file-blobs.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { EventStore } from '../store/event-store.ts';
import { createUpcaster, UPCASTS, withUpcasters } from '../store/upcasters/index.ts';
import { type Closers, within } from './closers.ts';
import { phasesFolder } from './installation.ts';
import { openEstates } from './estates.ts';
import { LOCAL_RUNNER, type LocalRunner, openLocalRunner } from './local-runner.ts';
import { type LogStore, openLogStore, passwordsOf } from './log-store.ts';
import type { Sharing } from './share.ts';
import { secretsOf } from './secrets.ts';
import { openServerLog } from './server-log.ts';
import { operatorToken } from './tokens.ts';

/** What a server stands on: the data directory with its log, the runner of this machine, and the views. */
export interface Ground {
  dataDirectory: string;
  logStore: LogStore;
  store: EventStore;
  /** The operator's. */
  token: string;
  redactor: Redactor;
  log: Log;
  runner: Runner;
  model: Model;
  blobs: BlobStore;
  views: ProjectionHost;
  snapshots: Snapshots;
  definitions: DefinitionLoader<WorkflowDefinition>;
  ids: ReturnType<typeof createIdIndex>;
  startedAt: number;
  /** Where other servers work on the same log. */
  sharing?: Sharing;
}

export async function openGround(
  options: { dataDirectory: string; where: string; takeOver: boolean },
  closers: Closers,
): Promise<Ground> {
  const [clock, random] = [systemClock, systemRandom];
  const { where, takeOver } = options;
  const logStore = await openLogStore({ directory: options.dataDirectory, where, clock, random, takeOver });
  closers.add(() => logStore.store.close());
  const dataDirectory = logStore.path;
  const store = withUpcasters(logStore.store, createUpcaster(UPCASTS));
  const token = operatorToken(dataDirectory, random);
  const secrets = [token, ...passwordsOf(where), ...secretsOf(process.env)];
  const redactor = createRedactor({ values: secrets });
  const { log, close: closeLog } = openServerLog(dataDirectory, (text) => redactor.redactText(text));
  closers.add(closeLog);
  const openRunner = (directory: string, runnerId: string) =>
    openLocalRunner({ dataDirectory: directory, runnerId, log, redactor, secrets: () => secrets });
  const runner = await openRunner(dataDirectory, logStore.runnerId ?? LOCAL_RUNNER);
  closers.add((leftMs) => within(clock, leftMs, runner.close()));
  const warn = (message: string) => log.warn({}, message);
  const cache = openSqliteCache({ path: join(dataDirectory, 'cache.db'), warn });
  const { logId } = logStore;
  const blobs = openFileBlobs(dataDirectory);
  const views = await startProjectionHost({ store, views: VIEWS, cache, logId, clock, warn });
  closers.add(() => views.close());
  return {
    dataDirectory,
    logStore,
    store,
    token,
    redactor,
    log,
    runner,
    model: createOpenAiModel({ clock, environment: process.env }),
    blobs,
    ...(logStore.runnerId !== null && { sharing: sharingOf(logStore, { runner, blobs }, openRunner, log) }),
    views,
    snapshots: createSnapshots(store, cache, logId, warn),
    definitions: createFolderLoader<WorkflowDefinition>({
      folders: [join(dataDirectory, 'phases'), phasesFolder()],
      schema: checkedDefinitionSchema,
    }),
    ids: createIdIndex(store),
    startedAt: clock.now(),
  };
}

function sharingOf(
  { path, epoch }: LogStore,
  ours: { runner: LocalRunner; blobs: BlobStore },
  openRunner: (directory: string, runnerId: string) => Promise<LocalRunner>,
  log: Log,
): Sharing {
  return {
    place: { host: hostname(), bootId: bootId(), dataDirectory: path },
    epoch,
    estates: openEstates({ ours, openRunner, clock: systemClock, log }),
  };
}
