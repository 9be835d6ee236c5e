import { Lifecycle } from '../../../model/lifecycle/lifecycle.ts';
import type { Clock } from '../../../model/time/clock.ts';
import { hashWords, mixWords, unitNumber } from '../../../model/time/random.ts';
import { spanMs } from '../../../model/time/span.ts';
import { at } from '../../builtins/fields.ts';
import { setUsageSource } from '../../builtins/index.ts';
import type { Listener } from '../../http/listener.ts';
import type { WatchEnd } from '../../http/watches.ts';
import type { ServedCluster } from '../../server/served-cluster.ts';
import type { StoreChange } from '../../store/store.ts';
import { seedEmptyWorld } from '../empty.ts';
import { resourceTypes } from '../kinds/definition.ts';
import { OPENSHIFT_WORKSPACE_KINDS } from '../kinds/openshift-workspaces.ts';
import { type QuotaKind, workspaceAdmission } from './admission.ts';
import { type ApiFault, ApiFaults, type DeniedRight, isDenied } from './api-faults.ts';
import { Backups } from './backups.ts';
import { recordPush } from './image-streams.ts';
import { Jobs } from './jobs.ts';
import { CONTROLLER, OperatorPrograms, WEBHOOK_SERVER } from './operator.ts';
import { contentHash, spoiled } from './payload.ts';
import { Registry, type RegistrySettings } from './registry.ts';
import { RegistrySecrets } from './registry-secrets.ts';
import type { WorldSettings } from './settings.ts';
import { Rate, usageSource } from './usage.ts';
import { VERSION_PROFILES } from './versions.ts';
import { Volumes } from './volumes.ts';
import { Workspaces } from './workspaces.ts';
import type { WorldControl } from './world-control.ts';
import { WorldObjects } from './world-objects.ts';

/** Everybody who does something in a world. */
export class Actors implements WorldControl {
  readonly #settings: WorldSettings;
  readonly #served: ServedCluster;
  readonly #clock: Clock;
  readonly #lifecycle: Lifecycle;
  readonly #programs: OperatorPrograms;
  readonly #workspaces: Workspaces;
  readonly #backups: Backups;
  readonly #jobs: Jobs;
  readonly #registry: Registry;
  readonly #faults = new ApiFaults();
  readonly #quota = new Set<QuotaKind>();
  listener: Listener | null = null;
  readonly #stopObserving: () => void;
  #operatorUp = true;
  #webhooksUp = true;
  #restarts = 0;
  /** Counts what was done to the operator: a start that is scheduled is void once something else was done. */
  #era = 0;

