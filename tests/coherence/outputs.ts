/** Texts as programs print them; `n` makes the times in them differ, as they do. */

export const redTests = (failing: readonly string[], n = 0) =>
  [
    ...failing.map((name) => `✖ ${name} (${(12.3 + n).toFixed(3)}ms)`),
    `  AssertionError [ERR_ASSERTION]: Expected values to be strictly equal`,
    `ℹ tests 41`,
    `ℹ pass ${41 - failing.length}`,
    `ℹ fail ${failing.length}`,
    `ℹ duration_ms ${912.4 + n * 7}`,
  ].join('\n');

export const greenTests = (n = 0) => `ℹ tests 41\nℹ pass 41\nℹ fail 0\nℹ duration_ms ${905.2 + n * 3}`;

export const refused = (n = 0) =>
  `Error: connect ECONNREFUSED 127.0.0.1:5432\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16)\n  took ${
    30 + n
  } ms`;

export const compiled = (n: number) => `   Compiling crate_${n} v0.${n}.1\n   Compiling dep_${n} v1.${n}.0\n`;
