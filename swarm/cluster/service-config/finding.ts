/** What a check of a service comes to: one finding a setting. */
import type { HubReading, Setting } from './hub-reading.ts';
import type { PlanNeeds } from './plan-needs.ts';
import type { RestReading } from './rest-reading.ts';

/** `must`: the plan cannot work so. `advise`: it can, and measures something else than it should, or slowly. */
export type Verdict = 'ok' | 'advise' | 'must' | 'unknown';

export interface Finding {
  setting: string;
  has: string;
  needed: string;
  why: string;
  verdict: Verdict;
  /** Variables to set, and to what, for the verdict to become ok. */
  set?: Record<string, string>;
}

/** Everything that rules look at. */
export class CheckSubject {
  readonly needs: PlanNeeds;
  readonly hub: HubReading | null;
  readonly rest: RestReading | null;
  /** Why REST could not be read although its address is known; null otherwise. */
  readonly restTrouble: string | null;

  constructor(needs: PlanNeeds, hub: HubReading | null, rest: RestReading | null, restTrouble: string | null = null) {
    this.needs = needs;
    this.hub = hub;
    this.rest = rest;
    this.restTrouble = restTrouble;
  }

  /** A variable as the service has it; undefined when that cannot be read. */
  setting(name: string): Setting | undefined {
    return this.hub?.settings.get(name);
  }

  /** Clusters of the plan are made by custom resources, or may be where there is no plan. */
  get kube(): boolean {
    return this.needs.apis.kube > 0 || (this.needs.plan === null && this.hub !== null);
  }

  /** Value and where it comes from, for a table. */
  shown(name: string, show: (value: string) => string = (value) => value || '""'): string {
    const setting = this.setting(name);
    return setting ? `${show(setting.value)} (${setting.from})` : NOT_READ;
  }
}

export const NOT_READ = 'not readable';

/** One row of the table; null where it does not matter. */
export interface Rule {
  setting: string;
  check: (subject: CheckSubject) => Omit<Finding, 'setting'> | null;
}
