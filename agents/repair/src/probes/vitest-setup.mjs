import { afterEach, beforeEach } from 'vitest';

// This file is copied beside the repository's vitest, so that it shares that vitest's hooks; what it needs of ours is
// named by address.
const options = JSON.parse(process.env.HEPH_REPAIR_PROBE);
const { startRecorder } = await import(/* @vite-ignore */ options.recorder);
globalThis.__hephRepairRecorder ??= startRecorder(options);
const recorder = globalThis.__hephRepairRecorder;

beforeEach(({ task }) => recorder.look(task.file.filepath, null));
afterEach(({ task }) => recorder.look(task.file.filepath, pathOf(task).join(' > ')));

function pathOf(task) {
  const path = [task.name];
  for (let parent = task.suite; parent && parent.filepath === undefined; parent = parent.suite)
    path.unshift(parent.name);
  return path;
}
