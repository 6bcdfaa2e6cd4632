import type { Moment, Rendered, Row } from '../define-projection.ts';
import { ageMs, type Evidence } from '../evidence.ts';
import { whyGone } from '../runners.ts';
import { placeInWords } from '../train-line.ts';
import { type InboxState, type Matter, matterId } from './state.ts';
import { steps } from './steps.ts';

/** A merge that takes longer than so many of its longest checks is stuck. */
const CHECKS_PER_MERGE = 2;

/** What blocks something first, the oldest of it first; then the rest, the newest first. */
export function renderInbox(state: InboxState, _params: Record<string, unknown>, { asOf }: Moment): Rendered {
  const all = [...state.matters.values(), ...unwatched(state, asOf), ...stuck(state, asOf)];
  const waiting = all.filter((matter) => !state.dismissed.includes(matterId(matter))).sort(order);
  const rows: Record<string, Row> = {};
  const counts: Record<string, number> = {};
  for (const matter of waiting) {
    const id = matterId(matter);
    rows[id] = { matterId: id, ...matter, ageMs: ageMs(matter.evidence, asOf) };
    counts[matter.kind] = (counts[matter.kind] ?? 0) + 1;
  }
  const blocking = waiting.filter(({ blocks }) => blocks).length;
  return { rows, summary: { waiting: waiting.length, blocking, counts } };
}

function order(a: Matter, b: Matter): number {
  if (a.blocks !== b.blocks) return a.blocks ? -1 : 1;
  return a.blocks ? a.evidence.at - b.evidence.at : b.evidence.at - a.evidence.at;
}

/** Nobody can say that anything of these runs goes on. */
function* unwatched(state: InboxState, asOf: number): Generator<Matter> {
  for (const { workflowId, goal, runnerId, evidence } of state.runs.values()) {
    const text = whyGone(runnerId, state.runners, asOf);
    if (text === null) continue;
    yield {
      ...matterOf('run_unwatched', `Nobody works on: ${goal}`, text, heard(runnerId, state) ?? evidence),
      workflowId,
      steps: [steps.cancelRun(workflowId)],
    };
  }
}

function* stuck({ trains, tasks, config }: InboxState, asOf: number): Generator<Matter> {
  const limitMs = CHECKS_PER_MERGE * config.settings.limits.checkWallMs;
  for (const train of trains.values()) {
    const [first] = train.line;
    if (!first?.merging || asOf - first.evidence.at <= limitMs) continue;
    const minutes = Math.floor((asOf - first.evidence.at) / 60_000);
    const text = `${placeInWords(train, 0)} It has been so for ${minutes} min; heph doctor tells of what is stuck.`;
    yield {
      ...matterOf('merge_stuck', `A merge into ${train.branch} does not end`, text, first.evidence),
      taskId: first.taskId,
      workflowId: tasks.get(first.taskId ?? '')?.workflowId ?? null,
    };
  }
}

function heard(runnerId: string | null, { runners }: InboxState): Evidence | undefined {
  return runners.get(runnerId ?? '')?.evidence;
}

function matterOf(kind: Matter['kind'], title: string, text: string, evidence: Evidence): Matter {
  return {
    ...{ kind, title, text, evidence, blocks: true },
    ...{ workflowId: null, taskId: null, agentId: null, steps: [] },
  };
}
