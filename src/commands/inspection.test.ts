import { describe, expect, it } from 'vitest';
import { invalid } from '../kernel/errors.ts';
import { inspectRepository, type WorkflowInspection } from './inspection.ts';

const REPOSITORY = { repositoryId: 'rep_1', path: '/r', baseBranch: 'main', baseCommit: 'c0' };
type Found = Exclude<Awaited<ReturnType<WorkflowInspection['repository']>>, { kind: string }>;

async function asked(check: string | undefined, found: Partial<Found> = {}) {
  const graph = { detectedCheck: 'heph check', checks: ['lint', 'test', 'unit'], testCommand: 'npm test' };
  const inspection: WorkflowInspection = {
    definition: async () => invalid('input.invalid', 'no definition'),
    repository: async () => ({ ...REPOSITORY, ...graph, ...found }),
    agent: () => null,
    check: (command) => (command === 'nowhere' ? invalid('check.unknown_command', 'not on the PATH') : null),
  };
  return inspectRepository(inspection, { repository: '.', fromHead: false, ...(check !== undefined && { check }) });
}

describe('what a run is judged by', () => {
  it.each([
    ['nothing is said', undefined, {}, { check: 'heph check', tests: 'npm test' }],
    ['a check is named', 'lint', {}, { check: 'heph check lint', tests: 'npm test' }],
    ['several are named', 'lint  test', {}, { check: 'heph check lint test', tests: 'npm test' }],
    ['the graph is named', 'heph check unit', {}, { check: 'heph check unit', tests: 'npm test' }],
    ['a command is named', 'make test', {}, { check: 'make test' }],
    ['no command runs all tests', undefined, { testCommand: null }, { check: 'heph check' }],
    ['it is a command that was found', undefined, { detectedCheck: 'npm test' }, { check: 'npm test' }],
    ['nothing is found', undefined, { detectedCheck: null, checks: [] }, { check: null }],
  ])('when %s', async (_how, check, found, judged) => {
    expect(await asked(check, found)).toEqual({ repository: REPOSITORY, ...judged });
  });

  it.each([
    ['nowhere', {}, 'check.unknown_command'],
    ['heph check typo', {}, 'check.unknown_name'],
    ['heph check', { checks: [] }, 'check.none'],
    [undefined, { badDefinition: 'checks.yaml:1: no' }, 'check.bad_definition'],
  ])('refuses %j', async (check, found, code) => {
    expect(await asked(check, found)).toMatchObject({ code });
  });

  it('does not mind a definition that it does not judge by', async () => {
    expect(await asked('make test', { badDefinition: 'checks.yaml:1: no', checks: [] })).toMatchObject({
      check: 'make test',
    });
  });
});
