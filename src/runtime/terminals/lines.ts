/** Cuts a byte stream into lines. A line longer than `bytesMax` ends the stream: `push` answers null from then on. */
export function createLineSplitter(bytesMax: number): (chunk: Uint8Array) => string[] | null {
  let rest: Buffer = Buffer.alloc(0);
  let broken = false;
  return (chunk) => {
    if (broken) return null;
    const lines: string[] = [];
    let bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10)) {
      lines.push(bytes.toString('utf8', 0, end));
      bytes = bytes.subarray(end + 1);
    }
    rest = bytes;
    broken = rest.length > bytesMax;
    return broken ? null : lines;
  };
}
