import { Fault, HephError, messageOf } from '../../../kernel/errors.ts';
import type { EsdbGroupCalls } from './group-client.ts';
import type { EsdbResolved } from './resolved.ts';

export type { EsdbResolved } from './resolved.ts';

/**
 * The part that both official clients share, as far as we use it. Where they differ, both spellings are given
 * (`expectedRevision` and `streamState`) or read (`actualVersion` and `actualState`).
 */
export interface EsdbClient extends EsdbGroupCalls {
  appendToStream(stream: string, events: readonly EsdbProposed[], options: object): Promise<EsdbAppended>;
  readStream(stream: string, options: object): AsyncIterable<EsdbResolved>;
  readAll(options: object): AsyncIterable<EsdbResolved>;
  subscribeToAll(options: object): EsdbSubscription;
  deleteStream(stream: string, options: object): Promise<EsdbRemoved>;
  tombstoneStream(stream: string, options: object): Promise<EsdbRemoved>;
  dispose(): Promise<void>;
}

export interface EsdbProposed {
  id: string;
  type: string;
  contentType: 'application/json';
  data: unknown;
  metadata: unknown;
}

export interface EsdbAppended {
  nextExpectedRevision: bigint;
  /** Of the last event, also of one found. */
  position?: { commit: bigint };
}

export interface EsdbRemoved {
  position?: { commit: bigint };
}

export interface EsdbSubscription {
  on(event: 'data', listener: (resolved: EsdbResolved) => void): unknown;
  on(event: 'confirmation' | 'end' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  unsubscribe(): Promise<void>;
}

/** Of an answer `wrong-expected-version`; −1 when there is no stream. */
export function actualRevisionIn(error: unknown): number {
  const { actualVersion, actualState } = error as Record<'actualVersion' | 'actualState', bigint | string | undefined>;
  const answered = actualVersion ?? actualState;
  return typeof answered === 'bigint' ? Number(answered) : -1;
}

export interface Driver {
  /** Each call gives a client with connections of its own. */
  connect(): EsdbClient;
  /** Whether `readAll` takes a filter; else the adapter filters what it has read. */
  filtersReads: boolean;
}

type Package = '@eventstore/db-client' | '@kurrent/kurrentdb-client';
type Factory = (url: string) => EsdbClient;

const SCHEMES: Record<string, Package> = {
  'esdb:': '@eventstore/db-client',
  'esdb+discover:': '@eventstore/db-client',
  'kurrentdb:': '@kurrent/kurrentdb-client',
  'kurrentdb+discover:': '@kurrent/kurrentdb-client',
};

/** Whether the URL names an event store of this kind. */
export function isEsdbUrl(url: string): boolean {
  return packageOf(url) !== undefined;
}

let loaded: Package | undefined;

/**
 * Loads the client that the URL's scheme names. One process never loads both: their generated code shares a global
 * namespace, and the second breaks the first. Throws Invalid `store.bad_url` and Fault `store.no_client`.
 */
export async function loadDriver(url: string): Promise<Driver> {
  const name = packageOf(url);
  if (!name) throw badUrl(`a store is named by ${Object.keys(SCHEMES).join(', ')} and //host:port`);
  if (loaded && loaded !== name) throw badUrl(`this process uses ${loaded} already, and ${name} does not go with it`);
  const factory = await load(name);
  loaded = name;
  let clients = 0;
  const connect = () => {
    try {
      return factory(withOwnConnections(url, clients++));
    } catch (error) {
      // The client's own words hold the URL, and the URL may hold a password.
      const words = (messageOf(error).split('\n')[0] as string).replace(/\/\/[^/\s]*@/g, '//');
      throw badUrl(`the client does not take it: ${words}`);
    }
  };
  return { connect, filtersReads: name === '@kurrent/kurrentdb-client' };
}

const KEEP_ALIVE_MS = 10_000;

/**
 * Clients with the same settings share their connections, so that a new one would be stuck with the old: a keep-alive
 * that differs by a millisecond keeps them apart. A URL that sets its own is left as it is.
 */
function withOwnConnections(url: string, n: number): string {
  if (/[?&]keepAliveTimeout=/i.test(url)) return url;
  const [, before, query] = /^([^?]*?)\/*(?:\?(.*))?$/.exec(url) as unknown as [string, string, string | undefined];
  return `${before}?${query ? `${query}&` : ''}keepAliveTimeout=${KEEP_ALIVE_MS + (n % KEEP_ALIVE_MS)}`;
}

function packageOf(url: string): Package | undefined {
  return SCHEMES[url.slice(0, url.indexOf('//'))];
}

async function load(name: Package): Promise<Factory> {
  try {
    if (name === '@eventstore/db-client') {
      const { EventStoreDBClient } = await import('@eventstore/db-client');
      return (url) => EventStoreDBClient.connectionString(url) as unknown as EsdbClient;
    }
    const { KurrentDBClient } = await import('@kurrent/kurrentdb-client');
    return (url) => KurrentDBClient.connectionString(url) as unknown as EsdbClient;
  } catch (cause) {
    throw new Fault('store.no_client', `${name} cannot be loaded: npm install ${name}`, {
      cause,
      details: { package: name },
      retryable: false,
    });
  }
}

function badUrl(message: string): HephError {
  return new HephError('store.bad_url', message);
}
