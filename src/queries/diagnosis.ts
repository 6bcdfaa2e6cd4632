import { z } from 'zod';
import { type Finding, note, ok, problem, warning } from '../kernel/findings.ts';
import { query } from './define-queries.ts';
import { healthOf } from './system.ts';

export const diagnose = query({
  v: 1,
  summary: 'What a run needs of the server and of its machine, what of it is missing, and what to do about that.',
  schema: z.strictObject({}),
  // It starts programs to ask them for their versions, and tells where the data are.
  roles: ['operator'],
  example: 'heph doctor',
  async run(_input, context) {
    const [machine, health] = await Promise.all([context.diagnose(), healthOf(context)]);
    const findings = [...machine, ...health.map(healthFinding)];
    const of = (level: Finding['level']) => findings.filter((one) => one.level === level).length;
    return { findings, problems: of('error'), warnings: of('warning'), asOf: context.clock.now() };
  },
});

/** What the server says of one of its parts; what it has not measured is told as such. */
export function healthFinding({ name, status, detail }: { name: string; status: string; detail: string }): Finding {
  if (status === 'ok') return ok(name, detail);
  if (status === 'unknown') return note(name, `unknown: ${detail}`, 'Nothing, unless something does not work.');
  const finding = status === 'failed' ? problem : warning;
  return finding(name, detail, 'Read `heph logs server`.');
}
