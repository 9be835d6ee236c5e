/**
 * Watches what the service makes of the faulty hosts of one cluster, and says in the end whether it is what had to be expected.
 *
 *   look ──▶ is a faulty host as its fault has it?  ──yes──▶ seen, for good
 *   end  ──▶ seen, or never there ──▶ as expected
 *            else: did the cluster end before, for another fault? ──▶ not reached
 *            else ──▶ otherwise
 */
import { type ClusterFaultKind, FAULTS } from '../../model/faults/faults.ts';
import { CLUSTER_PHASES, type ClusterPhase } from '../../model/protocol/phases.ts';
import type { ClusterPlan, HostPlan } from '../plan/expanded-plan.ts';
import { type ClusterOutcome, type HostOutcome, ofCluster, type SeenHost } from '../plan/fault-outcomes.ts';
import type { FaultFinding, FaultResult } from '../telemetry/run-event.ts';
import type { HostView } from './cluster-adapter.ts';

/** A finding about a host, by its index in the plan and its id; about the cluster itself where it is null. */
export interface FoundFault extends FaultFinding {
  host: { index: number; id: string } | null;
}

/** How a life ended, as far as faults go by it. */
export interface LifeEnd {
  complete: boolean;
  /** The last good phase. */
  phase: ClusterPhase;
  reason: string;
}

export interface FaultJudgement {
  /** The cluster came to an end that follows from its faults. */
  asExpected: boolean;
  findings: readonly FoundFault[];
}

interface Watched {
  outcome: HostOutcome;
  plan: HostPlan;
  id: string;
  /** As the service showed it last; null where it never did. */
  last: HostView | null;
  seen: boolean;
}

export class FaultWatch {
  readonly #cluster: ClusterPlan;
  readonly #expected: ClusterOutcome;
  readonly #watched: readonly Watched[];
  /** Hosts of the cluster that the service had at most. */
  #most = 0;

  /** @param idOf what a host registers with */
  constructor(cluster: ClusterPlan, expected: ClusterOutcome, idOf: (host: HostPlan) => string) {
    this.#cluster = cluster;
    this.#expected = expected;
    this.#watched = expected.hosts.map((outcome) => {
      const plan = cluster.hosts[outcome.ordinal]!;
      return { outcome, plan, id: idOf(plan), last: null, seen: false };
    });
  }

  /** Takes note of the hosts as the service shows them now. */
  look(hosts: readonly HostView[]): void {
    this.#most = Math.max(this.#most, hosts.filter(({ day2 }) => !day2).length);
    for (const one of this.#watched) {
      const view = hosts.find(({ id }) => id === one.id);
      if (!view) continue;
      one.last = view;
      const { seen } = one.outcome;
      if (seen !== null && seen !== 'missing') one.seen ||= seen.some((state) => !state.last && matches(state, view));
    }
  }

  /** Something is still to be seen of a host whose cluster does not fail for it. */
  get waits(): boolean {
    return this.#watched.some(
      ({ seen, outcome }) => !seen && outcome.seen !== null && outcome.seen !== 'missing' && !isDecisive(outcome),
    );
  }

  /** The cluster failed where a fault lets it fail that was not seen yet, and nothing else explains it. */
  awaits(end: LifeEnd): boolean {
    return (
      this.#watched.some(
        ({ seen, outcome }) =>
          !seen && outcome.seen !== null && outcome.seen !== 'missing' && outcome.failsIn.includes(end.phase),
      ) && !this.judge(end).asExpected
    );
  }

  /** What has become of the faults of a cluster whose life ended like this. */
  judge(end: LifeEnd): FaultJudgement {
    const { failsIn, certain } = this.#expected;
    const hosts = this.#watched.map((one) => this.#finding(one, end));
    const asPlanned = end.complete ? !certain : failsIn.includes(end.phase);
    const explained =
      end.complete ||
      this.#fault !== null ||
      hosts.some(({ result, decisive }) => decisive && result === 'as-expected');
    const asExpected = asPlanned && explained && hosts.every(({ result }) => result !== 'otherwise');
    const findings: FoundFault[] = hosts.map(({ decisive: _, ...finding }) => finding);
    if (this.#fault !== null) findings.push(this.#ofCluster(this.#fault, end, asPlanned));
    return { asExpected, findings };
  }

  get #fault(): ClusterFaultKind | null {
    return this.#cluster.fault ?? null;
  }

  #finding(one: Watched, end: LifeEnd): FoundFault & { decisive: boolean } {
    const { outcome, plan, id } = one;
    const decisive = outcome.failsIn.length > 0;
    return {
      fault: outcome.fault.kind,
      host: { index: plan.index, id },
      result: this.#result(one, end),
      expected: expectation(outcome),
      was: this.#was(one, end),
      decisive,
    };
  }

  #result(one: Watched, end: LifeEnd): FaultResult {
    const { failsIn, seen, certain } = one.outcome;
    const came = end.complete || failsIn.length === 0 || isAtOrAfter(end.phase, failsIn);
    if (seen === 'missing') {
      if (!this.#isMissing(one)) return 'otherwise';
      return end.complete ? 'otherwise' : 'as-expected';
    }
    if (end.complete && failsIn.length > 0 && certain) return 'otherwise';
    if (seen === null) {
      if (failsIn.length > 0 && certain) return failsIn.includes(end.phase) ? 'as-expected' : this.#before(one, end);
      return end.complete || this.#othersFail(one)
        ? 'as-expected'
        : failsIn.includes(end.phase)
          ? 'as-expected'
          : 'otherwise';
    }
    if (one.seen || (!end.complete && showedLast(one))) return 'as-expected';
    // It need not have come to it.
    if (end.complete && !certain) return 'as-expected';
    return came && !this.#othersFail(one) ? 'otherwise' : 'not-reached';
  }

  /** Ended before its turn, for another fault or for none. */
  #before(one: Watched, end: LifeEnd): FaultResult {
    return !end.complete && this.#othersFail(one) ? 'not-reached' : 'otherwise';
  }

  /** Another fault of the cluster lets it fail as well. */
  #othersFail(one: Watched): boolean {
    return this.#fault !== null || this.#watched.some((other) => other !== one && other.outcome.failsIn.length > 0);
  }

  #isMissing(one: Watched): boolean {
    // The other one of its id is there.
    if (one.outcome.fault.kind !== 'duplicate-id') return one.last === null;
    const missing = this.#watched.filter(({ outcome }) => outcome.seen === 'missing').length;
    return this.#most <= this.#cluster.hosts.filter(({ day2 }) => !day2).length - missing;
  }

  #ofCluster(fault: ClusterFaultKind, end: LifeEnd, asPlanned: boolean): FoundFault {
    const { failsIn, certain } = ofCluster(fault);
    const before = !end.complete && asPlanned && !failsIn.includes(end.phase);
    const { description } = FAULTS[fault];
    return {
      fault,
      host: null,
      result: !asPlanned ? 'otherwise' : before ? 'not-reached' : 'as-expected',
      expected: `${description}: the cluster ${failsIn.length === 0 ? 'is installed' : `${certain ? 'fails' : 'may fail'} in ${failsIn.join(' or ')}`}`,
      was: endText(end),
    };
  }

  #was({ last, id }: Watched, end: LifeEnd): string {
    if (last === null) return `the service never had it; ${endText(end)}`;
    const failing = last.failing().map((one) => one.id);
    const validations = failing.length === 0 ? '' : `, failing ${failing.join(', ')}`;
    return `${id} was ${last.status} (${last.statusInfo}${validations}); ${endText(end)}`;
  }
}

