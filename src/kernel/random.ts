/** Chance as the core sees it: a port, so that a simulation can be repeated from one seed. */
export interface Random {
  bytes(count: number): Uint8Array;
}
