/** The embedded service and hub as child processes: their own event loops, memory and file limits, as the real ones have. */
import type { ClockSpec } from '../../model/time/clock.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { type ChildProgram, type LoadedProgram, loadProgram, programAt, startProgram } from './child-program.ts';

export interface EmbeddedOptions {
  /** Both ends must live in the same simulated time. */
  clock: ClockSpec;
  host?: string;
  /** 0 = any free port. */
  port?: number;
  /** X-Secret-Key that agents have to send; '' for a service without authentication. */
  agentToken?: string;
  /** Starts an image service beside it, for hosts that download what they boot. */
  images?: boolean;
  /** Text of the kubeconfig of a hub whose custom resources it reconciles; absent for none. */
  kubeconfig?: string;
  /** Program to run instead of the embedded service, for tests. */
  program?: string | URL;
}

/** A process that ends when it is asked to, or dies. */
export type EmbeddedProcess = Pick<ChildProgram<unknown>, 'pid' | 'died' | 'stop' | 'kill'>;

export interface EmbeddedService extends EmbeddedProcess {
  /** Base URL, e.g. `http://127.0.0.1:41234`. */
  readonly url: string;
  /** Base URL of the image service; absent without one. */
  readonly imagesUrl?: string;
}

export interface EmbeddedHub extends EmbeddedProcess {
  /** Text of a kubeconfig with all rights. */
  readonly kubeconfig: string;
}

const loadService = (program: string | URL = programAt('service-mock/main')) =>
  loadProgram(program, 'the embedded service');
const loadHub = () => loadProgram(programAt('controller-mock/main'), 'the embedded hub');

/** Loaded by {@link loadEmbedded}, for the next start. */
let service: LoadedProgram | null = null;
let hub: LoadedProgram | null = null;

/**
 * Begins to load the embedded programs that a run of a plan is about to start, for those who have something else to load meanwhile. What
 * is never started ends with this process.
 */
export function loadEmbedded(plan: ExpandedPlan): void {
  if (plan.service.url === 'embedded') service ??= loadService();
  if (plan.hub?.kubeconfig === 'embedded') hub ??= loadHub();
}

/** Starts the embedded service. @throws Error that says why it does not listen. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedService> {
  const { clock, host = '127.0.0.1', port = 0, agentToken = '', kubeconfig, images = false } = options;
  const loaded = options.program === undefined ? service : null;
  if (loaded) service = null;
  const { report, ...child } = await startProgram<{ url: string; imagesUrl?: string }>(
    loaded ?? loadService(options.program),
    {
      clock,
      host,
      port,
      ...(agentToken && { agentToken }),
      ...(images && { images: {} }),
      ...(kubeconfig && { kube: { kubeconfig } }),
    },
  );
  return { ...child, ...report };
}

/** Starts the embedded hub: a Kubernetes API with the kinds of the service. @throws Error that says why it does not listen. */
export async function startEmbeddedHub(clock: ClockSpec): Promise<EmbeddedHub> {
  const loaded = hub ?? loadHub();
  hub = null;
  const { report, ...child } = await startProgram<{ kubeconfig: string }>(loaded, { clock });
  return { ...child, kubeconfig: report.kubeconfig };
}
