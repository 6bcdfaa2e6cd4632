import { createRequire } from 'node:module';
import type * as gossip from '@eventstore/db-client/generated/gossip_pb.js';
import type * as persistent from '@eventstore/db-client/generated/persistent_pb.js';
import type * as features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type * as shared from '@eventstore/db-client/generated/shared_pb.js';
import type * as statuses from '@eventstore/db-client/generated/status_pb.js';
import type * as streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServiceDefinition } from '@grpc/grpc-js';

/**
 * The generated messages of the client that this process loads. Both clients write theirs into one global namespace, so
 * a process that loads both can serialise neither: the server speaks with the stubs of the client under test.
 */
export type Client = 'eventstore' | 'kurrent';

export interface Stubs {
  streams: typeof streams;
  shared: typeof shared;
  statuses: typeof statuses;
  features: typeof features;
  gossip: typeof gossip;
  persistent: typeof persistent;
  services: Record<'streams' | 'features' | 'gossip' | 'persistent', ServiceDefinition>;
  /** `google.protobuf.Any` and `Empty`, as the client's own messages take them. */
  Any: new () => { pack(bytes: Uint8Array, name: string, prefix?: string): void };
  Empty: new () => shared.Empty;
}

const PACKAGES: Record<Client, { name: string; generated: string; persistent: string }> = {
  eventstore: { name: '@eventstore/db-client', generated: 'generated', persistent: 'persistent' },
  kurrent: {
    name: '@kurrent/kurrentdb-client',
    generated: 'generated/kurrentdb/protocols/v1',
    persistent: 'persistentsubscriptions',
  },
};

export function loadStubs(client: Client): Stubs {
  const { name, generated, persistent } = PACKAGES[client];
  const require = createRequire(createRequire(import.meta.url).resolve(`${name}/package.json`));
  // The client's own copy of the well-known types.
  const known = (file: string) => require(`google-protobuf/google/protobuf/${file}_pb.js`);
  const load = (file: string) => require(`${name}/${generated}/${file}.js`);
  return {
    streams: load('streams_pb'),
    shared: load('shared_pb'),
    statuses: load('status_pb'),
    features: load('serverfeatures_pb'),
    gossip: load('gossip_pb'),
    persistent: load(`${persistent}_pb`),
    services: {
      streams: load('streams_grpc_pb').StreamsService,
      features: load('serverfeatures_grpc_pb').ServerFeaturesService,
      gossip: load('gossip_grpc_pb').GossipService,
      persistent: load(`${persistent}_grpc_pb`).PersistentSubscriptionsService,
    },
    Any: known('any').Any,
    Empty: known('empty').Empty,
  };
}
