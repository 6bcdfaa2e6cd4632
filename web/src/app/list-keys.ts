/** The list that `j`, `k` and Enter are for: the last one that appeared. */
export interface KeyList {
  move(by: number): void;
  open(): void;
}

const lists: KeyList[] = [];

export function currentList(): KeyList | undefined {
  return lists.at(-1);
}

/** Until the returned function is called. */
export function takeListKeys(list: KeyList): () => void {
  lists.push(list);
  return () => void lists.splice(lists.indexOf(list), 1);
}
