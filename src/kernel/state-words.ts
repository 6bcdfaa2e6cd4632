/** What a state means to somebody who looks: colour and shape follow from it, never from the state itself. */
export type Tone = 'good' | 'busy' | 'waiting' | 'attention' | 'bad' | 'ended' | 'unknown';

/** What can be in a state. `check` is one check, `delivery` what became of the base branch, `health` a part of the server, `finding` what the doctor says. */
export type Subject =
  | 'agent'
  | 'bestOfN'
  | 'candidate'
  | 'check'
  | 'checkRun'
  | 'config'
  | 'delivery'
  | 'finding'
  | 'fleet'
  | 'guardian'
  | 'health'
  | 'inbox'
  | 'mergeTrain'
  | 'phase'
  | 'pruning'
  | 'rescoring'
  | 'result'
  | 'runner'
  | 'task'
  | 'workflow';

export interface StateWord {
  /** As a person reads it, in the page and on the command line alike. */
  word: string;
  tone: Tone;
  /** One character wide; tells the tone without a colour. */
  shape: string;
}

/** A shape per tone, so that no colour stands alone. Plain enough for a terminal's font. */
export const SHAPES: Readonly<Record<Tone, string>> = {
  good: '✓',
  busy: '●',
  waiting: '○',
  attention: '!',
  bad: '✗',
  ended: '–',
  unknown: '?',
};

type States = Readonly<Record<string, Tone | readonly [Tone, word: string]>>;

const ABSENT: readonly [Tone, string] = ['unknown', 'not there'];

/**
 * Every state of every chart, and those that views conclude. Without a word of its own a state is said as it is written, with
 * spaces. The same state has the same word whatever it is the state of, so that a reader who does not know of what can ask too.
 */
export const STATES: Readonly<Record<Subject, States>> = {
  agent: {
    absent: ABSENT,
    requested: 'waiting',
    preparing: 'busy',
    starting: 'busy',
    'live.working': ['busy', 'working'],
    'live.idle': ['waiting', 'idle'],
    'live.needs_input': ['attention', 'needs input'],
    'live.rate_limited': ['waiting', 'rate-limited'],
    'live.no_signal': ['unknown', 'no signal'],
    stopping: 'busy',
    exited: 'ended',
    lost: 'bad',
    orphan: 'attention',
  },
  task: {
    absent: ABSENT,
    pending: 'waiting',
    blocked: 'waiting',
    queued: 'waiting',
    assigned: 'busy',
    in_progress: 'busy',
    blocked_on_validation: ['busy', 'in validation'],
    needs_work: 'waiting',
    merging: 'busy',
    done: 'good',
    failed: 'bad',
    cancelled: 'ended',
    duplicated: ['ended', 'duplicate'],
    unknown: 'unknown',
  },
  workflow: {
    absent: ABSENT,
    active: 'busy',
    paused: 'waiting',
    completed: 'good',
    failed: 'bad',
    cancelled: 'ended',
    unknown: 'unknown',
  },
  phase: { not_started: 'waiting', started: 'busy', green: 'good', red: 'bad', empty: 'ended' },
  result: {
    not_submitted: 'waiting',
    submitted: 'busy',
    in_review: 'busy',
    accepted: 'good',
    rejected: 'bad',
    superseded: 'ended',
  },
  delivery: {
    moved: ['good', 'merged'],
    left: ['ended', 'left as it was'],
    not_asked: ['ended', 'not moved'],
  },
  finding: { ok: 'good', note: 'waiting', warning: 'attention', error: ['bad', 'problem'] },
  fleet: { open: 'good', paused: 'waiting', stopped: 'attention' },
  guardian: { absent: ABSENT, watching: 'good', stopping: 'busy' },
  mergeTrain: { idle: 'waiting', merging: 'busy', batching: 'busy' },
  bestOfN: {
    absent: ABSENT,
    planned: 'waiting',
    mutating: 'busy',
    building: 'busy',
    scoring: 'busy',
    selected: 'good',
    merging: 'busy',
    completed: 'good',
    failed: 'bad',
    cancelled: 'ended',
  },
  candidate: {
    planned: 'waiting',
    building: 'busy',
    passed: 'good',
    failed: 'bad',
    died: 'bad',
    withdrawn: 'ended',
    cancelled: 'ended',
  },
  rescoring: { open: 'busy', reached: 'good', abandoned: ['ended', 'given up'] },
  check: {
    passed: 'good',
    failed: 'bad',
    warning: 'attention',
    flaky: 'attention',
    skipped: 'ended',
    cancelled: 'ended',
    timed_out: 'bad',
    not_run: 'unknown',
  },
  checkRun: {
    none: ABSENT,
    under_review: ['busy', 'under review'],
    planned: 'waiting',
    running: 'busy',
    passed: 'good',
    failed: 'bad',
    skipped: 'ended',
    cancelled: 'ended',
  },
  runner: {
    absent: ABSENT,
    serving: 'good',
    retired: 'ended',
    alive: 'good',
    stopped: 'attention',
    unknown: 'unknown',
  },
  inbox: { absent: ABSENT, open: 'good' },
  pruning: { absent: ABSENT, pruning: 'busy', completed: 'good', failed: 'bad' },
  config: { absent: ABSENT, in_force: 'good' },
  health: { ok: 'good', unknown: 'unknown', degraded: 'attention', failed: 'bad' },
};

/** How the state of something is said and shown. One that nobody knows is said as it is written, and its tone is `unknown`. */
export function stateWord(subject: Subject, state: string): StateWord {
  const known = STATES[subject];
  const entry = Object.hasOwn(known, state) ? (known[state] as States[string]) : 'unknown';
  const [tone, word] = typeof entry === 'string' ? [entry, spaced(state)] : entry;
  return { word, tone, shape: SHAPES[tone] };
}

const EXCEPTIONS: ReadonlyMap<string, string> = new Map(
  Object.values(STATES).flatMap((states) =>
    Object.entries(states).flatMap(([state, entry]) => (typeof entry === 'string' ? [] : [[state, entry[1]] as const])),
  ),
);

/** The word alone, where a reader does not know of what the state is. */
export function wordOf(state: string): string {
  return EXCEPTIONS.get(state) ?? spaced(state);
}

function spaced(state: string): string {
  return state.replaceAll('_', ' ');
}
