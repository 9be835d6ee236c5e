/** The events of a run as its websocket and the history of a host give them, for the OpenAPI document; see telemetry/run-event.ts. */
import { z } from 'zod';
import { FAULT_KINDS } from '../../model/faults/faults.ts';
import { CLUSTER_PHASES, HOST_PHASES } from '../../model/protocol/phases.ts';
import { CLUSTER_STATUSES, FINALIZING_STAGES, HOST_STAGES, HOST_STATUSES } from '../../model/protocol/states.ts';
import { RUN_PHASES } from '../plan/expanded-plan.ts';
import { HOST_ROLES } from '../telemetry/counted-metrics.ts';
import { AGENT_STATES, BARE_METAL_HOST_STATES, CLUSTER_INSTALL_STATES } from '../telemetry/resource-states.ts';
import { FAULT_RESULTS, type RunEvent } from '../telemetry/run-event.ts';
import { ERROR_KINDS } from '../telemetry/telemetry.ts';

const count = z.int().nonnegative();
const time = z.number().describe('Simulated epoch milliseconds.');
const name = z.string().describe('namespace/name');
const host = { cluster: count, host: count, id: z.string() };

const faultFinding = {
  fault: z.enum(FAULT_KINDS),
  result: z.enum(FAULT_RESULTS).describe('not-reached: its cluster ended before, for another fault.'),
  expected: z.string(),
  was: z.string(),
};

/** What a part of a run is called. */
export const runPart = {
  phase: z.enum(RUN_PHASES),
  step: z.int().positive().nullable().describe('From 1, where the load is raised in steps.'),
  level: z
    .union([z.object({ hosts: z.number() }), z.object({ clustersPerHour: z.number() })])
    .nullable()
    .describe('What the step asks for: hosts that are there, or clusters that arrive in a simulated hour.'),
};

export const runEvent = z.discriminatedUnion('type', [
  z.object({
    time,
    type: z.literal('run.started'),
    run: z.string(),
    plan: z.string(),
    seed: z.string(),
    clusters: count,
    hosts: count,
  }),
  z.object({
    time,
    type: z.literal('run.ended'),
    run: z.string(),
    verdict: z.enum(['passed', 'failed', 'interrupted']),
    reasons: z.array(z.string()),
  }),
  z.object({ time, type: z.literal('run.warning'), message: z.string() }),
  z.object({ time, type: z.literal('run.phase'), ...runPart }),
  z.object({ time, type: z.literal('run.pace'), factor: z.number() }),
  z.object({
    time,
    type: z.literal('cluster.phase'),
    cluster: count,
    name: z.string(),
    phase: z.enum(CLUSTER_PHASES),
    life: z.int().min(2).exactOptional().describe('Of a cluster that was removed and made anew.'),
    id: z.string().exactOptional(),
    reason: z.string().exactOptional(),
    expected: z.literal(true).exactOptional().describe('It failed as had to be expected of its faults.'),
  }),
  z.object({ time, type: z.literal('cluster.fault'), cluster: count, ...faultFinding }),
  z.object({
    time,
    type: z.literal('cluster.status'),
    cluster: count,
    status: z.enum(CLUSTER_STATUSES),
    info: z.string(),
  }),
  z.object({ time, type: z.literal('cluster.finalizing-stage'), cluster: count, stage: z.enum(FINALIZING_STAGES) }),
  z.object({
    time,
    type: z.literal('host.phase'),
    ...host,
    phase: z.enum(HOST_PHASES),
    reason: z.string().exactOptional(),
  }),
  z.object({ time, type: z.literal('host.status'), ...host, status: z.enum(HOST_STATUSES), info: z.string() }),
  z.object({
    time,
    type: z.literal('host.stage'),
    ...host,
    role: z.enum(HOST_ROLES),
    stage: z.enum(HOST_STAGES),
    info: z.string().exactOptional(),
  }),
  z.object({ time, type: z.literal('agent.state'), ...host, state: z.enum(AGENT_STATES).nullable() }),
  z.object({
    time,
    type: z.literal('agentclusterinstall.state'),
    cluster: count,
    name,
    state: z.enum(CLUSTER_INSTALL_STATES).nullable(),
  }),
  z.object({ time, type: z.literal('baremetalhost.state'), ...host, name, state: z.enum(BARE_METAL_HOST_STATES) }),
  z.object({ time, type: z.literal('host.fault'), ...host, ...faultFinding }),
  z.object({ time, type: z.literal('host.error'), ...host, kind: z.enum(ERROR_KINDS), message: z.string() }),
  z.object({ time, type: z.literal('worker.lost'), worker: count, message: z.string() }),
]);

/** Fails to compile when one has a field that the other lacks, or has another type. */
type Same<A, B> = [A, B] extends [B, A] ? true : never;
true satisfies Same<z.infer<typeof runEvent>, RunEvent>;
