/** RFC 6455 frames as a server writes them: whole, not masked. Built here so that one buffer serves every client it is for. */
const TEXT = 0x1;
const BINARY = 0x2;
const PING = 0x9;
const PONG = 0xa;

export const textFrame = (text: string): Buffer => frame(TEXT, Buffer.from(text));
export const pingFrame = (): Buffer => frame(PING, Buffer.alloc(0));
export const pongFrame = (bytes: Uint8Array): Buffer => frame(PONG, bytes);

/** Bytes of a terminal: which subscription's (32 bits), the cursor of the first one (64 bits), then the bytes. */
export function terminalFrame(handle: number, cursor: number, bytes: Uint8Array): Buffer {
  const payload = Buffer.allocUnsafe(12 + bytes.length);
  payload.writeUInt32BE(handle, 0);
  payload.writeBigUInt64BE(BigInt(cursor), 4);
  payload.set(bytes, 12);
  return frame(BINARY, payload);
}

function frame(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const head = length < 126 ? 2 : length < 0x10000 ? 4 : 10;
  const bytes = Buffer.allocUnsafe(head + length);
  bytes[0] = 0x80 | opcode;
  if (head === 2) bytes[1] = length;
  else if (head === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  bytes.set(payload, head);
  return bytes;
}
