import { definitionSchema, phaseSchema } from '../../src/machines/workflow/index.ts';
import { code, fence, page, type Pages, table } from './markdown.ts';
import { fieldsOf, type Shape, shapeOf, words } from '../../src/kernel/schema-words.ts';

/** Given by the folder and the pages themselves. */
const GIVEN = ['name', 'instructions', 'phases'];

/** Shown on the page; a test loads it, so that it is never one that is refused. */
export const EXAMPLE = {
  'workflow.yaml': `title: Write the manual
result:
  criteria:
    - text: All checks pass on the merged result.
      proved_by: checks
    - Every public function has a page.
    - Each example on these pages was run.
  review:
    agent: default
    instructions: Run the examples. Look for functions without a page.
  on_fail: write
rounds_max: 2
phases:
  - plan
  - write
`,
  'plan.md': `---
goal: Each page to write is a task.
role: plan
starts_with: one_task
changes: none
checks: none
allowed_tools: [create_task, update_task_status]
---
List the public functions. Call \`create_task\` with \`phase: "write"\` for each page.
`,
  'write.md': `---
goal: Each page is written.
role: write
---
Write the page that your task names.
`,
};

export function workflowPages(): Pages {
  return {
    'workflows.md': page(
      'Workflows',
      'A workflow is a folder: `workflow.yaml`, and a page for each phase with its settings between `---` lines and its instructions below. The shipped ones are in `phases/`; your own go into `phases/` of the data directory. A mistake is told with file, line and column, and never stops running work: a run keeps the definition that it began with.',
      ...Object.entries(EXAMPLE).map(([file, text]) =>
        fence(file.endsWith('.yaml') ? 'yaml' : 'markdown', text.trimEnd()),
      ),
      '## workflow.yaml',
      table(['key', 'type', 'default', 'meaning'], rowsOf('', shapeOf(definitionSchema, 'input'))),
      '`phases` lists the pages in their order.',
      '## A phase’s page',
      table(['key', 'type', 'default', 'meaning'], rowsOf('', shapeOf(phaseSchema, 'input'))),
      '## The result of a run',
      'Before anything is delivered, the run’s result is submitted, judged by the `criteria`, and accepted or rejected ([ADR 27](adr/0027-a-result-is-submitted-and-judged.md)). It is always what is merged on the run’s branch; a commit that is not its tip is refused.',
      [
        '1. **Submitted** by the server when the last phase is over, by an agent (`submit_result`), or by an operator (`heph result submit`).',
        '2. **The checks** prove the criteria that say `proved_by`, on that very commit, judged with the files of the base as in every phase. What the last phase has checked is not checked again.',
        '3. **A reviewer**, where there is a `review`, answers every criterion with pass or fail and evidence (`submit_result_validation`), as a task of its own that may do nothing else; a person may do it with `heph result validate`. Without answers the result does not count (`review_missing`). Without a `review`, a criterion that no check proves is recorded as not judged, and holds nothing up.',
        '4. **Accepted**, it is delivered at the commit that was judged. What is merged or taken out after it is judged first. **Rejected**, it goes to the phase that can mend it as a task with what was said; after `rounds_max` rejections the run fails with all of it.',
      ].join('\n'),
      '`heph view workflow --params \'{"workflowId": "wfl_…"}\'` shows every submission with its criteria, verdicts and evidence, and for what the result waits.',
    ),
  };
}

/** Leaves, and what a group holds under its name. */
function rowsOf(path: string, shape: Shape): string[][] {
  return fieldsOf(shape).flatMap(({ name, shape: inner, required }) => {
    if (path === '' && GIVEN.includes(name)) return [];
    const at = path ? `${path}.${name}` : name;
    const absent = inner.default === undefined ? '' : code(JSON.stringify(inner.default));
    const own = [code(at), words(inner), required ? 'required' : absent, inner.description ?? ''];
    const below = inner.properties ? inner : (inner.items ?? {});
    const entries = (below.anyOf ?? [below]).filter(({ properties }) => properties);
    const listed = inner.properties ? '' : '[]';
    return [
      ...(inner.properties && !inner.description ? [] : [own]),
      ...entries.flatMap((entry) => rowsOf(`${at}${listed}`, entry)),
    ];
  });
}
