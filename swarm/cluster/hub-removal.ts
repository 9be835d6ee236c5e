/**
 * Removes objects of a hub in the order in which their finalizers need each other, and waits until they are gone.
 * Upstream: assisted-service, internal/controller/controllers (clusterdeployments_controller.go, infraenv_controller.go,
 * bmh_agent_controller.go).
 *
 *    ClusterDeployment            its finalizer removes the AgentClusterInstall and removes or unbinds Agents
 *    AgentClusterInstall          one that has no ClusterDeployment (any more)
 *    InfraEnv, its Agents         the InfraEnv stays while hosts of it are bound or installing
 *    NMStateConfig …              nobody waits for them any more; the user's own kinds, too
 *    BareMetalHost, its image     by now no Agent is left that would write to it
 *    Secret, ConfigMap            finalizers above read pull secrets, kubeconfigs and BMC credentials
 *    ClusterImageSet
 *    Namespace
 */
import type { Selection } from '../../model/kube/kube-client.ts';
import { isKubeError } from '../../model/kube/kube-error.ts';
import { type KubeObject, objectKey } from '../../model/kube/kube-object.ts';
import { type KubeResource, RESOURCES } from '../../model/kube/resources.ts';
import type { HubObjects, HubTarget } from './hub-objects.ts';

const { clusterDeployments, agentClusterInstalls, infraEnvs, agents, bareMetalHosts, preprovisioningImages } =
  RESOURCES;
const { secrets, configMaps, clusterImageSets, namespaces } = RESOURCES;

/** Kinds of one step go at once. The fourth step takes every kind that is in no other. */
const STEPS: readonly (readonly KubeResource[])[] = [
  [clusterDeployments],
  [agentClusterInstalls],
  [infraEnvs],
  [agents],
  [],
  [bareMetalHosts],
  [preprovisioningImages],
  [secrets, configMaps],
  [clusterImageSets],
  [namespaces],
];
const OTHER_KINDS = STEPS.findIndex((kinds) => kinds.length === 0);

/** Label of Agents: assisted-service, api/v1beta1/infraenv_types.go, InfraEnvNameLabel. */
const INFRA_ENV_LABEL = 'infraenvs.agent-install.openshift.io';

export interface HubRemovalOptions {
  objects: HubObjects;
  /** What shall go; with an InfraEnv its Agents, with a BareMetalHost its PreprovisioningImage. */
  targets: readonly HubTarget[];
  signal: AbortSignal;
  /** Wall-clock milliseconds that finalizers of one step may take. */
  limitMs: number;
  /** Takes the finalizers off what is not gone by then. */
  strip?: boolean;
  onGone?: (target: HubTarget) => void;
  /** Told before finalizers are taken off. */
  onStrip?: (target: HubTarget, finalizers: readonly string[]) => void;
}

/** An object that is not gone. */
export interface HubRemainder {
  target: HubTarget;
  reason: string;
}

/** `Secret ns/name` */
export function describeTarget({ resource, namespace, name }: HubTarget): string {
  return `${resource.kind} ${objectKey(namespace, name)}`;
}

/**
 * Removes all targets. What comes after an object that does not go is left as it is.
 * @returns what is not gone, with reasons; empty when all is gone
 * @throws the signal's reason when aborted
 */
export async function removeHubObjects(options: HubRemovalOptions): Promise<HubRemainder[]> {
  return new Removal(options).run();
}

class Removal {
  readonly #options: HubRemovalOptions;
  readonly #steps: HubTarget[][] = STEPS.map(() => []);

  constructor(options: HubRemovalOptions) {
    this.#options = options;
    for (const target of options.targets) this.#add(target);
  }

  async run(): Promise<HubRemainder[]> {
    for (const [at, step] of this.#steps.entries()) {
      const left = await this.#removeStep(step);
      if (left.length > 0) return [...left, ...this.#untouched(at, left[0]!.target)];
      for (const target of step) await this.#addDependents(target);
    }
    return [];
  }

  #add(target: HubTarget): void {
    const { kind, group } = target.resource;
    const step = STEPS.findIndex((kinds) => kinds.some((one) => one.kind === kind && one.group === group));
    this.#steps[step < 0 ? OTHER_KINDS : step]!.push(target);
  }

  /** What others than a run make for an object of it, and perhaps nobody removes: an API server alone collects no garbage. */
  async #addDependents({ resource, namespace, name }: HubTarget): Promise<void> {
    if (resource.kind === infraEnvs.kind) {
      await this.#addListed(agents, { namespace: namespace!, labelSelector: `${INFRA_ENV_LABEL}=${name}` });
    } else if (resource.kind === bareMetalHosts.kind) {
      await this.#addListed(preprovisioningImages, { namespace: namespace!, fieldSelector: `metadata.name=${name}` });
    }
  }

  async #addListed(resource: KubeResource, selection: Selection): Promise<void> {
    const { objects, signal } = this.#options;
    const { items } = await objects.insist(signal, async () => {
      try {
        return await objects.client.list(resource, selection, signal);
      } catch (error) {
        // Its CustomResourceDefinition is gone, and with it all of them.
        if (isKubeError(error) && error.notFound) return { items: [] };
        throw error;
      }
    });
    for (const { metadata } of items) {
      this.#add({ resource, namespace: metadata.namespace, name: metadata.name, uid: metadata.uid });
    }
  }

  async #removeStep(step: readonly HubTarget[]): Promise<HubRemainder[]> {
    const { objects, signal } = this.#options;
    const waiting: HubTarget[] = [];
    const left: HubRemainder[] = [];
    for (const target of step) {
      try {
        const object = await objects.delete(target, signal);
        if (object) waiting.push({ ...target, uid: object.metadata.uid });
        else this.#gone(target);
      } catch (error) {
        signal.throwIfAborted();
        left.push({ target, reason: error instanceof Error ? error.message : String(error) });
      }
    }
    const deadline = performance.now() + this.#options.limitMs;
    for (const target of waiting) {
      const object = await objects.untilGone(target, Math.max(0, deadline - performance.now()), signal);
      if (object) left.push(...(await this.#stuck(target, object)));
      else this.#gone(target);
    }
    return left;
  }

  async #stuck(target: HubTarget, object: KubeObject): Promise<HubRemainder[]> {
    const { objects, signal, strip, onStrip, limitMs } = this.#options;
    const finalizers = object.metadata.finalizers ?? [];
    const seconds = limitMs / 1000;
    if (!strip || finalizers.length === 0) {
      const reason =
        finalizers.length > 0
          ? `is being deleted and waits for ${finalizers.join(', ')} for ${seconds} s`
          : `is not gone after ${seconds} s`;
      return [{ target, reason }];
    }
    onStrip?.(target, finalizers);
    await objects.strip(object, target.resource, signal);
    if (await objects.untilGone(target, limitMs, signal)) {
      return [{ target, reason: 'is not gone, though its finalizers were taken off' }];
    }
    this.#gone(target);
    return [];
  }

  #untouched(at: number, cause: HubTarget): HubRemainder[] {
    const reason = `is left as it is, because ${describeTarget(cause)} is not gone`;
    return this.#steps.slice(at + 1).flatMap((step) => step.map((target) => ({ target, reason })));
  }

  #gone(target: HubTarget): void {
    this.#options.objects.forget(target);
    this.#options.onGone?.(target);
  }
}
