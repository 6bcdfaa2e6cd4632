/**
 * Takes secrets out of a stream, also where a chunk's border cuts one in two. It may hold back the end of a chunk until
 * it knows whether a secret begins there; `flush` gives what was held back.
 */
export interface StreamRedactor {
  push(chunk: Uint8Array): string | Uint8Array;
  flush(): string | Uint8Array;
}

/** Makes a redactor for exactly these values. */
export type CreateStreamRedactor = (values: readonly string[]) => StreamRedactor;
