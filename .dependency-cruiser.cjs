/** Who imports whom. Each rule's name is its explanation; `src/programs` may import everything and is imported by nobody. */
const mayImport = {
  kernel: [],
  machines: ['kernel'],
  store: ['kernel'],
  runtime: ['kernel'],
  checks: ['runtime', 'kernel'],
  actors: ['machines', 'store', 'kernel'],
  projections: ['machines', 'store', 'kernel'],
  commands: ['actors', 'machines', 'runtime', 'store', 'kernel'],
  queries: ['projections', 'actors', 'machines', 'runtime', 'store', 'kernel'],
  transport: ['commands', 'queries', 'checks', 'actors', 'machines', 'kernel'],
  processes: ['commands', 'projections', 'actors', 'machines', 'runtime', 'store', 'kernel'],
};

// Tests and what only tests use may look where they like.
const test = '[.]test[.]ts$|/test-support[.]ts$';
const error = (name, from, to) => ({ name, severity: 'error', from, to });

// The walker that the tool borrows from swc does not know `using` and stops at the first one.
const { Visitor } = require('@swc/core/Visitor.js');
const visitStatement = Visitor.prototype.visitStatement;
Visitor.prototype.visitStatement = function (statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement);
  this.visitVariableDeclarators(statement.decls);
  return statement;
};

module.exports = {
  options: {
    // TypeScript 7 has no API for the tool's own parser: with it, nothing would be seen and no violation reported.
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.js', '.cjs', '.mjs', '.json'], exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|fixtures|recordings)/' },
  },
  forbidden: [
    ...Object.entries(mayImport).map(([at, below]) =>
      error(
        `${at}-looks-down`,
        { path: `^src/${at}/`, pathNot: test },
        { path: '^src/', pathNot: `^src/(${[at, ...below].join('|')})/` },
      ),
    ),
    error('no-circles', {}, { circular: true }),
    error('machines-are-pure', { path: '^src/machines/', pathNot: test }, { dependencyTypes: ['core'] }),
    error(
      'adapters-meet-in-programs',
      { path: '^src/', pathNot: `^src/programs/|/adapters/|${test}` },
      { path: '/adapters/' },
    ),
    error('src-never-imports-tests', { path: '^src/', pathNot: test }, { path: '^(tests|bench|scripts)/' }),
    error('agents-know-the-wire-only', { path: '^agents/[^/]+/src/' }, { path: '^(src|tests|bench|scripts)/' }),
    // Types say what is on the wire and are gone when the page is built.
    error(
      'the-page-knows-the-wire-only',
      { path: '^web/', pathNot: test },
      {
        path: '^(src|agents|tests|bench|scripts)/',
        pathNot: '^src/transport/(stream-client|words)/|^src/transport/page-paths[.]ts$',
        dependencyTypesNot: ['type-only'],
      },
    ),
    error('nobody-imports-the-page', { path: '^(src|agents|bench)/' }, { path: '^web/' }),
    // The repair agent knows how to mutate a file and to read a suite test by test; the measuring of mutants borrows that.
    error(
      'the-server-borrows-from-agents-in-one-place',
      { path: '^src/', pathNot: `^src/runtime/mutation/adapters/|${test}` },
      { path: '^agents/' },
    ),
    error('imports-are-found', {}, { couldNotResolve: true }),
    error('dependencies-are-declared', { path: '^(src|agents)/', pathNot: `${test}|^agents/[^/]+/tests/` }, { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] }),
  ],
};
