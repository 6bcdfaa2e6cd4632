import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { EventFilter } from '../../event-store.ts';
import type { Kind } from './catalogue.ts';
import { planPage, planUnfiltered, type Query } from './plan.ts';
import { SCHEMA } from './schema.ts';

const db = new DatabaseSync(':memory:');
for (const sql of SCHEMA) db.exec(sql);
const kinds: Kind[] = [
  { id: 1, category: 'task', type: 'TaskCreated' },
  { id: 2, category: 'task', type: 'TaskAssigned' },
  { id: 3, category: 'agent', type: 'AgentRequested' },
];
const page = { low: 0, high: 1000, limit: 100 };
const stepsOf = ({ sql, params }: Query) =>
  db
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...params)
    .map((row) => String(row.detail));
const manyStreams = (_prefix: string, max: number) => Array.from({ length: max }, (_, n) => n + 1);

describe('a page of the log', () => {
  const filters: [string, EventFilter, RegExp][] = [
    ['types', { types: ['TaskCreated', 'AgentRequested'] }, /events_kind \(kind=\? AND rowid>\? AND rowid<\?\)/],
    ['a category', { streamPrefixes: ['task-'] }, /events_kind \(kind=\? AND rowid>\? AND rowid<\?\)/],
    ['many streams', { streamPrefixes: ['task-tsk_'] }, /events_kind \(kind=\? AND rowid>\? AND rowid<\?\)/],
    [
      'a workflow',
      { workflowId: 'wfl_1', types: ['TaskCreated'] },
      /events_workflow \(workflow=\? AND rowid>\? AND rowid<\?\)/,
    ],
  ];
  it.each(filters)('for %s is read through an index in order, whatever the log’s length', (_name, filter, index) => {
    for (const backwards of [false, true]) {
      const query = planPage(filter, { ...page, backwards }, kinds, manyStreams) as Query;
      const steps = stepsOf(query);
      expect(steps.join('\n')).toMatch(index);
      expect(steps.filter((step) => /^SCAN (events|e|s)\b/.test(step))).toEqual([]);
      // Only the page itself may be sorted once more, never what it is chosen from.
      expect(steps.filter((step) => step.includes('TEMP B-TREE')).length).toBeLessThanOrEqual(1);
    }
  });

  it('for few streams is read through those streams', () => {
    const query = planPage({ streamPrefixes: ['task-tsk_1'] }, page, kinds, () => [7, 9]) as Query;
    expect(stepsOf(query).join('\n')).toMatch(/events_(revision|id) \(stream=\?/);
  });

  it('for very many kinds reads past the others', () => {
    const many = Array.from({ length: 200 }, (_, n) => ({ id: n, category: 'task', type: `T${n}` }));
    const query = planPage({ streamPrefixes: ['task-'] }, page, many, manyStreams) as Query;
    expect(stepsOf(query).join('\n')).toMatch(/SEARCH events USING INTEGER PRIMARY KEY \(rowid>\? AND rowid<\?\)/);
  });

  it('without a filter is read in order of position', () => {
    expect(stepsOf(planUnfiltered(page)).join('\n')).not.toMatch(/SCAN|TEMP B-TREE/);
  });
});
