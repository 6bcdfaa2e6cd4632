import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { missingTool } from '../../tests/support/debian.ts';
import { inDirectory } from '../raw-log.ts';
import { startServer } from './server-process.ts';

/** Debian keeps the server's programs out of the PATH. */
const DEBIAN = '/usr/lib/postgresql';
const SETTINGS = [
  'fsync=on',
  'synchronous_commit=on',
  'full_page_writes=on',
  'listen_addresses=',
  'max_connections=100',
];

export function missingPostgres(): string | null {
  return missingTool('psql', 'postgresql') ?? (programs() ? null : 'the programs of PostgreSQL were not found');
}

/** Where to connect. */
export interface PostgresAddress {
  host: string;
  user: string;
  database: string;
}

/** A PostgreSQL of our own on a unix socket; a commit is answered after its flush, as in our log. It refuses to run as root. */
export function withPostgres<T>(work: (address: PostgresAddress) => Promise<T>): Promise<T> {
  return inDirectory(async (directory) => {
    const identity = process.getuid?.() === 0 ? unprivileged() : undefined;
    if (identity) chownSync(directory, identity.uid, identity.gid);
    const data = join(directory, 'data');
    const run = { cwd: directory, ...identity };
    const bin = programs() as string;
    execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8', '--no-locale'], {
      ...run,
      stdio: 'ignore',
    });
    const server = await startServer({
      command: join(bin, 'postgres'),
      args: ['-D', data, '-k', directory, ...SETTINGS.flatMap((setting) => ['-c', setting])],
      cwd: directory,
      ...(identity && { identity }),
      ready: 'ready to accept connections',
    });
    try {
      return await work({ host: directory, user: 'bench', database: 'postgres' });
    } finally {
      await server.end();
    }
  });
}

/** The same as one string. */
export function connectionString({ host, user, database }: PostgresAddress): string {
  return `postgres://${user}@${encodeURIComponent(host)}/${database}`;
}

function programs(): string | null {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  return (
    versions.map((version) => join(DEBIAN, version, 'bin')).find((path) => existsSync(join(path, 'initdb'))) ?? null
  );
}

/** The user that its package brings along. */
function unprivileged(): { uid: number; gid: number } {
  const id = (option: string) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
