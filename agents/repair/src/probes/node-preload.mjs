import { isMainThread } from 'node:worker_threads';
import { startRecorder } from './recorder.mjs';

// Each test process takes the setting out of its environment, so that the processes which tests start are left alone.
const setting = process.env.HEPH_REPAIR_PROBE;

if (setting && isMainThread && process.env.NODE_TEST_CONTEXT !== undefined) {
  delete process.env.HEPH_REPAIR_PROBE;
  const options = JSON.parse(setting);
  if (options.coverage) await recordTests(options);
}

async function recordTests(options) {
  const { beforeEach, afterEach } = await import('node:test');
  const recorder = startRecorder(options);
  const file = process.argv[1];
  const open = [];
  beforeEach((t) => {
    recorder.look(file, open.at(-1) ?? null);
    open.push(t?.fullName ?? t?.name ?? null);
  });
  afterEach((t) => {
    const test = t?.fullName ?? t?.name ?? null;
    recorder.look(file, test);
    const at = open.lastIndexOf(test);
    if (at >= 0) open.splice(at, 1);
  });
  process.on('exit', () => recorder.look(file, null));
}
