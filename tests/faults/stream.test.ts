import { afterEach, beforeEach, expect, it } from 'vitest';
import { createClient } from '../../src/transport/cli/client.ts';
import { createOutput } from '../../src/transport/cli/output.ts';
import { events } from '../../src/transport/cli/verbs/events.ts';
import { cliWorld } from '../support/cli-world.ts';
import { createProduct, type Product } from '../support/product.ts';

/** What a follower of the events is told while its server is killed and started again. */
const KILLS = process.env.HEPH_TEST_NIGHTLY === '1' ? 20 : 3;
const COMMANDS = 40;

let product: Product;
beforeEach(() => {
  product = createProduct();
});
afterEach(async () => {
  expect(await product.end()).toEqual([]);
});

it('a follower is told of every event once and in order, also when the server is killed under it', async () => {
  let server = await product.up();
  const cli = cliWorld();
  const client = createClient(cli.world, { directory: product.data, start: false });
  const output = createOutput(cli.world, true);
  const told: { id: string; position: string }[] = [];
  let look = () => {};
  const record = (event: unknown) => {
    told.push(event as { id: string; position: string });
    look();
  };
  const followed = events(cli.world, client, { ...output, record }, { follow: true, after: '0' });
  const send = async () => {
    for (let n = 0; n < COMMANDS; n++) await product.operator.command(n % 2 === 0 ? 'pause_fleet' : 'resume_fleet', {});
  };
  /** The follower is there, and has been told of everything. */
  const caughtUp = async () => {
    const head = await product.operator.head();
    await new Promise<void>((resolve) => {
      look = () => told.at(-1)?.position === head && resolve();
      look();
    });
  };
  await caughtUp();
  for (let kill = 0; kill < KILLS; kill++) {
    // The kill comes while the follower is being told.
    await send();
    await server.kill();
    server = await product.up();
    await send();
    await caughtUp();
  }
  cli.signal('SIGINT');
  expect(await followed).toBe(0);
  const log = await product.operator.events();
  expect(told.map(({ id }) => id)).toEqual(log.map(({ id }) => id));
  expect(product.kills).toBe(KILLS);
  expect(cli.err().match(/connecting again/g)).toHaveLength(KILLS);
  expect(cli.err().match(/connected again; going on behind position \d+/g)).toHaveLength(KILLS);
  await server.stop();
});
