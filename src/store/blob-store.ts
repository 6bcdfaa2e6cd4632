/** Content-addressed bytes beside the log: what is larger than an event may be. Never overwritten, never redacted after. */
export interface BlobStore {
  /**
   * Keeps the bytes durably and answers their lower-case hex SHA-256. The same bytes twice are one blob. Throws Fault
   * `log.disk_full` or `blob.failed`; nothing has the hash then that has not its bytes.
   */
  put(bytes: Uint8Array | string): Promise<string>;
  /** Throws Invalid `blob.not_found`, or Fault `blob.damaged` when the bytes do not have that hash any more. */
  get(hash: string): Promise<Uint8Array>;
  has(hash: string): Promise<boolean>;
}
