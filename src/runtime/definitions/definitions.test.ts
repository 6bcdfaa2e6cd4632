import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isFailure } from '../../kernel/errors.ts';
import { checkedDefinitionSchema, criteriaOf } from '../../machines/workflow/index.ts';
import { EXAMPLE } from '../../../scripts/docs/workflows.ts';
import { createFolderLoader } from './adapters/folder.ts';

const SHIPPED = fileURLToPath(new URL('../../../phases', import.meta.url));

describe('the shipped workflows', () => {
  it('are all whole', async () => {
    const listed = await createFolderLoader({ folders: [SHIPPED], schema: checkedDefinitionSchema }).list();
    expect(listed.map((one) => ('broken' in one ? one.broken.message : one.name))).toEqual(['best-of', 'bugfix']);
  });

  it('repair in three phases', async () => {
    const loaded = await createFolderLoader({ folders: [SHIPPED], schema: checkedDefinitionSchema }).load('bugfix');
    if (isFailure(loaded)) throw new Error(loaded.message);
    expect(loaded.hash).toMatch(/^[0-9a-f]{64}$/);
    const [investigate, fix, verify] = loaded.definition.phases;
    expect(investigate).toMatchObject({
      name: 'investigate',
      role: 'investigate',
      starts_with: 'one_task',
      changes: 'none',
      checks: 'none',
    });
    expect(investigate?.allowed_tools).toContain('create_task');
    expect(investigate?.instructions).toContain('"failures"');
    expect(fix).toMatchObject({ name: 'fix', role: 'fix', changes: 'required', checks: 'own_failures' });
    expect(fix?.allowed_tools).toContain('create_task');
    expect(criteriaOf(loaded.definition).map(({ proved_by }) => proved_by)).toEqual(['checks', 'baseline']);
    expect(verify).toMatchObject({ name: 'verify', agent: 'none', changes: 'none', checks: 'all', on_red: 'fix' });
  });
});

