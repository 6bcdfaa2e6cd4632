import type { EsdbResolved } from './resolved.ts';

/** What both official clients offer for persistent subscriptions, as far as we use it. */
export interface EsdbGroupCalls {
  createPersistentSubscriptionToStream(stream: string, group: string, settings: object, options: object): Promise<void>;
  createPersistentSubscriptionToAll(group: string, settings: object, options: object): Promise<void>;
  updatePersistentSubscriptionToStream(stream: string, group: string, settings: object, options: object): Promise<void>;
  updatePersistentSubscriptionToAll(group: string, settings: object, options: object): Promise<void>;
  deletePersistentSubscriptionToStream(stream: string, group: string, options: object): Promise<void>;
  deletePersistentSubscriptionToAll(group: string, options: object): Promise<void>;
  replayParkedMessagesToStream(stream: string, group: string, options: object): Promise<void>;
  replayParkedMessagesToAll(group: string, options: object): Promise<void>;
  getPersistentSubscriptionToStreamInfo(stream: string, group: string, options: object): Promise<EsdbGroupInfo>;
  getPersistentSubscriptionToAllInfo(group: string, options: object): Promise<EsdbGroupInfo>;
  listAllPersistentSubscriptions(options: object): Promise<EsdbGroupInfo[]>;
  subscribeToPersistentSubscriptionToStream(stream: string, group: string, options: object): EsdbGroupSubscription;
  subscribeToPersistentSubscriptionToAll(group: string, options: object): EsdbGroupSubscription;
}

export interface EsdbGroupInfo {
  /** A stream's name, or `$all`. */
  eventSource: string;
  groupName: string;
  settings: { startFrom?: unknown; maxRetryCount: number; messageTimeout: number };
  connections: readonly unknown[];
  stats: {
    totalInFlightMessages: number;
    parkedMessageCount: bigint;
    /** Of a group over a stream. */
    lastCheckpointedEventRevision?: bigint;
    /** Of a group over $all. */
    lastCheckpointedEventPosition?: { commit: bigint };
  };
}

/** An event with how often it had come before. */
export interface EsdbDelivered extends EsdbResolved {
  retryCount: number;
}

export interface EsdbGroupSubscription {
  on(event: 'data', listener: (resolved: EsdbDelivered) => void): unknown;
  on(event: 'confirmation' | 'end' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  ack(...events: EsdbResolved[]): Promise<void>;
  nack(action: 'retry' | 'park' | 'skip', reason: string, ...events: EsdbResolved[]): Promise<void>;
  unsubscribe(): Promise<void>;
}
