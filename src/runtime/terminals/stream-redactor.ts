/**
 * Takes secrets out of a stream, also where a chunk's border cuts one in two. It may hold back the end of a chunk until
 * it knows whether a secret begins there; `flush` gives what was held back.
 */
export interface StreamRedactor {
  push(chunk: Uint8Array): string | Uint8Array;
  /** What is held back and is no secret so far, because nothing more came for a while; the stream goes on. */
  settle(): string | Uint8Array;
  flush(): string | Uint8Array;
}

/**
 * A redactor of text as one of bytes. Bytes that are no UTF-8 come out as the replacement character: who looks for secrets
 * has to know where characters begin.
 */
export function redactBytes(text: { push(chunk: string): string; flush(): string }): StreamRedactor {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    push: (chunk) => text.push(decoder.decode(chunk, { stream: true })),
    settle: () => text.flush(),
    flush: () => text.push(decoder.decode()) + text.flush(),
  };
}

/** Makes a redactor for exactly these values. */
export type CreateStreamRedactor = (values: readonly string[]) => StreamRedactor;
