import { appendFrom, streamOf } from './append.ts';
import { type BenchOptions, compare, type Figure } from './measure.ts';
import { missingPackages } from './peers/load.ts';
import { missingPostgres, type PostgresAddress, withPostgres } from './peers/postgres.ts';
import { openRawPostgres } from './peers/raw-postgres.ts';
import { atLeast } from './support/goals.ts';

const WRITERS = 64;
const ROUNDS_PER_WRITER = 60;
const ALONE = 600;

/** Null, or why PostgreSQL cannot be measured here. */
export const missing = (): string | null => missingPackages() ?? missingPostgres();

/** The appends of `append` beside inserts into PostgreSQL, each of which is a transaction of its own. */
export function run({ quick }: BenchOptions): Promise<Figure[]> {
  const scale = quick ? 4 : 1;
  return withPostgres(async (address) => [
    await beside(address, WRITERS, ROUNDS_PER_WRITER / scale),
    await beside(address, 1, ALONE / scale),
  ]);
}

async function beside(address: PostgresAddress, writers: number, rounds: number): Promise<Figure> {
  const postgres = await openRawPostgres(address, writers, streamOf);
  try {
    const who = writers === 1 ? 'one writer' : `${writers} writers`;
    return await compare(
      // Alone, both wait for one flush at a time.
      {
        subject: `append, ${who}, beside inserts into PostgreSQL`,
        unit: 'events/s',
        goal: writers === 1 ? null : atLeast(3),
      },
      { product: () => appendFrom(writers, rounds), floor: () => postgres.append(rounds) },
    );
  } finally {
    await postgres.close();
  }
}
