import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ModelServer, startModelServer } from '../support/model-server/index.ts';
import { createProduct, type Product, type Up } from '../support/product.ts';
import { makeRepository, NESTED_LIBRARY } from '../support/repositories.ts';

const KEY = 'sk-of-a-person-0123456789';

let model: ModelServer;
let product: Product;
let server: Up;
beforeAll(async () => {
  model = await startModelServer();
  product = createProduct({
    settings: {
      HEPH_MODEL_NAME: 'writer',
      HEPH_MODEL_BASE_URL: `${model.address('drafts')}/v1`,
      HEPH_MODEL_KEY_VARIABLE: 'WRITER_API_KEY',
      WRITER_API_KEY: KEY,
    },
  });
  server = await product.up();
});
afterAll(async () => {
  expect(await server.stop()).toBe(0);
  expect(await product.end()).toEqual([]);
  await model.close();
});

it('lets a model write what each agent is asked for, and keeps its key to itself', async () => {
  const { operator } = product;
  const repository = await makeRepository(join(product.root, 'repository'), NESTED_LIBRARY);
  const said = async () => (await product.heph('doctor')).stdout;
  expect(await said()).toMatch(/note +model +unknown: writer at \S+ has not been asked yet/);

  await operator.command('pause_fleet', { reason: 'What they are asked for is seen without them.' });
  const { id } = await operator.command('start_best_of_n', {
    ...{ n: 3, repository, goal: 'Write a file', agents: ['noop'], check: 'true' },
  });
  const building = await operator.until(['BuildingStarted'], '0', ({ stream }) => stream.endsWith(id));
  const variants = await operator.events({ types: ['VariantPlanned'], stream: building.stream });
  expect(variants.map(({ data }) => data.mutators)).toEqual([[], ['openai', 'seed'], ['openai', 'seed']]);
  const [drafts] = await operator.events({ types: ['DraftsWritten'], stream: building.stream });
  expect(drafts?.data).toMatchObject({ model: 'scripted', asked: 2, problem: '', inputTokens: 100, costUsd: 0.002 });

  const asked = await operator.until(['TaskCreated'], '0', ({ data }) =>
    String(data.description).includes('Go about it like this: Begin with step 2 of: Write a file'),
  );
  expect(asked.data).toMatchObject({ agent: 'noop' });
  expect(await said()).toMatch(/ok +model +writer at \S+ answered at/);
  expect(model.heard.map(({ answer }) => answer)).toEqual(['text']);

  expect(await server.stop()).toBe(0);
  expect(filesWith(KEY, product.data)).toEqual([]);
  expect(filesWith('Begin with step 2', product.data)).not.toEqual([]);
});

function filesWith(text: string, folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));
}
