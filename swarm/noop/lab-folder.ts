/** The folder of a lab, below the temporary one: all that is in it outside of the lab is a socket. */
import { accessSync, constants, existsSync, lstatSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The process that made it follows. */
const PREFIX = 'swarm-lab-';
/** The socket to which hosts' connections are passed. */
const RELAY = 'relay';
/** Bytes of a socket's path: unix(7), `sun_path` without its end. */
const MOST_BYTES = 107;

/** Makes one, and removes those whose processes are gone: nobody else can when these were killed. */
export function makeLabFolder(): { folder: string; relay: string } {
  removeForgotten();
  const folder = mkdtempSync(prefix());
  return { folder, relay: join(folder, RELAY) };
}

/** Before anything is made. @throws RangeError that says what is wrong with the temporary folder, and what to do */
export function checkTemporaryFolder(): void {
  const fault = faultOf(tmpdir());
  if (fault !== null)
    throw new RangeError(`the temporary folder is ${tmpdir()}, which ${fault}; name another one by TMPDIR`);
}

function faultOf(folder: string): string | null {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (!stat) return 'does not exist';
  if (!stat.isDirectory()) return 'is not a folder';
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch {
    return 'cannot be written to';
  }
  const own = Buffer.byteLength(folder);
  const most = MOST_BYTES - (Buffer.byteLength(join(`${prefix()}XXXXXX`, RELAY)) - own);
  return own > most ? `is ${own} bytes long (allowed: ${most}, because the socket of no-op hosts is below it)` : null;
}

function prefix(): string {
  return join(tmpdir(), `${PREFIX}${process.pid}-`);
}

function removeForgotten(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN;
    if (Number.isNaN(pid) || existsSync(`/proc/${pid}`)) continue;
    const folder = join(tmpdir(), name);
    if (lstatSync(folder, { throwIfNoEntry: false })?.uid === process.getuid?.())
      rmSync(folder, { recursive: true, force: true });
  }
}
