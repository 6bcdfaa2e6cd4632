import { existsSync, readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

/** A file that the page is made of, ready to be sent. */
export interface PageFile {
  type: string;
  bytes: Buffer;
  /** How `bytes` are packed; null: not at all. */
  encoding: 'br' | 'gzip' | null;
}

/** The built page. Which files there are is read from the disk; what a client names is only ever looked up among them. */
export interface PageFiles {
  /** The page itself; null when it has not been built. */
  page(): Promise<string | null>;
  /** `name`: below `/assets/`. Undefined: there is no such file. */
  asset(name: string, accepted: string): Promise<PageFile | undefined>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
};
const PACKED = [
  { encoding: 'br', suffix: '.br' },
  { encoding: 'gzip', suffix: '.gz' },
] as const;

/** `folder`: with `index.html` and `assets/`, where packed copies lie beside the files. It need not exist. */
export function openPageFiles(folder: string): PageFiles {
  let assets = new Set<string>();
  let listedAt = -1;

  /** A page that was built anew names other files: they are listed again. */
  function list(): void {
    const index = statSync(join(folder, 'index.html'), { throwIfNoEntry: false });
    if (!index || index.mtimeMs === listedAt) return;
    listedAt = index.mtimeMs;
    const inside = join(folder, 'assets');
    assets = new Set(existsSync(inside) ? readdirSync(inside) : []);
  }

  return {
    async page() {
      list();
      return listedAt < 0 ? null : readFile(join(folder, 'index.html'), 'utf8').catch(() => null);
    },
    async asset(name, accepted) {
      list();
      const type = TYPES[extname(name)];
      if (!assets.has(name) || type === undefined) return undefined;
      const packed = PACKED.find(({ encoding, suffix }) => accepts(accepted, encoding) && assets.has(name + suffix));
      const bytes = await readFile(join(folder, 'assets', name + (packed?.suffix ?? ''))).catch(() => null);
      return bytes === null ? undefined : { type, bytes, encoding: packed?.encoding ?? null };
    },
  };
}

function accepts(header: string, encoding: string): boolean {
  return header.split(',').some((one) => {
    const [name, weight] = one.trim().split(';');
    return name?.trim() === encoding && weight?.trim() !== 'q=0';
  });
}
