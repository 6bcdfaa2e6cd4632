// A coding agent that thinks for so many milliseconds of processor time, mends the one package that is broken, and says so.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { speaker } from '../../tests/support/fake-agents/speak.mjs';

const [thinkMs, mcpConfig, tokenFile, worktree] = process.argv.slice(2);
const call = speaker(mcpConfig, tokenFile);
const used = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
while (used() < Number(thinkMs));
writeFileSync(join(worktree, 'packages', 'a', 'value.js'), `module.exports = 1; // by ${process.env.HEPH_TASK_ID}\n`);
await call('update_task_status', {
  status: 'done',
  summary: 'Mended the value.',
  idempotencyKey: `${process.env.HEPH_AGENT_ID}-done`,
});
