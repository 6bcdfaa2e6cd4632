import { z } from 'zod';
import { HephError, isFailure } from '../../kernel/errors.ts';
import { buildIdOf, parseBuildId } from '../../machines/best-of-n/index.ts';
import type { Moment, Rendered, Row } from '../define-projection.ts';
import { ageMs } from '../evidence.ts';
import { ancestorsOf, type Build, buildOf, descendantsOf, parentOf } from './lineage.ts';
import { type BuildsState, type RunLine, statusOf } from './state.ts';
import { GROUPS, statsBy } from './stats.ts';

export const buildsParams = z.strictObject({
  show: z.enum(['builds', 'runs', 'stats']).default('builds'),
  bestOfNId: z.string().optional().describe('Builds of this run only'),
  build: z.string().optional().describe('One build, as bon_…/2; with `relation`, those that are related to it'),
  relation: z.enum(['ancestors', 'descendants']).optional(),
  order: z.enum(['recent', 'top']).default('recent').describe('Newest first, or highest total first'),
  status: z.string().optional().describe('Runs in this state only'),
  by: z.enum(GROUPS).optional().describe('Statistics of these only'),
  limit: z.number().int().min(1).max(1000).default(100),
});
type BuildsParams = z.infer<typeof buildsParams>;

export function renderBuilds(state: BuildsState, params: Record<string, unknown>, moment: Moment): Rendered {
  const asked = params as BuildsParams;
  switch (asked.show) {
    case 'builds':
      return renderLines(state, asked, moment);
    case 'runs':
      return renderRuns(state, asked, moment);
    case 'stats':
      return renderStats(state, asked);
  }
}

function renderLines(state: BuildsState, asked: BuildsParams, { asOf }: Moment): Rendered {
  const found = selected(state, asked);
  const shown = found.slice(0, asked.limit);
  const rows = Object.fromEntries(shown.map((build) => [idOf(build), rowOf(build, asOf)]));
  return { rows, summary: { count: shown.length, more: found.length > shown.length } };
}

function selected(state: BuildsState, { build, relation, bestOfNId, order }: BuildsParams): Build[] {
  if (build === undefined && relation !== undefined)
    throw new HephError('input.invalid', `The ${relation} are those of a build: name one, like bon_01k/2.`);
  if (build !== undefined) {
    const one = named(state, build);
    if (relation === undefined) return [one];
    return relation === 'ancestors' ? ancestorsOf(state, one) : descendantsOf(state, one);
  }
  const all = [...state.runs.values()]
    .filter((run) => bestOfNId === undefined || run.bestOfNId === bestOfNId)
    .flatMap((run) => run.builds.map((line): Build => ({ run, line })))
    .reverse();
  return order === 'recent' ? all : all.filter(({ line }) => line.total !== null).sort(byTotal);
}

/** Of equals the one with fewer changed lines, as in a verdict; then the newer. */
function byTotal(a: Build, b: Build): number {
  return (b.line.total ?? 0) - (a.line.total ?? 0) || a.line.changedLines - b.line.changedLines;
}

function named(state: BuildsState, text: string): Build {
  const ref = parseBuildId(text);
  if (isFailure(ref)) throw new HephError(ref.code, ref.message);
  const build = buildOf(state, ref);
  if (!build) throw new HephError('best.no_such_build', `There is no build ${buildIdOf(ref)}.`);
  return build;
}

function rowOf(build: Build, asOf: number): Row {
  const { run, line } = build;
  const parent = parentOf(build);
  const place = run.verdict?.ranking.indexOf(line.index) ?? -1;
  const { outcome: _outcome, ...facts } = line;
  return {
    buildId: idOf(build),
    bestOfNId: run.bestOfNId,
    parent: parent && buildIdOf(parent),
    ...facts,
    mutators: [...line.mutators],
    status: statusOf(line, run.status),
    rank: place < 0 ? null : place + 1,
    won: run.verdict?.winner === line.index,
    score: run.score,
    goal: run.goal,
    repository: run.repository,
    workflowId: run.workflowId,
    ageMs: ageMs({ at: line.plannedAt }, asOf),
  };
}

function idOf({ run, line }: Build): string {
  return buildIdOf({ bestOfNId: run.bestOfNId, index: line.index });
}

function renderRuns(state: BuildsState, asked: BuildsParams, { asOf }: Moment): Rendered {
  const counts: Record<string, number> = {};
  for (const { status } of state.runs.values()) counts[status] = (counts[status] ?? 0) + 1;
  const fits = [...state.runs.values()].filter(({ status }) => asked.status === undefined || status === asked.status);
  const shown = fits.reverse().slice(0, asked.limit);
  const rows = Object.fromEntries(shown.map((run) => [run.bestOfNId, runRow(run, asOf)]));
  return { rows, summary: { counts, count: shown.length, more: fits.length > shown.length } };
}

function runRow(run: RunLine, asOf: number): Row {
  const { builds, verdict, rescored, from, agents, evidence, ...facts } = run;
  const candidates: Record<string, number> = {};
  for (const build of builds) {
    const status = statusOf(build, run.status);
    candidates[status] = (candidates[status] ?? 0) + 1;
  }
  return {
    ...facts,
    agents: [...agents],
    from: from && buildIdOf(from),
    candidates,
    winner: verdict?.winner ?? null,
    total: verdict ? (builds[verdict.winner]?.total ?? null) : null,
    words: verdict?.words ?? run.reason,
    rescored: rescored.map((one) => ({ ...one })),
    evidence: { ...evidence },
    ageMs: ageMs(evidence, asOf),
    durationMs: Math.max(0, (run.endedAt ?? asOf) - run.startedAt),
  };
}

function renderStats(state: BuildsState, { by }: BuildsParams): Rendered {
  const stats = (by ? [by] : GROUPS).flatMap((group) => statsBy(group, state.runs.values()));
  const rows = Object.fromEntries(stats.map((one) => [`${one.by} ${one.key}`, { ...one }]));
  const runs = [...state.runs.values()];
  return { rows, summary: { runs: runs.length, decided: runs.filter(({ verdict }) => verdict !== null).length } };
}
