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
import { isKubeError } from '../../model/kube/kube-error.ts';
import { type Condition, type KubeObject, objectKey } from '../../model/kube/kube-object.ts';
import { type KubeResource, RESOURCES } from '../../model/kube/resources.ts';
import { finalizersOf, type HubObjects, type HubTarget, isNamespace } from './hub-objects.ts';

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

/** Kinds that others make for an object of the run in the same namespace, and the name of the object that one is for. */
const DEPENDENTS: readonly (readonly [
  resource: KubeResource,
  owner: KubeResource,
  ownerOf: (object: KubeObject) => string | undefined,
])[] = [
  [agents, infraEnvs, ({ metadata }) => metadata.labels?.[INFRA_ENV_LABEL]],
  // baremetal-operator, internal/controller/metal3.io/baremetalhost_controller.go: of the same name.
  [preprovisioningImages, bareMetalHosts, ({ metadata }) => metadata.name],
];
/** Kinds that are looked for in a namespace that nobody empties. */
const CONTENTS = [agents, preprovisioningImages, secrets, configMaps];
/** Wall-clock milliseconds for a Namespace that nobody empties. */
const NOBODY_MS = 2_000;

export interface HubRemovalOptions {
  objects: HubObjects;
  /** What shall go; with an InfraEnv its Agents, with a BareMetalHost its PreprovisioningImage. */
  targets: readonly HubTarget[];
  signal: AbortSignal;
  /** Wall-clock milliseconds that finalizers of one step may take. */
  limitMs: number;
  /** Whether the hub collects garbage and empties namespaces, as all but bare API servers do; default true. */
  controllers?: boolean;
  /** Takes the finalizers off what is not gone by then. */
  strip?: boolean;
  onGone?: (target: HubTarget) => void;
  /** Told before finalizers are taken off. */
  onStrip?: (target: HubTarget, finalizers: readonly string[]) => void;
}

/** Finalizer of a Namespace that its controller takes off when nothing is in it: kubernetes, pkg/controller/namespace. */
const OF_CONTENTS = 'kubernetes';

/** What a Namespace waits for, as its controller says. */
function contentsOf(namespace: KubeObject): string {
  const { conditions = [] } = (namespace.status ?? {}) as { conditions?: Condition[] };
  const told = conditions
    .filter(({ type, status }) => status === 'True' && type.startsWith('Namespace'))
    .map(({ message, reason }) => message || reason);
  return told.length > 0 ? told.join('; ') : 'it is not empty yet, give it more time (--timeout)';
}

/** An object that is not gone. */
export interface HubRemainder {
  target: HubTarget;
  reason: string;
  /** What it waits for, where that is known. */
  finalizers?: readonly string[];
}

/** When objects of a kind go: the number of the step. */
export function stepOf({ kind, group }: KubeResource): number {
  const step = STEPS.findIndex((kinds) => kinds.some((one) => one.kind === kind && one.group === group));
  return step < 0 ? OTHER_KINDS : step;
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
  readonly #known = new Set<string>();

  constructor(options: HubRemovalOptions) {
    this.#options = options;
    for (const target of options.targets) this.#add(target);
  }

  async run(): Promise<HubRemainder[]> {
    if (this.#options.controllers === false) {
      for (const { name } of this.#steps.at(-1)!) await this.#addContents(name);
    }
    for (const [at, step] of this.#steps.entries()) {
      const left = await this.#removeStep(step);
      if (left.length > 0) return [...left, ...this.#untouched(at, left[0]!.target)];
      await this.#addDependents(step);
    }
    return [];
  }

  /** Once for each object. */
  #add(target: HubTarget): void {
    const key = describeTarget(target);
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.#steps[stepOf(target.resource)]!.push(target);
  }

  /** What the service and operators make for objects of a run. Garbage collection takes it too, later, where there is any. */
  async #addDependents(step: readonly HubTarget[]): Promise<void> {
    for (const [resource, owner, ownerOf] of DEPENDENTS) {
      const names = Map.groupBy(
        step.filter(({ resource: { kind } }) => kind === owner.kind),
        ({ namespace }) => namespace!,
      );
      for (const [namespace, owners] of names) {
        const of = new Set(owners.map(({ name }) => name));
        for (const object of await this.#list(resource, namespace)) {
          if (of.has(ownerOf(object) ?? '')) this.#addObject(resource, object);
        }
      }
    }
  }

  /** What stands in a namespace of the run that nobody empties. */
  async #addContents(namespace: string): Promise<void> {
    for (const resource of CONTENTS) {
      for (const object of await this.#list(resource, namespace)) this.#addObject(resource, object);
    }
  }

  async #list(resource: KubeResource, namespace: string): Promise<KubeObject[]> {
    const { objects, signal } = this.#options;
    return objects.insist(signal, async () => {
      try {
        return (await objects.client.list(resource, { namespace }, signal)).items;
      } catch (error) {
        // Without its CustomResourceDefinition there are none.
        if (isKubeError(error) && error.notFound) return [];
        throw error;
      }
    });
  }

  #addObject(resource: KubeResource, { metadata: { namespace, name, uid } }: KubeObject): void {
    this.#add({ resource, namespace, name, uid });
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
    const started = performance.now();
    for (const target of waiting) {
      const limitMs = this.#limitOf(target);
      const object = await objects.untilGone(target, Math.max(0, started + limitMs - performance.now()), signal);
      if (object) left.push(...(await this.#stuck(target, object, limitMs)));
      else this.#gone(target);
    }
    return left;
  }

  #limitOf({ resource }: HubTarget): number {
    const { limitMs, controllers = true } = this.#options;
    return isNamespace(resource) && !controllers ? Math.min(limitMs, NOBODY_MS) : limitMs;
  }

  async #stuck(target: HubTarget, object: KubeObject, limitMs: number): Promise<HubRemainder[]> {
    const { objects, signal, strip, onStrip, controllers = true } = this.#options;
    const ofNamespace = isNamespace(target.resource);
    const finalizers = finalizersOf(object, target.resource);
    // What is in a namespace is lost in the store for ever when it goes before it is empty.
    const stands = ofNamespace && controllers && finalizers.includes(OF_CONTENTS);
    if (!strip || finalizers.length === 0 || stands) {
      const reason =
        ofNamespace && !controllers
          ? 'stays Terminating: this API server runs without the controllers that end namespaces; strip its finalizers'
          : stands
            ? `is not gone after ${limitMs / 1000} s; ${contentsOf(object)}`
            : `is not gone after ${limitMs / 1000} s${finalizers.length > 0 ? `; it waits for ${finalizers.join(', ')}` : ''}`;
      return [{ target, reason, ...(finalizers.length > 0 && !stands && { finalizers }) }];
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
