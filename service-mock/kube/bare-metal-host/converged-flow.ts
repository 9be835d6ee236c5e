/**
 * Whether the Bare Metal Operator boots our image itself, with its agent in it, or we have it boot an ISO.
 * Upstream: assisted-service, cmd/main.go (getBMOUtils) and controllers/bmo_utils.go.
 */
import { RESOURCES } from '../../../model/kube/resources.ts';
import { compareBase } from '../../versions/versions.ts';
import type { KubeContext } from '../context.ts';

const LEAST_VERSION = '4.12';

export class ConvergedFlow {
  readonly #context: KubeContext;
  #answer: Promise<boolean> | undefined;

  constructor(context: KubeContext) {
    this.#context = context;
  }

  /** Found out once: a hub without the operator's version, or that cannot be asked, is one without it for good. */
  isOn(): Promise<boolean> {
    this.#answer ??= this.#find();
    return this.#answer;
  }

  async #find(): Promise<boolean> {
    const { client, settings } = this.#context;
    if (!settings.ALLOW_CONVERGED_FLOW) return false;
    try {
      const operator = await client.get(RESOURCES.clusterOperators, undefined, 'baremetal');
      const { versions = [] } = (operator.status ?? {}) as { versions?: { version?: string }[] };
      return compareBase(versions[0]?.version ?? '0.0', LEAST_VERSION) >= 0;
    } catch {
      return false;
    }
  }
}
