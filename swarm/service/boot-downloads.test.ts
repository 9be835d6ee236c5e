import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import type { BootLoad } from '../plan/expanded-plan.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { createTelemetryBuffer } from '../telemetry/telemetry-layout.ts';
import { TelemetryReader } from '../telemetry/telemetry-reader.ts';
import { WallLinkClock } from '../transport/link/link-clock.ts';
import { CountingObserver, testLink } from '../transport/link/testing/links.ts';
import { BootDownloader, BootFailed } from './boot-downloads.ts';
import { ImageServer } from './testing/image-server.ts';

const MAC = '52:54:00:aa:bb:cc';
const buffer = () => createTelemetryBuffer({ writers: 1, hostSlots: 1, clusterSlots: 1 });

let images: ImageServer;
let reader: TelemetryReader;
let telemetry: SharedTelemetry;
/** Waits of minutes take milliseconds. */
const clock = new ScaledClock(startClock(10_000));

beforeEach(async () => {
  images = await new ImageServer().start();
  const memory = buffer();
  reader = new TelemetryReader(memory);
  telemetry = new SharedTelemetry(memory, 0);
});
afterEach(() => images.close());

function downloader(load: Partial<BootLoad> = {}): BootDownloader {
  const full: BootLoad = { from: 'iso', share: 1, ratePerHost: null, rateTotal: null, readBytes: 1_000_000, ...load };
  return new BootDownloader({ clock, telemetry, load: full });
}
const never = new AbortController().signal;
const fromIso = (url = images.isoUrl, load: Partial<BootLoad> = {}) =>
  downloader(load).boot({ from: 'iso', url }, MAC, never);
const fromScript = () => downloader().boot({ from: 'ipxe', url: images.scriptUrl }, MAC, never);
const counted = () => Object.fromEntries(reader.bootDownloads().map(({ kind, requests }) => [kind, requests]));
const bytes = () => Object.fromEntries(reader.bootDownloads().map(({ kind, bytes: count }) => [kind, count]));

