import { describe, expect, it } from 'vitest';
import { categoryOf, STREAM_PATTERN } from '../store/event-store.ts';
import { ownRunIdOf } from '../machines/best-of-n/index.ts';
import { ACTORS, COMMANDS } from './catalogue.ts';

const newId = (prefix: string) => `${prefix}_new`;
/** Where each input names its actor; what is not here makes a new one or goes to the only one. */
const ADDRESSED = {
  taskId: 'tsk_1',
  agentId: 'agt_1',
  workflowId: 'wfl_1',
  trainId: 'mtr_1',
  runnerId: 'rnr_1',
  runId: 'chk_1',
  bestOfNId: 'bon_1',
  pruningId: 'prn_1',
};
const BY_KIND: Record<string, string> = {
  task: 'tsk_1',
  agent: 'agt_1',
  workflow: 'wfl_1',
  mergeTrain: 'mtr_1',
  checkRun: 'chk_1',
  fleet: 'main',
  inbox: 'main',
  config: 'main',
  runner: 'rnr_1',
  bestOfN: 'bon_1',
  pruning: 'prn_1',
  guardian: 'agt_1',
};
const MAKES_NEW: Record<string, string> = {
  create_task: 'tsk_new',
  start_workflow: 'wfl_new',
  start_best_of_n: 'bon_new',
  prune_kept_work: 'prn_new',
  start_best_of_n_run: ownRunIdOf('bon_1'),
};

describe('the catalogue', () => {
  it('names each kind of actor once, as a category of streams', () => {
    const kinds = [
      'config',
      'workflow',
      'task',
      'agent',
      'fleet',
      'mergeTrain',
      'runner',
      'checkRun',
      'bestOfN',
      'pruning',
      'guardian',
      'inbox',
    ];
    expect([...ACTORS.keys()]).toEqual(kinds);
    for (const kind of ACTORS.keys()) {
      expect(`${kind}-main`).toMatch(STREAM_PATTERN);
      expect(categoryOf(`${kind}-main`)).toBe(kind);
    }
  });

  it.each([...COMMANDS.values()])('sends $name to an actor of its kind', ({ name, kind, target, preparedTarget }) => {
    expect(ACTORS.has(kind)).toBe(true);
    expect(preparedTarget?.(ADDRESSED) ?? target(ADDRESSED, newId)).toBe(MAKES_NEW[name] ?? BY_KIND[kind]);
  });

  it.each([...COMMANDS.values()])('describes $name well enough for a help page', (command) => {
    expect(command.name).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(command.summary).toMatch(/^\p{Lu}.*\.$/u);
    const forPeople = command.roles.some((role) => role !== 'server');
    // Some have a verb that does more than send them, and is written by hand.
    expect(command.example !== undefined).toBe(forPeople);
    if (forPeople) expect(command.example).toMatch(new RegExp(`^heph ${command.cli?.split(' <')[0] ?? ''}`));
    else expect(command.cli).toBeUndefined();
  });

  it('offers no command as a tool that nobody may send who has one', () => {
    const tools = [...COMMANDS.values()].filter(({ tool }) => tool);
    expect(tools.length).toBeGreaterThan(0);
    for (const { roles } of tools) expect(roles.some((role) => role === 'worker' || role === 'operator')).toBe(true);
  });
});
