/** An event as both clients give it. */
export interface EsdbResolved {
  event?: {
    streamId: string;
    id: string;
    created: Date;
    revision: bigint;
    type: string;
    data: unknown;
    metadata: unknown;
    position?: { commit: bigint };
  };
  commitPosition?: bigint;
}
