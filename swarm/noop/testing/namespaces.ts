/** Support for tests: some containers allow no namespaces at all, and nothing of a lab can be tried there. */
import { execFileSync } from 'node:child_process';
import { type Lack, lackOf } from '../../../model/testing/needs.ts';

/** Why no-op hosts cannot run here; null where they can. */
export const NO_LABS: Lack = lackOf('unshare', 'setpriv', 'mount', 'ip', 'hostname', 'perl') ?? lackOfNamespaces();

function lackOfNamespaces(): Lack {
  try {
    const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
    execFileSync('unshare', [...user, '--mount', '--net', '--pid', '--fork', 'ip', 'link'], { stdio: 'pipe' });
    return null;
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer };
    return `this system allows no namespaces (${stderr?.toString('utf8').trim().split('\n')[0] || String(error)})`;
  }
}
