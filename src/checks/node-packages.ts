/** What of a `package-lock.json`, or of the copy of it that npm keeps in `node_modules`, says which packages there are. */
interface Lockfile {
  packages?: Record<string, LockedPackage>;
}

interface LockedPackage {
  version?: string;
  link?: boolean;
  optional?: boolean;
  devOptional?: boolean;
  peer?: boolean;
  inBundle?: boolean;
  [kind: string]: unknown;
}

/** Where each package manager writes down what it has installed. */
export const INSTALLED = {
  npm: ['node_modules/.package-lock.json'],
  pnpm: ['node_modules/.modules.yaml'],
  yarn: ['node_modules/.yarn-state.yml', 'node_modules/.yarn-integrity', '.pnp.cjs'],
} as const;

const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;
const NAMED_MAX = 5;

/** Where a manifest and the lockfile's copy of it differ, by name; null when the lockfile is of a kind that has no copy. */
export function outOfStep(manifest: Record<string, unknown>, lockfile: Lockfile): string[] | null {
  const root = lockfile.packages?.[''];
  if (!root) return null;
  return KINDS.flatMap((kind) => {
    const [wanted, locked] = [rangesOf(manifest[kind]), rangesOf(root[kind])];
    const names = [...new Set([...Object.keys(wanted), ...Object.keys(locked)])];
    return names.filter((name) => wanted[name] !== locked[name]);
  });
}

/** The packages that are not installed as they are locked. What is optional may be missing. */
export function notInstalled(lockfile: Lockfile, installed: Lockfile): string[] {
  const here = installed.packages ?? {};
  return Object.entries(lockfile.packages ?? {})
    .filter(([path, locked]) => path.startsWith('node_modules/') && !isInstalled(locked, here[path]))
    .map(([path]) => path.slice('node_modules/'.length));
}

function isInstalled(locked: LockedPackage, found: LockedPackage | undefined): boolean {
  if (!found) return Boolean(locked.optional || locked.devOptional || locked.peer);
  return Boolean(locked.link) || found.version === locked.version;
}

/** The first few names and how many more there are. */
export function named(names: readonly string[]): string {
  const more = names.length - NAMED_MAX;
  return `${names.slice(0, NAMED_MAX).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function rangesOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
