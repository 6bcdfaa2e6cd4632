import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../kernel/errors.ts';
import { serveScribe } from '../store/adapters/sqlite/thread-scribe.ts';

/** The thread that writes the log of a server, started by `openThreadLink`. It ends when the store is closed. */
assert(parentPort, 'this program is a thread of the server, and is not started by itself');
serveScribe(parentPort, workerData as string);
