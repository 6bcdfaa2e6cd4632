import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../kernel/errors.ts';
import type { SourceFile } from '../runtime/mutation/adapters/mutants-of-file.ts';
import { serveMutants } from '../runtime/mutation/adapters/mutator-thread.ts';

/** The thread that parses and mutates source files, started by `findMutants`. It ends when it has answered. */
assert(parentPort, 'this program is a thread of the server, and is not started by itself');
await serveMutants(parentPort, workerData as SourceFile[]);
