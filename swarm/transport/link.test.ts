/** Whatever transports must do they do over slow links too, in all their modes; only later. */

import { WallLinkClock } from './link/link-clock.ts';
import { draws, testLink } from './link/testing/links.ts';
import { describeProxies } from './testing/proxy-tests.ts';
import { describeTransport } from './testing/shared-tests.ts';
import type { Transport, TransportOptions } from './transport.ts';
import { createUndiciTransport } from './undici.ts';
import { createWireTransport } from './wire.ts';

/** Bad, and fast: a lost packet costs some milliseconds. */
const figures = { delayMs: 60, jitterMs: 30, loss: 0.01, bytesPerSecond: 2e6 };

for (const [name, create] of [
  ['wire', createWireTransport],
  ['undici', createUndiciTransport],
] as const) {
  const clock = new WallLinkClock();
  const overLinks = (options: TransportOptions): Transport => {
    const links = new Map<number, ReturnType<typeof testLink>>();
    return create({
      linkOf: (machine) => {
        const link = links.get(machine) ?? testLink(clock, { figures, clockSpeed: 60, random: draws(String(machine)) });
        links.set(machine, link);
        return link;
      },
      ...options,
    });
  };
  describeTransport(`${name} over slow links`, overLinks);
  describeProxies(`${name} over slow links`, overLinks);
}
