// An agent that does at once what its prompt's phase asks: in `plan` it opens tasks of the phase `build`; elsewhere it
// writes one file named after its task. It outlives its server: what it could not say, it says again to the next one.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';

const [mcpConfig, tokenFile, promptFile, worktree] = process.argv.slice(2);
const { HEPH_AGENT_ID: agentId, HEPH_TASK_ID: taskId, NOOP_LEDGER: ledger } = process.env;
const TASKS = 2;

// Written before anything is said: who ran, known without the server's word.
appendFileSync(ledger, `${agentId} ${process.pid}\n`);
const { args } = JSON.parse(readFileSync(mcpConfig, 'utf8')).mcpServers.heph;
const data = args[args.indexOf('--data') + 1];
const token = readFileSync(tokenFile, 'utf8').trim();

if (/phase plan/.test(readFileSync(promptFile, 'utf8'))) {
  for (let n = 0; n < TASKS; n++)
    await call('create_task', { phase: 'build', title: `Build ${n}`, idempotencyKey: `${taskId}-${n}` });
} else writeFileSync(join(worktree, `${taskId}.txt`), `${taskId}\n`);
await call('update_task_status', { status: 'done', summary: 'Nothing to it.', idempotencyKey: `${agentId}-done` });

async function call(name, input) {
  for (;;) {
    try {
      const { url } = JSON.parse(readFileSync(join(data, 'server.json'), 'utf8'));
      const answer = await fetch(new URL('/mcp', url), {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: input } }),
      });
      // It is stopping, or has still to record that this agent lives.
      if (answer.status >= 502) throw new Error('not now');
      const { result, error } = await answer.json();
      if (result && !result.isError) return;
      if (result?.structuredContent?.code !== 'server.stopping') {
        console.log(`${name} was refused`, JSON.stringify(result?.structuredContent ?? error));
        process.exit(1);
      }
    } catch {
      // No server just now, or not for us.
    }
    await after(20);
  }
}
