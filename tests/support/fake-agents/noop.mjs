// An agent that does at once what its prompt's phase asks: in `plan` it opens tasks of the phase `build`; elsewhere it
// writes one file named after its task. It outlives its server: what it could not say, it says again to the next one.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { speaker } from './speak.mjs';

const [mcpConfig, tokenFile, promptFile, worktree] = process.argv.slice(2);
const { HEPH_AGENT_ID: agentId, HEPH_TASK_ID: taskId, NOOP_LEDGER: ledger } = process.env;
const TASKS = 2;

// Written before anything is said: who ran, known without the server's word.
appendFileSync(ledger, `${agentId} ${process.pid}\n`);
const call = speaker(mcpConfig, tokenFile);

if (/phase plan/.test(readFileSync(promptFile, 'utf8'))) {
  for (let n = 0; n < TASKS; n++)
    await call('create_task', { phase: 'build', title: `Build ${n}`, idempotencyKey: `${taskId}-${n}` });
} else writeFileSync(join(worktree, `${taskId}.txt`), `${taskId}\n`);
await call('update_task_status', { status: 'done', summary: 'Nothing to it.', idempotencyKey: `${agentId}-done` });
