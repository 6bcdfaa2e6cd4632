import { buildIdOf, type BuildRef } from '../../machines/best-of-n/index.ts';
import type { BuildLine, BuildsState, RunLine } from './state.ts';

export interface Build {
  run: RunLine;
  line: BuildLine;
}

/** What its directive was made from: variant 0 of its run; for that one the build that the run was started from. */
export function parentOf({ run, line }: Build): BuildRef | null {
  return line.index === 0 ? run.from : { bestOfNId: run.bestOfNId, index: 0 };
}

export function buildOf({ runs }: BuildsState, { bestOfNId, index }: BuildRef): Build | null {
  const run = runs.get(bestOfNId);
  const line = run?.builds[index];
  return run && line ? { run, line } : null;
}

/** Its parent, the parent of that, and so on. */
export function ancestorsOf(state: BuildsState, build: Build): Build[] {
  const found: Build[] = [];
  let parent = parentOf(build);
  while (parent) {
    const next = buildOf(state, parent);
    // A build is younger than what it was made from, so this ends.
    if (!next) break;
    found.push(next);
    parent = parentOf(next);
  }
  return found;
}

/** Whatever was made from it, the nearest first. */
export function descendantsOf(state: BuildsState, build: Build): Build[] {
  const begunFrom = new Map<string, RunLine[]>();
  for (const run of state.runs.values()) {
    if (!run.from) continue;
    const key = buildIdOf(run.from);
    begunFrom.set(key, [...(begunFrom.get(key) ?? []), run]);
  }
  const found: Build[] = [];
  const open = [build];
  for (let next = open.shift(); next; next = open.shift()) {
    const { run, line } = next;
    const variants = line.index === 0 ? run.builds.slice(1).map((variant) => ({ run, line: variant })) : [];
    const runs = begunFrom.get(buildIdOf({ bestOfNId: run.bestOfNId, index: line.index })) ?? [];
    const firsts = runs.flatMap((other) => (other.builds[0] ? [{ run: other, line: other.builds[0] }] : []));
    found.push(...variants, ...firsts);
    open.push(...variants, ...firsts);
  }
  return found;
}