  constructor(settings: WorldSettings, served: ServedCluster, clock: Clock) {
    this.#settings = settings;
    this.#served = served;
    this.#clock = clock;
    const { cluster } = served;
    const objects = new WorldObjects(cluster, clock);
    const lifecycle = new Lifecycle({ clock });
    const volumes = new Volumes();
    const registry = new Registry(settings.registry);
    const secrets = new RegistrySecrets(objects, VERSION_PROFILES[settings.version], settings.operatorNamespace);
    const operator = new Rate();
    const store = new Rate();
    const words = hashWords(`${settings.seed}\noperator`);
    const draws = {
      random: (purpose: string, ordinal: number) =>
        unitNumber(mixWords(mixWords(words, hashWords(purpose).a), ordinal)),
    };
    const onReconcile = () => operator.add(clock.now());
    const shared = { settings, objects, cluster, lifecycle, volumes, registry, secrets, draws, onReconcile };
    this.#lifecycle = lifecycle;
    this.#registry = registry;
    this.#workspaces = new Workspaces(shared);
    this.#backups = new Backups(shared);
    this.#jobs = new Jobs({
      ...shared,
      onPushed: (image) => {
        if (settings.flavour === 'openshift') recordPush(objects, image);
      },
    });
    this.#programs = new OperatorPrograms(settings, objects);
    if (settings.flavour === 'openshift') {
      for (const type of resourceTypes(OPENSHIFT_WORKSPACE_KINDS)) cluster.registry.add(type);
    }
    seedEmptyWorld(cluster);
    this.#stopObserving = cluster.store.observe((change) => {
      store.add(clock.now());
      this.#follow(change);
    });
    this.#programs.seed();
    if (settings.operator === 'external') this.#leaveToOther();
    const hasRoom = () => !this.#quota.has('devworkspaces');
    cluster.admission = workspaceAdmission(() => this.#webhooksUp, settings.operatorNamespace, hasRoom);
    served.handler.interceptor = this.#faults.interceptor;
    setUsageSource(
      cluster,
      usageSource({
        operator,
        store,
        workspaces: () => this.#workspaces.size,
        objects: () => [...cluster.store.collections()].reduce((sum, [, { size }]) => sum + size, 0),
        isBackup: (pod) => this.#jobs.isBusy(pod),
      }),
    );
  }

  /** Nothing of the operator is played; what there is of it in the cluster stays as it is. */
  #leaveToOther(): void {
    this.#operatorUp = false;
    this.#backups.goDown();
    this.#setReconciles();
  }

  close(): void {
    this.#stopObserving();
    this.#lifecycle.close();
  }

  #follow(change: StoreChange): void {
    this.#jobs.follow(change);
    this.#workspaces.follow(change);
    this.#backups.follow(change);
    if (change.type !== 'MODIFIED') return;
    if (change.collection === 'apps/deployments') this.#followRollout(change);
    if (change.collection === 'controller.devfile.io/devworkspaceoperatorconfigs') this.#crashOn(change);
  }

  /**
   * The operator ends when it sees a change of any settings object, of any name and in any namespace, that has no config.workspace
   * (controllers/backupcronjob/backupcronjob_controller.go, shouldReconcileOnUpdate).
   */
  #crashOn({ record, previous }: StoreChange): void {
    const without = [record.object, previous?.object].some((object) => at(object, 'config', 'workspace') === undefined);
    if (without && this.#operatorUp) this.#later(() => this.restartOperator(), 0);
  }

  /** `kubectl rollout restart` changes the template. */
  #followRollout({ record, previous }: StoreChange): void {
    const { name, namespace, generation } = record.object.metadata;
    if (namespace !== this.#settings.operatorNamespace || generation === previous?.object.metadata.generation) return;
    if (name === CONTROLLER) {
      this.stopOperator();
      this.#later(() => {
        this.#programs.startPod(CONTROLLER);
        this.startOperator();
      });
    } else if (name === WEBHOOK_SERVER) {
      this.setWebhooks(false);
      this.#later(() => {
        this.#programs.startPod(WEBHOOK_SERVER);
        this.setWebhooks(true);
      });
    }
  }

  #later(fn: () => void, ms: number = spanMs(this.#settings.profile.restart, 0.5)): void {
    this.#clock.setTimer(ms, () => {
      if (!this.#lifecycle.closed) fn();
    });
  }

  /** Nothing of the operator's goes through without its webhooks. */
  #setReconciles(): void {
    this.#workspaces.site.reconciles = this.#operatorUp && this.#webhooksUp;
    this.#workspaces.lookAtAll();
  }

  // WorldControl

  restartOperator(downMs: number = spanMs(this.#settings.profile.restart, 0.5)): void {
    this.stopOperator();
    const era = this.#era;
    this.#later(() => {
      if (era === this.#era) this.startOperator();
    }, downMs);
  }

  stopOperator(): void {
    this.#era += 1;
    if (!this.#operatorUp) return;
    this.#operatorUp = false;
    this.#restarts = this.#programs.restartsOf(CONTROLLER) + 1;
    this.#programs.setReady(CONTROLLER, false);
    this.#backups.goDown();
    this.#setReconciles();
  }

  startOperator(): void {
    this.#era += 1;
    if (this.#operatorUp || this.#settings.operator === 'external') return;
    this.#operatorUp = true;
    this.#programs.setReady(CONTROLLER, true, this.#restarts);
    this.#backups.comeUp();
    this.#setReconciles();
  }

  get operatorUp(): boolean {
    return this.#operatorUp;
  }

  setWebhooks(up: boolean): void {
    if (this.#webhooksUp === up) return;
    this.#webhooksUp = up;
    this.#programs.setReady(WEBHOOK_SERVER, up);
    this.#backups.webhooksUp = up;
    this.#setReconciles();
  }

  setImagePull(delay: { delayMs: number } | 'failing' | null): void {
    const pull = delay === 'failing' ? 'never' : (delay?.delayMs ?? 0);
    this.#workspaces.site.imagePull = pull;
    this.#jobs.site.imagePull = pull;
    this.#workspaces.lookAtAll();
    this.#jobs.lookAtAll();
  }

  setClaimsPending(pending: boolean): void {
    this.#workspaces.setClaimsPending(pending);
    this.#jobs.site.claimsPending = pending;
    this.#jobs.lookAtAll();
  }

  setRegistry(change: Partial<RegistrySettings>): void {
    this.#registry.change(change);
  }

  get registry(): WorldControl['registry'] {
    const registry = this.#registry;
    return {
      settings: registry.settings,
      pushes: registry.pushes,
      images: [...registry.images].map(([image, content]) => ({ image, hash: contentHash(content) })),
      remove: (image) => {
        if (image === undefined) registry.images.clear();
        else registry.images.delete(image);
      },
      spoil: (image) => {
        for (const [name, content] of registry.images) {
          if (image === undefined || image === name) registry.images.set(name, spoiled(content));
        }
      },
    };
  }

  setApiFault(name: string, fault: ApiFault | null): void {
    this.#faults.set(name, fault);
  }

  dropWatches(resource?: string, end: WatchEnd = 'expired'): void {
    this.#served.handler.dropWatches(end, resource);
  }

  setReachable(reachable: boolean): void {
    this.listener?.setReachable(reachable);
  }

  setDenied(denied: readonly DeniedRight[]): void {
    this.#faults.denied = denied;
    this.#served.cluster.authorizer = (right) => !isDenied(denied, right);
  }

  setQuota(exceeded: readonly QuotaKind[]): void {
    this.#quota.clear();
    for (const kind of exceeded) this.#quota.add(kind);
    this.#backups.hasRoom = !this.#quota.has('jobs');
    this.#jobs.site.podsRefused = this.#quota.has('pods');
    this.#jobs.lookAtAll();
  }

  get requests(): ReadonlyMap<string, number> {
    return this.#faults.requests;
  }

  get faultHits(): ReadonlyMap<string, number> {
    return this.#faults.hits;
  }

  get backups(): WorldControl['backups'] {
    return { passes: this.#backups.passes, schedule: this.#backups.schedule };
  }
}
