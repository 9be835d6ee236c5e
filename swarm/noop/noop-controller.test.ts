/** A controller that is stopped while it comes up. */
import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import type { Runtime } from '../service/runtime.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import type { LabAccess, Reach } from './lab.ts';
import { NoopController } from './noop-controller.ts';

const SLOT = 7;

let reached: PromiseWithResolvers<Reach>;
let started: PromiseWithResolvers<void>;
let calls: string[];
let events: RunEvent[];
let controller: NoopController;
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

beforeEach(() => {
  reached = Promise.withResolvers();
  started = Promise.withResolvers();
  [calls, events] = [[], []];
  const lab: LabAccess = {
    reach: () => reached.promise,
    start: ({ slot }) => {
      calls.push(`start ${slot}`);
      return started.promise;
    },
    append: () => {},
    kill: () => {},
    stop: (slot) => calls.push(`stop ${slot}`),
  };
  const telemetry = new Proxy({}, { get: () => () => {} }) as Runtime['telemetry'];
  const clock = new ManualClock();
  controller = new NoopController({
    runtime: { clock, telemetry, emit: (event) => events.push(event) } as Partial<Runtime> as Runtime,
    lab,
    service: { url: 'http://service.test', tls: undefined },
    slot: SLOT,
    cluster: 'c',
    pod: { environment: {}, token: '' },
    spoke: { url: 'https://spokes.test:1', at: { host: '127.0.0.1', port: 1 }, token: 't', ca: '' },
    reboots: 1,
    connection: () => expect.unreachable(),
    onDone: () => expect.unreachable(),
  });
});

describe('a controller that is stopped', () => {
  it('is not started by a way to the service that is found later', async () => {
    controller.start();
    controller.stop();
    reached.resolve({ url: 'http://service.test', hosts: '', ca: '' });
    await settle();
    expect(calls).toEqual([`stop ${SLOT}`]);
    expect(events).toEqual([]);
  });

  it('is stopped again when it has come up nevertheless', async () => {
    reached.resolve({ url: 'http://service.test', hosts: '', ca: '' });
    controller.start();
    await settle();
    controller.stop();
    started.resolve();
    await settle();
    expect(calls).toEqual([`start ${SLOT}`, `stop ${SLOT}`, `stop ${SLOT}`]);
    expect(events).toEqual([]);
  });
});
