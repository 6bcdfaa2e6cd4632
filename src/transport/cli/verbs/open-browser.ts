import { spawn } from 'node:child_process';

/** Shows a page in the person's browser, where there is one. Failing to is no failure: the address is printed as well. */
export function openBrowser(url: string, env: Readonly<Record<string, string | undefined>>): boolean {
  const command = process.platform === 'darwin' ? 'open' : env.DISPLAY || env.WAYLAND_DISPLAY ? 'xdg-open' : null;
  if (!command) return false;
  const child = spawn(command, [url], { detached: true, stdio: 'ignore', env: env as NodeJS.ProcessEnv });
  child.on('error', () => {});
  child.unref();
  return true;
}
