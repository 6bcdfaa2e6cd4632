import { Counter, Gauge, Registry } from 'prom-client';
import type { CommandBus } from '../../commands/index.ts';
import { isFailure } from '../../kernel/errors.ts';

/** What is read when somebody asks, not before. */
export interface MetricSources {
  queueLength: () => number;
  /** Agents by state, e.g. `{working: 2, no_signal: 1}`. */
  agents: () => Readonly<Record<string, number>>;
  /** What agents are warned of now, by warning, and the mean of the scores that are known; null: none is. */
  coherence: () => { warnings: Readonly<Record<string, number>>; score: number | null };
  clock: { monotonicMs(): number };
}

export interface Metrics {
  /** The same bus, counted: commands by name and outcome, events by type. Wrap the one bus that everything goes through. */
  counted(bus: CommandBus): CommandBus;
  /** The Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

/**
 * A registry of its own. Counting is an addition in a map: the labels' children are made when the figures are read, so
 * the way in does not pay for them. The event loop's lag is measured while reading, as the time that one turn takes; a
 * sampler would wake an idle server.
 */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const commands = tally();
  const events = tally();

  new Counter({
    name: 'heph_commands_total',
    help: 'Commands by name and outcome: accepted, repeated, or the code of the refusal.',
    labelNames: ['command', 'outcome'],
    registers,
    collect() {
      commands.into(this, ([command, outcome]) => ({ command, outcome }));
    },
  });
  new Counter({
    name: 'heph_events_appended_total',
    help: 'Events appended by type.',
    labelNames: ['type'],
    registers,
    collect() {
      events.into(this, ([type]) => ({ type }));
    },
  });
  new Gauge({
    name: 'heph_queue_length',
    help: 'Tasks that wait for a slot.',
    registers,
    collect() {
      this.set(sources.queueLength());
    },
  });
  new Gauge({
    name: 'heph_agents',
    help: 'Agents by state.',
    labelNames: ['state'],
    registers,
    collect() {
      this.reset();
      for (const [state, count] of Object.entries(sources.agents())) this.set({ state }, count);
    },
  });
  new Gauge({
    name: 'heph_agent_warnings',
    help: 'What living agents are warned of by their guardians, by warning.',
    labelNames: ['warning'],
    registers,
    collect() {
      this.reset();
      for (const [warning, count] of Object.entries(sources.coherence().warnings)) this.set({ warning }, count);
    },
  });
  new Gauge({
    name: 'heph_coherence',
    help: 'The mean coherence score of the living agents, from 0 to 1; NaN when nothing is known.',
    registers,
    collect() {
      this.set(sources.coherence().score ?? Number.NaN);
    },
  });
  new Gauge({
    name: 'heph_event_loop_lag_seconds',
    help: 'How long one turn of the event loop took, when this was asked.',
    registers,
    async collect() {
      const before = sources.clock.monotonicMs();
      await new Promise((resolve) => setImmediate(resolve));
      this.set((sources.clock.monotonicMs() - before) / 1000);
    },
  });
  new Gauge({
    name: 'heph_resident_bytes',
    help: 'Resident memory of the server.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });

  return {
    counted: (bus) => ({
      async execute(envelope) {
        try {
          const result = await bus.execute(envelope);
          if (isFailure(result)) commands.add(nameOf(envelope.name, result.code), result.code);
          else {
            commands.add(envelope.name, result.repeated ? 'repeated' : 'accepted');
            if (!result.repeated) for (const type of result.types) events.add(type);
          }
          return result;
        } catch (error) {
          commands.add(envelope.name, isFailure(error) ? error.code : 'defect.broken_belief');
          throw error;
        }
      },
    }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** A name that is no command must not become a label: whoever asks would choose how many there are. */
function nameOf(name: string, code: string): string {
  return code === 'command.unknown' ? 'unknown' : name;
}

function tally() {
  const counts = new Map<string, number>();
  return {
    add(...labels: string[]) {
      const key = labels.join(' ');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
    /** The counts so far replace what the counter had. */
    into(counter: Counter, labelsOf: (labels: string[]) => Record<string, string | undefined>) {
      counter.reset();
      for (const [key, count] of counts) counter.inc(labelsOf(key.split(' ')) as Record<string, string>, count);
    },
  };
}
