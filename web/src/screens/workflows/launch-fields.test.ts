import { describe, expect, it } from 'vitest';
import {
  type Definition,
  fieldOfRefusal,
  fieldsOf,
  inputOf,
  problemsOf,
  startValues,
  valuesOf,
} from './launch-fields.ts';

const DEFINITION: Definition = {
  name: 'bugfix',
  title: 'Repair',
  description: '',
  phases: [],
  parameters: [
    { name: 'agent', type: 'agent', title: 'Which agent works', default: 'repair', required: false },
    { name: 'best_of', type: 'number', title: 'How many', default: 1, required: false },
    { name: 'score', type: 'text', default: null, required: false },
    { name: 'early_stop', type: 'boolean', default: true, required: false },
    { name: 'ticket', type: 'text', default: null, required: true },
  ],
};
const fields = fieldsOf(DEFINITION);
const values = { ...startValues(fields), repository: ' /src/shop ', goal: 'Make it green', 'params.ticket': 'T-1' };

describe('a launch form', () => {
  it('asks what every run needs and what the template asks beside that, each once', () => {
    const names = fields.map(({ name }) => name);
    expect(names).toEqual([
      ...['repository', 'goal', 'agent', 'check'],
      ...['params.best_of', 'params.score', 'params.early_stop', 'params.ticket'],
      ...['branch', 'merge', 'fromHead'],
    ]);
    expect(fields.find(({ name }) => name === 'agent')).toMatchObject({ label: 'Which agent works', start: 'repair' });
    expect(startValues(fields)).toMatchObject({ 'params.best_of': '1', 'params.early_stop': true, merge: true });
  });

  it('sends what was given, by its type, and nothing that was left empty', () => {
    expect(inputOf('bugfix', fields, values)).toEqual({
      ...{ workflow: 'bugfix', repository: '/src/shop', goal: 'Make it green', agent: 'repair' },
      ...{ merge: true, fromHead: false, params: { best_of: 1, early_stop: true, ticket: 'T-1' } },
    });
  });

  it('begins with what an earlier run was started with', () => {
    const earlier = {
      ...{ repository: { path: '/src/shop', baseBranch: 'main' }, goal: 'Again', agent: 'claude', check: null },
      ...{ merge: false, params: { best_of: 3, early_stop: false, score: null, gone: 'x' } },
    };
    expect(valuesOf(earlier, fields)).toEqual({
      ...{ repository: '/src/shop', goal: 'Again', agent: 'claude', check: '', branch: 'main' },
      ...{ 'params.best_of': '3', 'params.score': '', 'params.early_stop': false, 'params.ticket': '' },
      ...{ merge: false, fromHead: false },
    });
  });

  it('says what is wrong by itself at its field', () => {
    expect(problemsOf(fields, values)).toEqual({});
    const wrong = { ...values, repository: 'shop', goal: ' ', 'params.best_of': 'three', 'params.ticket': '' };
    expect(Object.keys(problemsOf(fields, wrong)).sort()).toEqual([
      ...['goal', 'params.best_of', 'params.ticket', 'repository'],
    ]);
  });

  it.each([
    [{ code: 'input.invalid', details: { parameter: 'best_of' } }, 'params.best_of'],
    [{ code: 'input.invalid', details: { issues: ['goal: Too small', 'agent: no'] } }, 'goal'],
    [{ code: 'repository.not_found' }, 'repository'],
    [{ code: 'repository.no_branch' }, 'branch'],
    [{ code: 'repository.dirty' }, 'fromHead'],
    [{ code: 'agent.unknown_preset' }, 'agent'],
    [{ code: 'check.none' }, 'check'],
    [{ code: 'best.bad_score' }, 'params.score'],
    [{ code: 'rate.limited' }, null],
    [{ code: 'input.invalid', details: { parameter: 'nowhere' } }, null],
  ])('finds the field that %o is about', (refusal, name) => {
    expect(fieldOfRefusal(refusal, fields)).toBe(name);
  });
});
