import { expect, it } from 'vitest';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { createTelemetryBuffer } from '../telemetry/telemetry-layout.ts';
import { TelemetryReader } from '../telemetry/telemetry-reader.ts';
import { HostLinks } from './host-links.ts';

const SLOW = { delayMs: 25, jitterMs: 10, loss: 0.01, bytesPerSecond: null };

function hostLinks(seed = 'seed') {
  const buffer = createTelemetryBuffer({ writers: 1, hostSlots: 20, clusterSlots: 1 });
  const links = new HostLinks([SLOW, { ...SLOW, delayMs: 100 }], 10, new SharedTelemetry(buffer, 0));
  const hosts = [7, 8, 9].map((index) => ({ index }));
  const cluster = {
    ...{ index: 3, hosts },
    links: [
      { ordinal: 1, link: 0 },
      { ordinal: 2, link: 1 },
    ],
  };
  links.launched({ seed, firstSlot: 10, cluster });
  return { links, reader: new TelemetryReader(buffer) };
}

it('gives machines their links, with draws of their own that are the same each time', () => {
  const ways = (seed: string, slot: number) => {
    const link = hostLinks(seed).links.of(slot)!;
    return Array.from({ length: 5 }, () => link.wayMs());
  };
  const { links } = hostLinks();
  expect([links.of(9), links.of(10), links.of(13)]).toEqual([null, null, null]);
  expect([links.of(11), links.of(12)].map((link) => link?.kind.delay)).toEqual([2.5, 10]);
  expect(ways('seed', 11)).toEqual(ways('seed', 11));
  expect(ways('seed', 11)).not.toEqual(ways('other', 11));
  expect(ways('seed', 11).map((ms) => ms - 2.5)).not.toEqual(ways('seed', 12).map((ms) => ms - 10));
});

it('counts what becomes of connections by link, and forgets machines that are gone', () => {
  const { links, reader } = hostLinks();
  const { told } = links.of(12)!.kind;
  told.connected(52);
  told.stalled();
  told.stalled();
  told.reset();
  expect(reader.overLink(1)).toMatchObject({ connections: 1, stalls: 2, resets: 1, connects: { count: 1, max: 52 } });
  expect(reader.overLink(0)).toMatchObject({ connections: 0, stalls: 0, resets: 0, connects: { count: 0 } });
  links.ended(3);
  expect([links.of(11), links.of(12)]).toEqual([null, null]);
});
