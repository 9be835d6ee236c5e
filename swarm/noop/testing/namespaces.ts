/** Support for tests: some containers allow no namespaces at all, and nothing of a lab can be tried there. */
import { execFileSync } from 'node:child_process';

export const NAMESPACES = (() => {
  try {
    const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
    execFileSync('unshare', [...user, '--mount', '--net', '--pid', '--fork', 'ip', 'link'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