describe('a definition', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'heph-definitions-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const WORKFLOW = 'title: Mine\nphases:\n  - one\n  - two\n';
  const PAGES = {
    'one.md': '---\ngoal: A goal.\nrole: fix\n---\nDo it.\n',
    'two.md': '---\ngoal: Another.\nrole: fix\non_red: one\n---\n',
  };

  async function load(workflow: string, pages: Record<string, string> = PAGES, name = 'mine') {
    mkdirSync(join(root, name), { recursive: true });
    writeFileSync(join(root, name, 'workflow.yaml'), workflow);
    for (const [file, text] of Object.entries(pages)) writeFileSync(join(root, name, file), text);
    return loader().load(name);
  }
  const loader = () => createFolderLoader({ folders: [root], schema: checkedDefinitionSchema });

  it('is put together from its pages', async () => {
    expect(await load(WORKFLOW)).toMatchObject({
      definition: {
        name: 'mine',
        title: 'Mine',
        rounds_max: 3,
        phases: [
          { name: 'one', instructions: 'Do it.' },
          { name: 'two', on_red: 'one', instructions: '' },
        ],
      },
    });
  });

  it.each<[string, string, Record<string, string>, string]>([
    ['bad YAML', 'title: "Mine\nphases: [one]\n', {}, 'mine/workflow.yaml:3:1 Missing closing "quote'],
    ['a key given twice', `title: A\n${WORKFLOW}`, {}, 'mine/workflow.yaml:2:1 Map keys must be unique'],
    ['an unknown key', `${WORKFLOW}colour: red\n`, {}, 'mine/workflow.yaml:5:1 there is no key colour here'],
    ['a bad value', `${WORKFLOW}rounds_max: 99\n`, {}, 'mine/workflow.yaml:5:13 rounds_max: '],
    ['a missing title', 'phases: [one, two]\n', {}, 'mine/workflow.yaml:1:1 title: '],
    ['no phases', 'title: Mine\nphases: []\n', {}, 'mine/workflow.yaml:2:9 `phases` must list'],
    [
      'a missing page',
      'title: Mine\nphases:\n  - one\n  - three\n',
      {},
      'mine/workflow.yaml:4:5 the phase three has no page three.md',
    ],
    [
      'a phase given twice',
      'title: Mine\nphases: [one, one]\n',
      {},
      'mine/workflow.yaml:2:15 the phase one comes twice',
    ],
    [
      'a name that leads elsewhere',
      'title: Mine\nphases:\n  - ../one\n',
      {},
      'mine/workflow.yaml:3:5 a phase’s name must be',
    ],
    [
      'another name than the folder’s',
      `name: yours\n${WORKFLOW}`,
      {},
      'mine/workflow.yaml:1:7 the name must be the folder’s, mine',
    ],
    ['text in place of a map', 'hello\n', {}, 'mine/workflow.yaml:1:1 a workflow is a map'],
    [
      'an unknown on_red',
      WORKFLOW,
      { 'two.md': '---\ngoal: G\nrole: fix\non_red: nine\n---\n' },
      'mine/two.md:4:9 on_red: there is no phase nine',
    ],
    [
      'an on_red that goes forward',
      WORKFLOW,
      { 'one.md': '---\ngoal: G\nrole: fix\non_red: two\n---\n' },
      'mine/one.md:4:9 on_red: the phase two comes later',
    ],
    [
      'survivors where no check could notice a mutant',
      WORKFLOW,
      { 'two.md': '---\ngoal: G\nrole: fix\nchecks: none\nsurvivors_max: 0\n---\n' },
      'mine/two.md:5:16 survivors_max: needs `checks`',
    ],
    [
      'an unknown key on a page',
      WORKFLOW,
      { 'one.md': '---\ngoal: G\nrole: fix\nmodle: x\n---\n' },
      'mine/one.md:4:1 there is no key modle here',
    ],
    [
      'a criterion that is neither a sentence nor proved by what there is',
      `${WORKFLOW}result:\n  criteria:\n    - It is so.\n    - text: And so.\n      proved_by: magic\n`,
      {},
      'mine/workflow.yaml:8:7 result.criteria.1: must be a sentence of at most 500 characters, or `text` with',
    ],
    [
      'an unknown word for what an accepted result means',
      `${WORKFLOW}result:\n  on_result: stop_all\n`,
      {},
      'mine/workflow.yaml:6:14 result.on_result: Invalid option: expected one of "stop"|"finish_open"|"continue"',
    ],
    [
      'a result that agents submit and none may',
      `${WORKFLOW}result:\n  submitted_by: agents\n`,
      {},
      'mine/workflow.yaml:6:17 result.submitted_by: no phase has `submit_result`',
    ],
    [
      'agents that may submit what others submit',
      `${WORKFLOW}result:\n  submitted_by: operator\n`,
      { 'one.md': '---\ngoal: G\nrole: fix\nallowed_tools: [submit_result]\n---\n' },
      'mine/workflow.yaml:6:17 result.submitted_by: the phase one allows `submit_result`; that needs',
    ],
    [
      'an unknown phase to mend the result',
      `${WORKFLOW}result:\n  on_fail: nine\n`,
      {},
      'mine/workflow.yaml:6:12 result.on_fail: there is no phase nine; there are one, two',
    ],
    [
      'a phase without an agent to mend the result',
      `${WORKFLOW}result:\n  on_fail: two\n`,
      { 'two.md': '---\ngoal: G\nrole: fix\nagent: none\n---\n' },
      'mine/workflow.yaml:6:12 result.on_fail: no agent works in the phase two',
    ],
    [
      'a reviewer without criteria',
      `${WORKFLOW}result:\n  review: { agent: claude }\n`,
      {},
      'mine/workflow.yaml:6:11 result.review: there are no `criteria`',
    ],
    ['bad YAML on a page', WORKFLOW, { 'one.md': '---\ngoal: G\nrole: [fix\n---\n' }, 'mine/one.md:3:'],
    [
      'an unknown tool',
      WORKFLOW,
      { 'one.md': '---\ngoal: G\nrole: fix\nallowed_tools:\n  - report_usage\n  - rm\n---\n' },
      'mine/one.md:6:5 allowed_tools.1: ',
    ],
    ['a page without front matter', WORKFLOW, { 'one.md': 'Do it.\n' }, 'mine/one.md:1:1 the page must begin'],
    [
      'a name on a page',
      WORKFLOW,
      { 'one.md': '---\ngoal: G\nrole: fix\nname: one\n---\n' },
      'mine/one.md:4:1 name is given by',
    ],
  ])('names the place of %s', async (_mistake, workflow, pages, message) => {
    expect(await load(workflow, { ...PAGES, ...pages })).toMatchObject({
      code: 'definition.invalid',
      message: expect.stringContaining(message),
    });
  });

  it('is whole where docs/workflows.md shows one', async () => {
    const { 'workflow.yaml': workflow, ...pages } = EXAMPLE;
    const loaded = await load(workflow, pages);
    expect(loaded).toMatchObject({ definition: { result: { on_fail: 'write', review: { agent: 'default' } } } });
  });

  it('is listed with its mistake beside those that are whole', async () => {
    await load(WORKFLOW);
    await load('nothing', {}, 'other');
    expect(await loader().list()).toMatchObject([
      { name: 'mine', definition: {} },
      { name: 'other', broken: { code: 'definition.invalid' } },
    ]);
  });

  it('is not read through a link that leads out of its folder', async () => {
    writeFileSync(join(root, 'secret.md'), PAGES['one.md']);
    mkdirSync(join(root, 'mine'));
    symlinkSync(join(root, 'secret.md'), join(root, 'mine', 'one.md'));
    expect(await load(WORKFLOW, { 'two.md': PAGES['two.md'] })).toMatchObject({
      code: 'definition.invalid',
      message: expect.stringContaining('leads out of the folder'),
    });
  });

  it('is unknown when its name is no folder here, whatever the name is', async () => {
    await load(WORKFLOW);
    for (const name of ['yours', '..', '../mine', '', '/etc', '-x'])
      expect(await loader().load(name)).toMatchObject({ code: 'definition.unknown' });
  });

  it('hides one of the same name in a later folder', async () => {
    await load(WORKFLOW.replace('Mine', 'Ours'), PAGES, 'bugfix');
    const both = createFolderLoader({ folders: [root, SHIPPED], schema: checkedDefinitionSchema });
    expect(await both.load('bugfix')).toMatchObject({ definition: { title: 'Ours' } });
    expect(await both.list()).toHaveLength(2);
  });
});
