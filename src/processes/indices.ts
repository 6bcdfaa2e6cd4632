/** Sets of ids by a key, made as they are asked for. */
export function indexed(index: Map<string, Set<string>>, key: string): Set<string> {
  let ids = index.get(key);
  if (!ids) index.set(key, (ids = new Set()));
  return ids;
}

/** Of these ids the ones that are there. */
export function present<E>(ids: Iterable<string> | undefined, entities: ReadonlyMap<string, E>): E[] {
  const out: E[] = [];
  for (const id of ids ?? []) {
    const entity = entities.get(id);
    if (entity) out.push(entity);
  }
  return out;
}
