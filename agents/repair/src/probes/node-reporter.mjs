import { holdLeash } from './leash.mjs';

// Of our files only the reporter is loaded by the runner itself; `--import` reaches just the test processes.
holdLeash();

/** A `node --test` reporter: one JSON line per finished test, named by its path through the nested suites. */
export default async function* report(events) {
  const names = new Map();
  for await (const { type, data } of events) {
    const file = data?.file ?? '';
    if (type === 'test:start') {
      const path = names.get(file) ?? [];
      path.length = data.nesting;
      path[data.nesting] = data.name;
      names.set(file, path);
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const path = [...(names.get(file) ?? []).slice(0, data.nesting), data.name];
    const error = data.details?.error;
    yield `${JSON.stringify({
      file,
      path,
      state:
        data.skip !== undefined || data.todo !== undefined ? 'skipped' : type === 'test:pass' ? 'passed' : 'failed',
      container: data.details?.type === 'suite' || error?.failureType === 'subtestsFailed',
      message: type === 'test:fail' ? String(error?.cause?.message ?? error?.cause ?? error?.message ?? '') : null,
    })}\n`;
  }
}
