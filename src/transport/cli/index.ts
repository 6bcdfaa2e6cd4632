/**
 * The command line. A verb is either made from the definition of a command or a query, or written by hand where it is
 * more than one:
 *
 *   argv ─► program.ts ─┬─ generated-verbs.ts   verb.ts: definition → verb as data, flags.ts: field → flag
 *                       └─ verbs/  demo/        run, follow, demo, up, down, status, events, logs, doctor, mcp, …
 *                              │
 *                              ▼
 *                          client.ts            finds or starts the server of the data directory, finds it again
 *
 * It writes nothing but by commands; whatever it knows, it asked for.
 */
export { main } from './main.ts';
export type {
  BackupTools,
  CheckTools,
  LivingServer,
  LogPlace,
  LogTools,
  Programs,
  ReplayResult,
  ServerSettings,
  World,
} from './world.ts';