describe('virtual media', () => {
  it('asks for the size and reads piece by piece', async () => {
    await fromIso();
    expect(images.story).toEqual([
      'HEAD full.iso',
      'GET full.iso bytes=0-999999',
      'GET full.iso bytes=1000000-1999999',
      'GET full.iso bytes=2000000-2499999',
    ]);
    expect(counted()).toEqual({ iso: { 200: 1, 206: 3 } });
    expect(bytes()).toEqual({ iso: 2_500_000 });
    expect(reader.bootDownloads()[0]!.durations.count).toBe(1);
    // Of each answer.
    expect(reader.bootDownloads()[0]!.waits.count).toBe(4);
  });

  it('goes over the link of its machine, by the bandwidth of that', async () => {
    const observer = new CountingObserver();
    const figures = { delayMs: 20, bytesPerSecond: 10e6 };
    const link = testLink(new WallLinkClock(), { figures, observer });
    await downloader().boot({ from: 'iso', url: images.isoUrl }, MAC, never, link);
    expect(counted()).toEqual({ iso: { 200: 1, 206: 3 } });
    expect(bytes()).toEqual({ iso: 2_500_000 });
    expect(observer.connects).toHaveLength(1);
    // The line was busy for a quarter of a second, in simulated time of ten thousand times that.
    expect(reader.bootDownloads()[0]!.durations.min).toBeGreaterThan(250 * 10_000);
  });

  it('takes everything from a server that does not know ranges', async () => {
    images.ranges = false;
    await fromIso();
    expect(images.story).toEqual(['HEAD full.iso', 'GET full.iso bytes=0-999999']);
    expect(bytes()).toEqual({ iso: 2_500_000 });
  });

  it('of a minimal ISO boots a system that fetches its rootfs', async () => {
    await fromIso(images.minimalIsoUrl);
    expect(images.story).toEqual([
      'HEAD minimal.iso',
      'GET minimal.iso bytes=0-299999',
      'HEAD rootfs',
      'HEAD rootfs',
      'GET rootfs',
    ]);
    expect(images.received.at(-1)!.url).toBe('/boot-artifacts/rootfs?arch=x86_64&version=4.20');
    expect(images.received.at(-1)!.userAgent).toMatch(/^curl\//);
  });

  it('asks again for pieces that fail or break off', async () => {
    images.fail('full.iso', 503, 'none', 'truncate', 'reset');
    await fromIso();
    expect(images.story).toEqual([
      'HEAD full.iso',
      'HEAD full.iso',
      'GET full.iso bytes=0-999999',
      'GET full.iso bytes=0-999999',
      'GET full.iso bytes=0-999999',
      'GET full.iso bytes=1000000-1999999',
      'GET full.iso bytes=2000000-2499999',
    ]);
    expect(counted().iso).toEqual({ 200: 1, 206: 3, 503: 1, eof: 1, reset: 1 });
  });

  it('gives up an ISO that is not there after three boots of the firmware', async () => {
    const { url } = images;
    const failed = await fromIso(`${url}/byapikey/hush/4.20/x86_64/other.iso`).catch((error) => error);
    expect(failed).toBeInstanceOf(BootFailed);
    expect(failed.message).toBe(`iso ${url}/byapikey/…/4.20/x86_64/other.iso: HTTP 404`);
    expect(images.story).toEqual(Array(3).fill('HEAD other.iso'));
    expect(counted()).toEqual({ iso: { 404: 3 } });
    expect(reader.bootDownloads()[0]!.durations.count).toBe(0);
  });

  it('gives up a server that is not there', async () => {
    const { isoUrl } = images;
    await images.close();
    await expect(fromIso(isoUrl)).rejects.toThrow(/^iso .*: refused$/);
    expect(counted()).toEqual({ iso: { refused: 9 } });
    await images.start();
  });
});

describe('iPXE', () => {
  it('loads in the order of the script, and the live system the rootfs', async () => {
    await fromScript();
    expect(images.story).toEqual([
      'GET files',
      'GET pxe-initrd',
      'GET kernel',
      'HEAD rootfs',
      'HEAD rootfs',
      'GET rootfs',
    ]);
    expect(images.received[1]!.userAgent).toMatch(/^iPXE\//);
    expect(bytes()).toMatchObject({ initrd: 200_000, kernel: 120_000, rootfs: 900_000 });
  });

  it('begins anew after a failure', async () => {
    images.fail('kernel', 500);
    await fromScript();
    expect(images.story.slice(0, 6)).toEqual([
      'GET files',
      'GET pxe-initrd',
      'GET kernel',
      'GET files',
      'GET pxe-initrd',
      'GET kernel',
    ]);
    expect(counted().kernel).toEqual({ 200: 1, 500: 1 });
  });

  it('does not boot by a script that is none', async () => {
    images.script = 'error';
    await expect(fromScript()).rejects.toThrow(/^iPXE script .*files: it does not begin with #!ipxe$/);
    images.script = `#!ipxe\nchain ${images.scriptUrl}\n`;
    await expect(fromScript()).rejects.toThrow('more than 5 scripts name each other');
  });
});

describe('the live system', () => {
  it('waits for a server as long as it takes, and asks again when the answer may pass', async () => {
    images.fail('rootfs', 'reset', 'reset', 'reset', 'reset', 503, 503);
    await fromScript();
    expect(images.story.filter((line) => line.endsWith('rootfs'))).toEqual([
      ...Array(7).fill('HEAD rootfs'),
      'GET rootfs',
    ]);
    expect(counted().rootfs).toEqual({ 200: 2, 503: 2, reset: 4 });
  });

  it('ends in its emergency shell without a rootfs', async () => {
    delete images.sizes.rootfs;
    await expect(fromScript()).rejects.toThrow(/^rootfs .*\/boot-artifacts\/rootfs: HTTP 404$/);
    expect(images.story.filter((line) => line === 'GET files')).toHaveLength(1);
  });

  it('and when the rootfs breaks off', async () => {
    images.fail('rootfs', 'none', 'none', 'truncate');
    await expect(fromScript()).rejects.toThrow(/rootfs: eof$/);
    expect(counted().rootfs).toMatchObject({ eof: 1 });
  });
});

describe('rates', () => {
  const timed = async (work: Promise<unknown>) => {
    const from = clock.now();
    await work;
    return (clock.now() - from) / 1000;
  };

  it('hold for one host', async () => {
    expect(await timed(fromIso(images.isoUrl, { ratePerHost: 10_000 }))).toBeGreaterThan(240);
  });

  it('hold for all hosts together', async () => {
    const shared = downloader({ rateTotal: 20_000 });
    const boots = [1, 2].map(() => shared.boot({ from: 'iso', url: images.isoUrl }, MAC, never));
    expect(await timed(Promise.all(boots))).toBeGreaterThan(240);
  });

  it('keep what is not wanted yet on the other side', async () => {
    images.sizes['full.iso'] = 60_000_000;
    const power = new AbortController();
    const slow = downloader({ ratePerHost: 1000, readBytes: 60_000_000 });
    const boot = slow.boot({ from: 'iso', url: images.isoUrl }, MAC, power.signal);
    await expect.poll(() => images.mostBuffered).toBeGreaterThan(0);
    const received = () => reader.bootDownloads()[0]?.bytes ?? 0;
    power.abort(new Error('the power is gone'));
    await expect(boot).rejects.toThrow('the power is gone');
    expect(received()).toBeLessThan(10_000_000);
    expect(counted().iso).toMatchObject({ aborted: 1 });
  });
});
