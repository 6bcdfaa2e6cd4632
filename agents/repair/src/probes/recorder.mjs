import { appendFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

/**
 * Records which source ranges ran between two moments. V8 resets its counters with each look, so a look before and
 * after a test is the test's own coverage. Plain JavaScript for Node 20: it runs in the repository's own test processes.
 * Lines written: `{file, test, functions per script}` and, for a script that was transformed, `{script, source}` once.
 */
export function startRecorder({ directory, root, mapped }) {
  const out = join(directory, `coverage-${process.pid}-${threadId}.jsonl`);
  const session = new Session();
  const known = new Set();
  session.connect();
  post('Profiler.enable');
  post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

  function post(method, params) {
    let answer;
    // The session lives in this thread, so it answers before `post` returns.
    session.post(method, params, (error, result) => {
      if (error) throw new Error(`${method}: ${error.message}`);
      answer = result;
    });
    return answer;
  }

  function ours(script) {
    const path = script.url.startsWith('file://') ? decodeURIComponent(script.url.slice(7)) : script.url;
    return path.startsWith(`${root}/`) && !path.includes('/node_modules/');
  }

  function rememberSources(scripts) {
    const fresh = scripts.filter((script) => !known.has(script.scriptId));
    if (fresh.length === 0) return;
    post('Debugger.enable');
    for (const { scriptId } of fresh) {
      known.add(scriptId);
      const source = post('Debugger.getScriptSource', { scriptId }).scriptSource;
      if (source.includes('sourceMappingURL=data:')) write({ script: scriptId, source });
    }
    post('Debugger.disable');
  }

  function write(line) {
    appendFileSync(out, `${JSON.stringify({ process: `${process.pid}-${threadId}`, ...line })}\n`);
  }

  return {
    /** Writes what ran since the last look. `test` is null for what ran outside every test. */
    look(file, test) {
      const scripts = post('Profiler.takePreciseCoverage').result.filter(ours);
      if (mapped) rememberSources(scripts);
      const ran = scripts.map(({ scriptId, url, functions }) => ({
        scriptId,
        url,
        functions: functions.map((one) => ({
          name: one.functionName,
          ranges: one.ranges.map((r) => [r.startOffset, r.endOffset, r.count > 0 ? 1 : 0]),
        })),
      }));
      write({ file, test, scripts: ran });
    },
  };
}
