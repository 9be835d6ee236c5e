import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startClock } from '../../model/time/clock.ts';
import { loadEmbedded, startEmbedded } from './embedded.ts';
import { fakePlan } from './testing/fakes.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarm-embedded-'));
let number = 0;

/** A program in the place of the embedded service. */
function program(onStart: string): URL {
  const path = join(folder, `${number++}.mjs`);
  writeFileSync(path, `process.on('message', ({ type, options }) => { ${onStart} });`);
  return pathToFileURL(path);
}
const start = (onStart: string) =>
  startEmbedded({ clock: startClock(60), agentToken: 'secret', program: program(onStart) });
const LISTEN =
  "process.send({ type: 'listening', url: 'http://127.0.0.1:1/' + options.clock.speed + options.agentToken });";

describe('embedded service', () => {
  it('gets its options and tells its address; a stop is no death', async () => {
    const service = await start(LISTEN);
    expect(service.url).toBe('http://127.0.0.1:1/60secret');
    let died = '';
    void service.died.then((how) => {
      died = how;
    });
    await service.stop();
    await service.stop();
    expect(() => process.kill(service.pid, 0)).toThrow('ESRCH');
    expect(died).toBe('');
  });

  it('says why it does not start', async () => {
    await expect(start("process.send({ type: 'failed', message: 'port 1 is in use' });")).rejects.toThrow(
      'the embedded service does not start: port 1 is in use',
    );
    await expect(start("console.error('cannot load core'); process.exit(3);")).rejects.toThrow(
      'the embedded service ended with exit code 3: cannot load core',
    );
  });

  it('is noticed when it dies', async () => {
    const service = await start(LISTEN);
    process.kill(service.pid, 'SIGKILL');
    expect(await service.died).toBe('the embedded service was killed by SIGKILL');
    await service.stop();
  });

  it('does not outlive its parent, and does not hear its Ctrl-C', async () => {
    const service = await start(`${LISTEN} process.on('disconnect', () => process.exit());`);
    // A group of its own: the signal to the terminal's group does not reach it.
    const group = (pid: number | string) =>
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')[2];
    expect(group(service.pid)).not.toBe(group('self'));
    service.kill();
  });

  it('is loaded once for the next start, of plans that start one', async () => {
    const children = () =>
      readdirSync('/proc/self/task').flatMap((task) =>
        readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
      );
    const before = children();
    const plan = fakePlan([]);
    loadEmbedded({ ...plan, service: { ...plan.service, url: 'http://127.0.0.1:1' } });
    expect(children()).toEqual(before);
    const embedded = { ...plan, service: { ...plan.service, url: 'embedded' } };
    loadEmbedded(embedded);
    loadEmbedded(embedded);
    const [loaded, ...more] = children().filter((pid) => !before.includes(pid));
    expect(more).toEqual([]);
    const [first, second] = [
      await startEmbedded({ clock: startClock(60) }),
      await startEmbedded({ clock: startClock(60) }),
    ];
    expect(first.pid).toBe(loaded);
    expect(second.pid).not.toBe(loaded);
    expect((await fetch(`${first.url}/api/assisted-install/v2/clusters`)).status).toBe(200);
    await Promise.all([first.stop(), second.stop()]);
  });
});
