import type { Page } from 'playwright-core';

/** What a page's sockets were told of terminals, as it came. */
export interface Received {
  /** The bytes from the first cursor on. Throws where something is missing, or came twice. */
  bytes(): Buffer;
  /** Resolves when that has come. */
  until(text: string): Promise<void>;
}

const HEAD_BYTES = 12;

/** From now on; of a page that follows one terminal. A reload begins anew. */
export function receivedBy(page: Page): Received {
  let pieces: { cursor: number; bytes: Buffer }[] = [];
  const looks = new Set<() => void>();
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      if (typeof payload === 'string') return;
      pieces.push({ cursor: Number(payload.readBigUInt64BE(4)), bytes: payload.subarray(HEAD_BYTES) });
      for (const look of [...looks]) look();
    }),
  );
  page.on('framenavigated', (frame) => {
    if (frame === page.mainFrame()) pieces = [];
  });

  function bytes(): Buffer {
    let end = pieces[0]?.cursor ?? 0;
    for (const { cursor, bytes: more } of pieces) {
      if (cursor !== end) throw new Error(`after byte ${end} came byte ${cursor}`);
      end += more.length;
    }
    return Buffer.concat(pieces.map(({ bytes: more }) => more));
  }

  return {
    bytes,
    until: (text) =>
      new Promise((resolve) => {
        const look = () => {
          if (!Buffer.concat(pieces.map(({ bytes: more }) => more)).includes(text)) return;
          looks.delete(look);
          resolve();
        };
        looks.add(look);
        look();
      }),
  };
}
