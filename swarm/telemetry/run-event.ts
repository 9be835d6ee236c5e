/**
 * One line of a run's event stream (NDJSON file, websocket). Things that happen once in a while to a host or cluster;
 * never one per request.
 */

import type { FaultKind } from '../../model/faults/faults.ts';
import type { ClusterPhase, HostPhase } from '../../model/protocol/phases.ts';
import type { ClusterStatus, FinalizingStage, HostRole, HostStage, HostStatus } from '../../model/protocol/states.ts';
import type { LoadLevel, RunPhase } from '../plan/expanded-plan.ts';
import type { AgentState, BareMetalHostState, ClusterInstallState } from './resource-states.ts';
import type { ErrorKind } from './telemetry.ts';

interface Common {
  /** Simulated epoch milliseconds. */
  time: number;
}

/** What became of a fault; told when its cluster has come to its end. */
export interface FaultFinding {
  fault: FaultKind;
  /** `not-reached`: the cluster ended before, for another fault. */
  result: FaultResult;
  /** For people. */
  expected: string;
  was: string;
}
export const FAULT_RESULTS = ['as-expected', 'otherwise', 'not-reached'] as const;
export type FaultResult = (typeof FAULT_RESULTS)[number];

export type RunEvent = Common &
  (
    | { type: 'run.started'; run: string; plan: string; seed: string; clusters: number; hosts: number }
    | { type: 'run.ended'; run: string; verdict: 'passed' | 'failed' | 'interrupted'; reasons: string[] }
    | { type: 'run.warning'; message: string }
    /** A part of the run begins, and the one before it ends. */
    | { type: 'run.phase'; phase: RunPhase; step: number | null; level: LoadLevel | null }
    /** Somebody lets clusters arrive so many times as fast as planned; 0 is a pause. */
    | { type: 'run.pace'; factor: number }
    | {
        type: 'cluster.phase';
        cluster: number;
        name: string;
        phase: ClusterPhase;
        /** 2 for a cluster that was removed and made anew, and so on; absent in its first life. */
        life?: number;
        id?: string;
        reason?: string;
        /** It failed as had to be expected of its faults. */
        expected?: true;
      }
    | ({ type: 'cluster.fault'; cluster: number } & FaultFinding)
    | { type: 'cluster.status'; cluster: number; status: ClusterStatus; info: string }
    | { type: 'cluster.finalizing-stage'; cluster: number; stage: FinalizingStage }
    | { type: 'host.phase'; cluster: number; host: number; id: string; phase: HostPhase; reason?: string }
    | { type: 'host.status'; cluster: number; host: number; id: string; status: HostStatus; info: string }
    | { type: 'host.stage'; cluster: number; host: number; id: string; role: HostRole; stage: HostStage; info?: string }
    // Of custom resources; null when the resource is gone.
    | { type: 'agent.state'; cluster: number; host: number; id: string; state: AgentState | null }
    | { type: 'agentclusterinstall.state'; cluster: number; name: string; state: ClusterInstallState | null }
    | {
        type: 'baremetalhost.state';
        cluster: number;
        host: number;
        id: string;
        name: string;
        state: BareMetalHostState;
      }
    | ({ type: 'host.fault'; cluster: number; host: number; id: string } & FaultFinding)
    | { type: 'host.error'; cluster: number; host: number; id: string; kind: ErrorKind; message: string }
    | { type: 'worker.lost'; worker: number; message: string }
  );

export type EventSink = (event: RunEvent) => void;
