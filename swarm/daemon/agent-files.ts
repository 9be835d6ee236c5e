/**
 * Files that clients of the public tool's API name: the list of a cluster's hosts, which is read, and the marker of a reboot, which
 * is made. Both must lie in one folder, whatever links and dots their paths have, so that who may start an agent cannot look into
 * or write to other places by it.
 */
import { closeSync, constants, openSync, realpathSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

/** Bytes of a list of hosts; one with 10,000 hosts fits. */
const HOSTS_LIMIT = 4 << 20;

export class AgentFiles {
  /** As the system sees it, without links. */
  readonly #folder: string;

  /**
   * @param folder the system's temporary folder when absent, where programs put such files that have no place of their own
   * @throws Error whose message continues the folder's name: "cannot be used (ENOENT)", "is not a folder"
   */
  constructor(folder: string = tmpdir()) {
    try {
      this.#folder = realpathSync(resolve(folder));
    } catch (error) {
      throw new Error(`cannot be used (${(error as NodeJS.ErrnoException).code})`, { cause: error });
    }
    if (!statSync(this.#folder).isDirectory()) throw new Error('is not a folder');
  }

  /**
   * The list of hosts must be a JSON array that can be read; nothing of what it holds is ever told.
   * @throws Error that names the path and what is wrong
   */
  async checkHosts(path: string): Promise<void> {
    const real = this.#confine('dry_cluster_hosts_path', path);
    // No link that was put there meanwhile is followed, and a pipe without a writer holds up nobody.
    const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw new Error(`${path} is not a regular file`);
      if (stat.size > HOSTS_LIMIT) throw new Error(`${path} has ${stat.size} bytes; allowed: ${HOSTS_LIMIT}`);
      if (!isJsonArray(await file.readFile('utf8'))) throw new Error(`${path} does not hold a JSON array`);
    } finally {
      await file.close();
    }
  }

  /** @throws Error that names the path when a marker may not be made there */
  checkMarker(path: string): void {
    this.#confine('dry_fake_reboot_marker_path', path);
  }

  /** Makes an empty file there, or leaves the one that is there as it is. Does nothing when that is not possible. */
  touchMarker(path: string): void {
    try {
      const real = this.#confine('dry_fake_reboot_marker_path', path);
      const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
      closeSync(openSync(real, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o644));
    } catch {
      // The path was given for another machine, or has changed since; the agent's record says the same.
    }
  }

  /** The path without links above its last part. @throws Error when it leads out of the folder */
  #confine(field: string, path: string): string {
    if (path.includes('\0')) throw new Error(`${field} must not contain a NUL character`);
    const real = realFile(resolve(path));
    const below = real === null ? '..' : relative(this.#folder, real);
    if (real === null || below === '' || below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below)) {
      throw new Error(
        `${field} ${path} does not lie in ${this.#folder}; use a file in there, or start the daemon with --agent-files DIR`,
      );
    }
    return real;
  }
}

/**
 * A file's path without links above its last part. Null where none can be told (a file in the place of a folder, no permission, a
 * circle of links): an error of its own would say of any path outside whether it is there.
 */
function realFile(path: string): string | null {
  try {
    return join(realOf(dirname(path)), basename(path));
  } catch {
    return null;
  }
}

/** A folder's path without links; what is missing at its end stays as it is. */
function realOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(folder) === folder) throw error;
    return join(realOf(dirname(folder)), basename(folder));
  }
}

function isJsonArray(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}
