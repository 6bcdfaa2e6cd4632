import { expect, it } from 'vitest';
import { parseDefinition } from './parse-definition.ts';

it('fills what a file does not say', () => {
  const { checks, jobs, webhook } = parseDefinition(
    'checks:\n  lint: { run: npx oxlint . }\n  disk: { builtin: disk_space }\n',
  );
  expect({ jobs, webhook }).toEqual({ jobs: null, webhook: null });
  expect(checks[0]).toMatchObject({
    name: 'lint',
    run: ['npx', 'oxlint', '.'],
    files: ['**'],
    timeLimitMs: 600_000,
    warn: false,
  });
  expect(checks[1]).toMatchObject({ builtin: 'disk_space', run: null, files: [] });
});

it('takes everything that a check may say', () => {
  const text = `
jobs: 2
webhook: https://example.org/hook
checks:
  build: { run: [make, "a b"] }
  test:
    run: npm test
    inputs: { files: ["src/**", "!src/**/*.md"], env: [DATABASE_URL], tools: [go] }
    needs: [build]
    when: { platform: [linux, darwin] }
    timeLimit: 90s
    repeats: 2
    tags: [tests]
    fix: npm run fix
    cacheFor: 12h
    warn: true
    junit: out/report.xml
`;
  const definition = parseDefinition(text);
  expect(definition).toMatchObject({ jobs: 2, webhook: 'https://example.org/hook' });
  expect(definition.checks[0]?.run).toEqual(['make', 'a b']);
  expect(definition.checks[1]).toEqual({
    name: 'test',
    run: ['npm', 'test'],
    builtin: null,
    with: {},
    files: ['src/**', '!src/**/*.md'],
    env: ['DATABASE_URL'],
    tools: ['go'],
    needs: ['build'],
    platform: ['linux', 'darwin'],
    timeLimitMs: 90_000,
    repeats: 2,
    tags: ['tests'],
    fix: ['npm', 'run', 'fix'],
    cacheForMs: 43_200_000,
    warn: true,
    junit: 'out/report.xml',
  });
});

it.each([
  ['checks:\n  lint: { run: "a | b" }\n', 'checks.yaml:2:16', 'only a shell understands'],
  ['checks:\n  lint:\n    run: a\n    cach: 1\n', 'checks.yaml:4:5', 'there is no key cach'],
  ['checks:\n  lint: { run: a, timeLimit: 5 minutes }\n', 'checks.yaml:2:30', 'must be a number and ms, s, m, h or d'],
  ['checks:\n  lint: { run: a, builtin: runtime }\n', 'checks.yaml:2:9', 'either run or builtin'],
  ['checks:\n  lint: { run: a, inputs: { files: ["../x"] } }\n', 'checks.yaml:2:37', 'must lie in the repository'],
  ['checks:\n  lint: { run: a, inputs: { files: ["a{b"] } }\n', undefined, undefined],
  ['checks:\n  lint: { run: a, inputs: { files: ["[z-a]"] } }\n', 'checks.yaml:2:37', 'is no glob'],
  ['checks:\n  lint: { run: a, inputs: { env: ["A=B"] } }\n', 'checks.yaml:2:35', 'name of a variable'],
  ['checks:\n  lint: { run: a, inputs: { tools: ["./evil"] } }\n', 'checks.yaml:2:37', 'name of a program'],
  ['checks:\n  port: { builtin: port_free, with: { port: 0 } }\n', 'checks.yaml:2:37', 'port from 1 to 65535'],
  ['checks: {}\nwebhook: file:///etc/passwd\n', 'checks.yaml:2:10', 'http or https'],
  ['checks:\n  a: { run: a, needs: [b] }\n', 'checks.yaml:2:23', 'a needs b, and there is no check of that name'],
  [
    'checks:\n  a: { run: a, needs: [b] }\n  b: { run: b, needs: [c] }\n  c: { run: c, needs: [b] }\n',
    'checks.yaml:3:23',
    'b → c → b',
  ],
  ['checks:\n  a: { run: a, needs: [a] }\n', 'checks.yaml:2:23', 'a → a'],
  ['checks: [', 'checks.yaml:1:', ''],
  ['', 'checks.yaml:1:1', ''],
])('says what is wrong in %j, and where', (text, where, words) => {
  if (where === undefined) return expect(parseDefinition(text).checks).toHaveLength(1);
  expect(() => parseDefinition(text)).toThrow(
    expect.objectContaining({ code: 'check.bad_definition', message: expect.stringContaining(where) }),
  );
  expect(() => parseDefinition(text)).toThrow(words);
});
