/** A Map as JSON; the key is one that no state uses. */
const MAP = '$map';

/** Maps become lists of entries, so that the state can be written as JSON and read again with its order. */
export function saveState(value: unknown): unknown {
  if (value instanceof Map) return { [MAP]: [...value].map(([key, inner]) => [key, saveState(inner)]) };
  if (Array.isArray(value)) return value.map(saveState);
  if (value === null || typeof value !== 'object') return value;
  const out: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) if (inner !== undefined) out[key] = saveState(inner);
  return out;
}

/** Takes `saveState` back. Throws TypeError when a map's entries are no entries. */
export function restoreState(saved: unknown): unknown {
  if (Array.isArray(saved)) return saved.map(restoreState);
  if (saved === null || typeof saved !== 'object') return saved;
  if (MAP in saved)
    return new Map((saved[MAP] as [unknown, unknown][]).map(([key, inner]) => [key, restoreState(inner)]));
  const out: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(saved)) out[key] = restoreState(inner);
  return out;
}
