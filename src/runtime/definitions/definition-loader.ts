import type { Failure } from '../../kernel/errors.ts';

/** Workflow definitions as people write them; what a definition must be is given by a schema. */
export interface DefinitionLoader<D = unknown> {
  /** Every definition by its name, in order; a broken one with what is wrong with it. */
  list(): Promise<ListedDefinition<D>[]>;
  /** Invalid `definition.unknown`, or `definition.invalid` with `<file>:<line>:<column>` and a sentence in its message. */
  load(name: string): Promise<LoadedDefinition<D> | Failure>;
}

export interface LoadedDefinition<D> {
  definition: D;
  /** Of its canonical JSON. */
  hash: string;
}

export type ListedDefinition<D> = { name: string } & ({ definition: D; hash: string } | { broken: Failure });
