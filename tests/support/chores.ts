/**
 * A workflow that costs next to nothing: one agent plans two tasks, two agents write a file each, both are merged and
 * delivered. Everything that can break at a crash is in it: slots, worktrees, agents, trees, merges, a delivery.
 */
export const CHORES: Record<string, string> = {
  'workflow.yaml': 'title: Chores\nphases:\n  - plan\n  - build\n',
  'plan.md': `---
goal: The chores are known.
role: plan
starts_with: one_task
changes: none
checks: none
allowed_tools: [create_task, update_task_status, report_progress]
---
Open tasks.
`,
  'build.md': `---
goal: Each chore is done.
role: build
changes: required
checks: none
allowed_tools: [update_task_status]
---
Write a file.
`,
};