function endText({ complete, phase, reason }: LifeEnd): string {
  return complete ? 'the cluster came to its planned end' : `the cluster failed in ${phase}: ${reason}`;
}

/** The cluster cannot come to its end with it. */
const isDecisive = ({ failsIn, certain }: HostOutcome) => failsIn.length > 0 && certain;

function isAtOrAfter(phase: ClusterPhase, failsIn: readonly ClusterPhase[]): boolean {
  const order = (one: ClusterPhase) => CLUSTER_PHASES.indexOf(one);
  return order(phase) >= Math.min(...failsIn.map(order));
}

function showedLast({ outcome: { seen }, last }: Watched): boolean {
  if (last === null || seen === null || seen === 'missing') return false;
  return seen.some((state) => state.last && matches(state, last));
}

function matches({ statuses, info, validations }: SeenHost, view: HostView): boolean {
  if (!statuses.includes(view.status)) return false;
  if (info !== undefined && !view.statusInfo.includes(info)) return false;
  return validations === undefined || view.failing().some(({ id }) => validations.includes(id));
}

/** What a fault leads to, for people. */
export function expectation({ fault, seen, failsIn, certain }: HostOutcome): string {
  const host =
    seen === 'missing'
      ? 'the service never has the host'
      : seen === null
        ? 'the host is like any other'
        : `the host is ${seen.map(stateText).join(' or ')}`;
  const cluster =
    failsIn.length === 0
      ? 'its cluster goes on'
      : `its cluster ${certain ? 'fails' : 'may fail'} in ${failsIn.join(' or ')}`;
  return `${FAULTS[fault.kind].description}: ${host}, ${cluster}`;
}

function stateText({ statuses, info, validations, last }: SeenHost): string {
  const what = info === undefined ? '' : ` ("… ${info} …")`;
  const failing = validations === undefined ? '' : ` with failing ${validations.join(' or ')}`;
  return `${last ? 'at last ' : ''}${statuses.join(' or ')}${what}${failing}`;
}
