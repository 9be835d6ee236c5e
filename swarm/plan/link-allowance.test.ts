import { describe, expect, it } from 'vitest';
import type { LinkFigures } from './expanded-plan.ts';
import { expandPlan } from './expand.ts';
import { linkAllowance, NO_LINKS } from './link-allowance.ts';
import { parsePlan } from './load.ts';
import { type RunThreshold, thresholdsOf } from './thresholds.ts';

const FIGURES: LinkFigures = { delayMs: 0, jitterMs: 0, loss: 0, bytesPerSecond: null };
const of = (figures: Partial<LinkFigures>, hosts = 100) =>
  linkAllowance({
    hostCount: 100,
    links: [{ share: hosts / 100, preset: null, hosts, figures: { ...FIGURES, ...figures } }],
  });

describe('what links cost by themselves', () => {
  it('is nothing without links', () => {
    expect(linkAllowance({ hostCount: 100 })).toBe(NO_LINKS);
  });

  it('is four round trips, and the body by the bandwidth', () => {
    expect(of({ delayMs: 25, bytesPerSecond: 1e6 })).toMatchObject({ waitMs: 200 + 256, roundsMs: 200, bodyMs: 256 });
  });

  it('is what losses in a row take that hardly occur', () => {
    // 1 %: three in a row; of a SYN or its answer four.
    expect(of({ delayMs: 25, loss: 0.01 }).waitMs).toBe(200 + 7 * 250 + 15 * 1000);
  });

  it('is a share of connections that are not made in time', () => {
    expect(of({ loss: 0.3 }, 20).failures['dial-timeout']).toBeCloseTo(0.2 * 0.51 ** 5);
    expect(of({ loss: 0.3 }).failures['tls-timeout']).toBeCloseTo(8 * 0.3 ** 6);
    expect(of({ loss: 0.0002 }).failures['dial-timeout']).toBeLessThan(1e-12);
  });
});

describe('defaults of a plan with links', () => {
  const limits = (links: string, speed: number) => {
    const text = `seed: s\nclock_speed: ${speed}\nclusters: [{topology: sno, amount: 100}]\n${links}`;
    const name = ({ figure, labels, aggregation }: RunThreshold) =>
      `${figure}${Object.values(labels).join()} ${aggregation}`;
    return new Map(thresholdsOf(expandPlan(parsePlan(text, 'p.yaml'))).map((one) => [name(one), one.limit]));
  };

  it.each([1, 10])('leave room for what links cost, in wall-clock time (speed %d)', (speed) => {
    const without = limits('', speed);
    const lossy = limits('links: [{share: 50%, delay: 25ms, loss: 20%, bandwidth: 10kB/s}]', speed);
    const more = (name: string) => lossy.get(name)! - without.get(name)!;
    const { waitMs, bodyMs, failures } = of({ delayMs: 25, loss: 0.2, bytesPerSecond: 1e4 }, 50);
    expect(more('request_ageagent max')).toBeCloseTo(waitMs / speed, 0);
    expect(more('service_outage max')).toBeCloseTo(waitMs / speed, 0);
    expect(more('service_request_duration p')).toBeCloseTo(bodyMs / speed, 0);
    expect(more('boot_wait med')).toBeCloseTo(200 / speed, 0);
    expect(more('request_errorsdial-timeout rate')).toBeCloseTo(failures['dial-timeout']!, 6);
    expect(more('request_errorsrefused rate')).toBe(0);
    expect([...lossy.keys()]).toEqual([...without.keys()]);
  });
});
