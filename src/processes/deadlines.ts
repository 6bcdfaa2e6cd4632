import { ACTORS } from '../actors/catalogue.ts';
import { type Process, settled } from './define-process.ts';

/** Deadlines are data beside the charts; when one is due, its command is sent. What is too late is decided there, by recorded times. */
export const deadlines: Process = {
  name: 'deadlines',
  concurrency: () => 8,
  obligations(entity, world) {
    const due = ACTORS.get(entity.kind)?.deadlines ?? [];
    return due.flatMap((deadline) => {
      if (!deadline.states.includes(entity.value)) return [];
      const dueAt = deadline.dueAt(entity.context, world.settings);
      if (dueAt === null) return [];
      return [
        {
          key: `${deadline.name}:${entity.id}:${dueAt}`,
          notBefore: dueAt,
          act: async ({ send }) => void (await settled(send(deadline.command, deadline.input(entity.context)))),
        },
      ];
    });
  },
};
