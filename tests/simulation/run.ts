import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { type Plant, PLANTS } from './plants.ts';
import { type Outcome, simulate } from './simulate.ts';

/**
 * `npm run sim -- <seed>`                 one run, told in full
 * `npm run sim -- --seeds 10000`          many, from 1 or from `--from`; a line for each that fails
 * `--check-determinism`                   every run twice, traces compared
 * `--plant double_spawn`                  with a mistake in it, to see it found
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    plant: { type: 'string' },
    'check-determinism': { type: 'boolean', default: false },
  },
});

function whole(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`${JSON.stringify(text)} is no whole number`);
  return number;
}

function plantsOf(name: string | undefined): Plant[] {
  if (name === undefined) return [];
  const plant = PLANTS.find((one) => one === name);
  if (!plant) throw new Error(`there is no mistake ${JSON.stringify(name)}; there are ${PLANTS.join(', ')}`);
  return [plant];
}

const plants = plantsOf(values.plant);
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();

async function once(seed: number): Promise<Outcome> {
  const outcome = await simulate(seed, { plants });
  if (!values['check-determinism']) return outcome;
  const { traceHash } = await simulate(seed, { plants });
  if (traceHash === outcome.traceHash) return outcome;
  return { ...outcome, breaches: [...outcome.breaches, `the second run went another way: ${traceHash}`] };
}

function tell(seed: number, { options, breaches, tail, traceHash, steps, events, virtualMs, faults }: Outcome): void {
  console.log(`seed ${seed} · commit ${commit} · ${breaches.length === 0 ? 'ok' : `${breaches.length} breaches`}`);
  console.log(`options ${JSON.stringify(options)}`);
  console.log(`faults ${JSON.stringify(faults)}`);
  console.log(
    `${steps} steps, ${events.length} events, ${(virtualMs / 1000).toFixed(0)} virtual s, trace ${traceHash}`,
  );
  if (breaches.length === 0) return;
  console.log(`the end of the trace:\n  ${tail.join('\n  ')}`);
  console.log(`breaches:\n  ${breaches.slice(0, 10).join('\n  ')}`);
}

async function many(first: number, count: number): Promise<number> {
  const begun = performance.now();
  let failed = 0;
  for (let seed = first; seed < first + count; seed++) {
    const outcome = await once(seed);
    if (outcome.breaches.length === 0) continue;
    failed += 1;
    tell(seed, outcome);
  }
  const seconds = (performance.now() - begun) / 1000;
  console.log(`${count} seeds, ${failed} failed, ${(count / seconds).toFixed(1)} seeds/s`);
  return failed;
}

if (values.seeds !== undefined) process.exitCode = (await many(whole(values.from), whole(values.seeds))) > 0 ? 1 : 0;
else if (positionals[0] !== undefined) {
  const seed = whole(positionals[0]);
  const outcome = await once(seed);
  tell(seed, outcome);
  process.exitCode = outcome.breaches.length > 0 ? 1 : 0;
} else throw new Error('name a seed, or --seeds N');
