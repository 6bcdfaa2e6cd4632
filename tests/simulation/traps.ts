/**
 * While a run lasts, nobody of the product may reach for the real clock, real chance or a real timer. Each attempt is
 * noted with the line that made it; what others do (the test runner, Node itself) is let through.
 */
export function setTraps(noted: string[]): () => void {
  const targets: [object, string][] = [
    [Date, 'now'],
    [Math, 'random'],
    [performance, 'now'],
    [globalThis, 'setTimeout'],
    [globalThis, 'setInterval'],
    [globalThis, 'setImmediate'],
    [crypto, 'randomUUID'],
    [crypto, 'getRandomValues'],
  ];
  const undo = targets.map(([owner, name]) => trap(owner as Record<string, unknown>, name, noted));
  return () => undo.forEach((one) => one());
}

function trap(owner: Record<string, unknown>, name: string, noted: string[]): () => void {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  const real = owner[name] as (...given: unknown[]) => unknown;
  Object.defineProperty(owner, name, {
    configurable: true,
    writable: true,
    value(...given: unknown[]) {
      const caller = new Error(name).stack
        ?.split('\n')
        .find((line) => /\/src\/\w+\//.test(line) && !line.includes('node_modules'));
      if (caller) noted.push(`the product called ${name}${caller.replace(/\(?\S*\/src\//, '(src/').trimEnd()}`);
      return real.apply(owner, given);
    },
  });
  return () => {
    if (own) Object.defineProperty(owner, name, own);
    else delete owner[name];
  };
}
