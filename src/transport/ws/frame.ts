/** RFC 6455 frames as a server writes them: whole, not masked. Built here so that one buffer serves every client it is for. */
const TEXT = 0x1;
const PING = 0x9;
const PONG = 0xa;

export const textFrame = (text: string): Buffer => frame(TEXT, Buffer.from(text));
export const pingFrame = (): Buffer => frame(PING, Buffer.alloc(0));
export const pongFrame = (bytes: Uint8Array): Buffer => frame(PONG, bytes);

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
