/**
 * Native agents beside a stock one (assisted-installer-agent of April 2026) in the same conversation: over both transports, with and
 * without TLS, what they send is the same byte for byte, on connections that are opened, used and closed alike.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUndiciTransport } from '../transport/undici.ts';
import { createWireTransport } from '../transport/wire.ts';
import stock from './testing/stock-session.json' with { type: 'json' };
import { SCRIPT, SECRET, SessionService } from './testing/stock-session.ts';
import { World } from './testing/world.ts';

/** Simulated milliseconds: longer than all waits between tries, shorter than the last pace. */
const LONG_ENOUGH_MS = 600_000;

const pem = (name: string) => readFileSync(join(import.meta.dirname, '../transport/testing', name), 'utf8');

describe.each([
  ['wire', createWireTransport],
  ['undici', createUndiciTransport],
] as const)('over %s', (_name, createTransport) => {
  describe.each([
    ['HTTP', false],
    ['HTTPS', true],
  ] as const)('and %s', (_scheme, secure) => {
    let service: SessionService;
    let world: World;
    beforeEach(async () => {
      service = await new SessionService(
        secure ? { key: pem('server.key'), cert: pem('server.pem') } : undefined,
      ).open();
      world = new World('per-poll', createTransport, { ca: pem('ca.pem') });
    });
    afterEach(async () => {
      await world.close();
      service.close();
    });

    it('a native agent says what a stock one says', async () => {
      world.boot({ access: { baseUrl: service.url, token: SECRET, pollIntervalSeconds: null } });
      await world.run(LONG_ENOUGH_MS);
      const { requests } = service;
      for (const [at, { why }] of SCRIPT.entries())
        expect({ why, ...requests[at] }).toEqual({ why, ...stock.requests[at] });
      expect(requests.length).toBe(stock.requests.length);
      // A process that ended has closed its connections, and none was closed before.
      await expect.poll(() => service.closedByAgent, { timeout: 10_000 }).toEqual(stock.closedByAgent);
    });
  });
});
