/** What the steps of one reconciliation of a BareMetalHost share. */

import type { KubeContext } from '../context.ts';
import type { Agent, InfraEnv } from '../objects.ts';
import type { BareMetalHost } from './objects.ts';

export interface BmhWork {
  readonly context: KubeContext;
  /** To be changed; what changed is written once, in the end. */
  readonly host: BareMetalHost;
  /** As {@link host}; undefined before there is one. */
  readonly agent: Agent | undefined;
  readonly infraEnv: InfraEnv | undefined;
  /** The Bare Metal Operator and the service share the image: see ConvergedFlow. */
  readonly converged: boolean;
}

/** What follows from a step: the next one, none, or none before so many simulated milliseconds have passed. */
export type Verdict = 'next' | 'stop' | { readonly requeueAfterMs: number };

/** Upstream: assisted-service, clusterdeployments_controller.go, defaultRequeueAfterOnError. */
export const RETRY_MS = 10_000;
