import { benchEvent } from '../raw-log.ts';
import { peer } from './load.ts';
import type { PostgresAddress } from './postgres.ts';

interface Client {
  connect(): Promise<void>;
  query(text: string | { name: string; text: string; values: unknown[] }): Promise<unknown>;
  end(): Promise<void>;
}
interface Postgres {
  default: { Client: new (address: PostgresAddress) => Client };
}

const INSERT = {
  name: 'insert',
  text: 'INSERT INTO events (stream, revision, id, type, v, at, data, meta) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)',
};

/** What PostgreSQL does with the same events: one table, two indices, a prepared insert that is a transaction, a connection each. */
export interface RawPostgres {
  /** Events per second of so many writers, each of which waits for its answer before the next. */
  append(rounds: number): Promise<number>;
  close(): Promise<void>;
}

export async function openRawPostgres(
  address: PostgresAddress,
  writers: number,
  streamOf: (writer: number) => string,
): Promise<RawPostgres> {
  const { default: pg } = await peer<Postgres>('pg');
  const clients = Array.from({ length: writers }, () => new pg.Client(address));
  await Promise.all(clients.map((client) => client.connect()));
  const first = clients[0] as Client;
  const write = async (client: Client, writer: number, rounds: number) => {
    for (let n = 0; n < rounds; n++) {
      const { id, type, v, at, data, meta } = benchEvent(n * writers + writer);
      await client.query({ ...INSERT, values: [streamOf(writer), n, id, type, v, at, data, meta] });
    }
  };
  return {
    async append(rounds) {
      await first.query('DROP TABLE IF EXISTS events');
      await first.query(
        'CREATE TABLE events (position BIGSERIAL PRIMARY KEY, stream TEXT, revision INTEGER, id TEXT, type TEXT, v INTEGER, at BIGINT, data JSON, meta JSON)',
      );
      await first.query('CREATE UNIQUE INDEX by_revision ON events (stream, revision)');
      await first.query('CREATE UNIQUE INDEX by_id ON events (stream, id)');
      const begun = performance.now();
      await Promise.all(clients.map((client, writer) => write(client, writer, rounds)));
      return (1000 * writers * rounds) / (performance.now() - begun);
    },
    close: async () => void (await Promise.all(clients.map((client) => client.end()))),
  };
}
