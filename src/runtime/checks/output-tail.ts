import { stripVTControlCharacters } from 'node:util';

/** Keeps the last `bytesMax` bytes of a stream; what came before is dropped, from a line's start where there is one. */
export function createOutputTail(bytesMax: number): { push(chunk: Buffer): void; text(): string } {
  let chunks: Buffer[] = [];
  let bytes = 0;
  let dropped = 0;
  const squeeze = () => {
    const all = Buffer.concat(chunks);
    const kept = all.subarray(Math.max(0, all.length - bytesMax));
    dropped += all.length - kept.length;
    chunks = [Buffer.from(kept)];
    bytes = kept.length;
  };
  return {
    push(chunk) {
      chunks.push(chunk);
      bytes += chunk.length;
      // Squeezing at twice the size costs each byte one copy.
      if (bytes > 2 * bytesMax) squeeze();
    },
    text() {
      if (bytes > bytesMax) squeeze();
      return plainText(Buffer.concat(chunks).toString('utf8'), dropped);
    },
  };
}

function plainText(text: string, dropped: number): string {
  const whole = dropped === 0 ? text : text.slice(text.indexOf('\n') + 1).replace(/^\ufffd+/, '');
  const plain = stripVTControlCharacters(whole)
    .replace(/\r\n/g, '\n')
    .replace(/(?![\n\t])\p{Cc}/gu, '');
  return dropped === 0 ? plain : `… ${dropped} bytes before this are left out\n${plain}`;
}
