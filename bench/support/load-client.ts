import autocannon from 'autocannon';

/** A process that sends requests as fast as the answers come, so that the server's thread serves and nothing else. */
export interface Load {
  url: string;
  headers: Record<string, string>;
  body: string;
  connections: number;
  seconds: number;
}

export interface Answered {
  /** Answers with a 2xx status per second. */
  perSecond: number;
  p99Ms: number;
  /** Anything else: another status, a closed connection, a time-out. */
  failed: number;
}

process.on('message', (load: Load) => void answer(load));

async function answer({ seconds, ...load }: Load): Promise<void> {
  const result = await autocannon({ ...load, method: 'POST', duration: seconds });
  const answered: Answered = {
    perSecond: result['2xx'] / result.duration,
    p99Ms: result.latency.p99,
    failed: result.non2xx + result.errors + result.timeouts,
  };
  process.send?.(answered);
}
