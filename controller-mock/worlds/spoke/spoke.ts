/**
 * One cluster that is being installed, as its kube-api shows it. A table of durations says when things happen after
 * its hosts have rebooted.
 *
 *   host reboots ──boot──▶ line in the machine-config-server's log ──nodeJoin──▶ CSR (client) ──approved──▶ node
 *     node ──▶ CSR (serving);  nodeReady and approved ──▶ Ready            (single node: no ignition is fetched)
 *   first master Ready ──machineConfigs──▶ MachineConfigs, annotations of nodes
 *   first Ready master that is not the bootstrap ──controllerStart──▶ pod of the controller
 *   nodes for the ingress Ready ─▶ tables of operators, ingress certificate and OLM count from here
 */
import { rfc3339 } from '../../../model/protocol/go-time.ts';
import { drawsOf } from '../../../model/spoke/draws.ts';
import { type HostStep, SPOKE_FAULTS, type SpokeFault } from '../../../model/spoke/faults.ts';
import { INGRESS_CA_BUNDLE } from '../../../model/spoke/ingress-certificate.ts';
import {
  CLUSTER_OPERATORS,
  type ClusterDuration,
  type HostDuration,
  hostDurationMs,
  type OperatorPhase,
  type SpokeProfile,
} from '../../../model/spoke/profiles.ts';
import type { Clock, ClockTimer } from '../../../model/time/clock.ts';
import { type Span, spanMs } from '../../../model/time/span.ts';
import type { Cluster } from '../../server/cluster.ts';
import type { GroupResource, KubeObject } from '../../server/resource.ts';
import { ApiStatusError } from '../../server/status.ts';
import type { StoreChange } from '../../store/store.ts';
import * as make from './cluster-objects.ts';
import { collectionOf, RESOURCES } from './kinds.ts';
import * as nodes from './node-objects.ts';
import type { SpokeLogs } from './spoke-logs.ts';
import type { HostSettings, SpokeSettings } from './spoke-settings.ts';

/** How far a host is. */
export type HostState = 'off' | 'booting' | 'ignition' | 'requested' | 'joined' | 'ready' | 'failed';

export interface SpokeOptions {
  settings: SpokeSettings;
  /** The spoke's own cluster, empty but for the standard namespaces. */
  cluster: Cluster;
  clock: Clock;
  profile: SpokeProfile;
  logs: SpokeLogs;
  /** The moment at which a real cluster would start the controller's pod. */
  onControllerStart: () => void;
}

interface Member {
  settings: HostSettings;
  state: HostState;
  systemUuid: string;
  /** A step this host never gets to. */
  neverReaches: HostStep | undefined;
  timers: Set<ClockTimer>;
  /** Certificate request that is waited for. */
  waitsFor: { csr: string; go: () => void } | undefined;
}

/** Workers on which two routers run. */
const ROUTER_REPLICAS = 2;
/** Between two looks of the bootstrap at certificate requests, in simulated milliseconds. */
const BOOTSTRAP_APPROVAL_MS = 20_000;
/** How soon operators react to a change, in simulated milliseconds. */
const REACTION_MS = 5_000;

const POOLS = ['master', 'worker'] as const;
const MACHINE_CONFIG_SERVER = { namespace: 'openshift-machine-config-operator', label: 'machine-config-server' };
const CONTROLLER_JOB = { namespace: 'assisted-installer', name: 'assisted-installer-controller' };

export class Spoke {
  readonly settings: SpokeSettings;
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #profile: SpokeProfile;
  readonly #faults: readonly SpokeFault[];
  readonly #logs: SpokeLogs;
  readonly #onControllerStart: () => void;
  readonly #draws;
  readonly #members = new Map<string, Member>();
  readonly #timers = new Set<ClockTimer>();
  readonly #stopObserving: () => void;
  #machineConfigs = false;
  #configuring = false;
  #controllerScheduled = false;
  #operatorsStarted = false;
  #closed = false;
  /** Called once for each deletion of an object OLM waits for. */
  readonly #olmUnblocked = new Map<string, () => void>();

  constructor(options: SpokeOptions) {
    const { settings, cluster, clock, logs, onControllerStart } = options;
    this.settings = settings;
    this.#cluster = cluster;
    this.#clock = clock;
    this.#logs = logs;
    this.#onControllerStart = onControllerStart;
    this.#draws = drawsOf(settings.name);
    this.#faults = settings.faults.map((name): SpokeFault => SPOKE_FAULTS[name]);
    this.#profile = profileWith(options.profile, this.#faults);
    for (const host of settings.hosts) this.#addMember(host);
    for (const { hosts } of this.#faults) {
      if (!hosts) continue;
      for (const member of [...this.#members.values()].slice(-hosts.count)) member.neverReaches = hosts.neverReach;
    }
    this.#createObjects();
    this.#stopObserving = cluster.store.observe((change) => this.#follow(change));
  }

  /** Each host by its name, and how far it is. */
  get hosts(): ReadonlyMap<string, HostState> {
    return new Map([...this.#members.values()].map((member) => [member.settings.name, member.state]));
  }

  /** Finds the settings of a host by its name or its id. */
  host(nameOrId: string): HostSettings | undefined {
    return this.#member(nameOrId)?.settings;
  }

  /** A host that joins later, as on day 2. A host of that name is replaced. */
  addHost(host: HostSettings): void {
    this.#forget(this.#members.get(host.name));
    this.#addMember(host);
    this.#createMachine(host);
  }

  /** The machine is silent and boots from its disk. Again: whatever node it was before is gone. */
  hostRebooted(nameOrId: string): void {
    const member = this.#member(nameOrId);
    if (!member || this.#closed) return;
    this.#forget(member);
    member.state = 'booting';
    this.#countPools();
    this.#step(member, 'boot', () => {
      if (this.#singleNode && member.settings.role === 'master') this.#request(member);
      else this.#fetchIgnition(member);
    });
  }

  /** The machine is dead: nothing more comes from it, and its node turns unreachable. */
  hostFailed(nameOrId: string): void {
    const member = this.#member(nameOrId);
    if (!member || this.#closed) return;
    this.#stopTimers(member);
    member.state = 'failed';
    const name = member.settings.name.toLowerCase();
    this.#modify(RESOURCES.nodes, '', name, (draft) => nodes.markUnreachable(draft, this.#now()));
    this.#countPools();
  }

  /** Ends all timers; nothing happens any more. */
  close(): void {
    this.#closed = true;
    this.#stopObserving();
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    for (const member of this.#members.values()) this.#stopTimers(member);
  }

  get #singleNode(): boolean {
    return this.settings.topology.controlPlanes === 1;
  }

  #now(): string {
    return rfc3339(this.#clock.now());
  }

  #member(nameOrId: string): Member | undefined {
    const byName = this.#members.get(nameOrId);
    return byName ?? [...this.#members.values()].find((member) => member.settings.id === nameOrId);
  }

  #addMember(settings: HostSettings): void {
    this.#members.set(settings.name, {
      settings,
      state: 'off',
      systemUuid: settings.id ?? this.#draws.uuid(`host/${settings.name}`),
      neverReaches: undefined,
      timers: new Set(),
      waitsFor: undefined,
    });
  }

  #forget(member: Member | undefined): void {
    if (!member) return;
    this.#stopTimers(member);
    const name = member.settings.name.toLowerCase();
    this.#attempt(() => this.#cluster.delete(RESOURCES.nodes, '', name));
  }

  #stopTimers(member: Member): void {
    for (const timer of member.timers) timer.cancel();
    member.timers.clear();
    member.waitsFor = undefined;
  }

  // What is there from the start

  #createObjects(): void {
    const { settings } = this;
    const { platform, version } = settings;
    const olm = settings.olmOperators.map((operator) => operator.namespace);
    for (const name of new Set([...make.NAMESPACES, ...olm])) {
      this.#create(RESOURCES.namespaces, make.namespaceObject(name));
    }
    this.#create(RESOURCES.proxies, make.proxy());
    this.#create(RESOURCES.infrastructures, make.infrastructure(settings));
    this.#create(RESOURCES.configMaps, make.installConfig(settings));
    this.#create(RESOURCES.configMaps, make.installManifests(version));
    const dnsTaken = this.#faults.some((fault) => fault.dnsAddressTaken);
    this.#create(RESOURCES.services, dnsTaken ? make.dnsAddressThief() : make.dnsService());
    this.#create(RESOURCES.pods, make.dnsOperatorPod());
    this.#create(
      RESOURCES.clusterVersions,
      this.#inFirstPhase(
        make.clusterVersion(version, this.#draws.uuid('cluster'), this.#now()),
        this.#profile.operators.cvo,
      ),
    );
    for (const name of CLUSTER_OPERATORS) {
      this.#create(
        RESOURCES.clusterOperators,
        this.#inFirstPhase(make.clusterOperator(name, version), this.#profile.operators.console),
      );
    }
    for (const pool of POOLS) this.#create(RESOURCES.machineConfigPools, make.machineConfigPool(pool));
    if (platform === 'baremetal') this.#create(RESOURCES.provisionings, nodes.provisioning());
    for (const host of settings.hosts) this.#createMachine(host);
    this.#countPools();
  }

  #createMachine(host: HostSettings): void {
    if (this.settings.platform !== 'baremetal') return;
    this.#create(RESOURCES.machines, nodes.machine(this.settings.name, host));
    this.#create(RESOURCES.bareMetalHosts, nodes.bareMetalHost(this.settings.name, host));
  }

  #inFirstPhase(object: KubeObject, phases: readonly OperatorPhase[]): KubeObject {
    const [first] = phases;
    if (first) make.enterPhase(object, first, this.settings.version, this.#now());
    return object;
  }

  // The way of a host

  #fetchIgnition(member: Member): void {
    if (member.neverReaches === 'ignition') return;
    member.state = 'ignition';
    this.#logs.ignitionFetched(nodes.ignitionLogLine(member.settings, new Date(this.#clock.now())));
    if (member.neverReaches === 'node') return;
    this.#step(member, 'nodeJoin', () => this.#requestClient(member));
  }

  /** Single node: it has its configuration already. */
  #request(member: Member): void {
    if (member.neverReaches) return;
    this.#step(member, 'nodeJoin', () => this.#requestClient(member));
  }

  #requestClient(member: Member): void {
    member.state = 'requested';
    this.#requestCertificate(member, 'client', () => this.#join(member));
  }

  #join(member: Member): void {
    member.state = 'joined';
    const { workers } = this.settings.topology;
    const node = nodes.node(member.settings, {
      version: this.settings.version,
      schedulableControlPlane: workers === 0,
      systemUuid: member.systemUuid,
      now: this.#now(),
    });
    this.#create(RESOURCES.nodes, node);
    this.#countPools();
    let waiting = 2;
    const go = () => {
      waiting -= 1;
      if (waiting === 0) this.#turnReady(member);
    };
    this.#requestCertificate(member, 'serving', go);
    if (member.neverReaches !== 'ready') this.#step(member, 'nodeReady', go);
  }

  #turnReady(member: Member): void {
    const name = member.settings.name.toLowerCase();
    // A kubelet whose node was deleted does not make it again before it is restarted.
    if (!this.#cluster.get(RESOURCES.nodes, '', name)) return;
    member.state = 'ready';
    this.#modify(RESOURCES.nodes, '', name, (draft) => {
      nodes.markReady(draft, this.#now());
      if (this.#machineConfigs) nodes.markConfigured(draft, this.#renderedConfig(member.settings.role));
    });
    if (member.settings.role === 'master') this.#startMachineConfigServer(member.settings);
    this.#countPools();
    this.#nodesChanged();
  }

  #requestCertificate(member: Member, purpose: nodes.CsrPurpose, go: () => void): void {
    const csr = this.#create(RESOURCES.csrs, nodes.certificateRequest(member.settings.name, purpose));
    const name = csr?.metadata.name ?? '';
    member.waitsFor = { csr: name, go };
    const approveAfter = this.#approvedAfter(member.settings);
    if (approveAfter === undefined) return;
    this.#after(member.timers, approveAfter, () => {
      this.#modify(RESOURCES.csrs, '', name, (draft) => {
        draft.status = { ...(draft.status as object), conditions: [nodes.approval(this.#now())] };
      });
    });
  }

  /** Simulated milliseconds until somebody here approves; undefined when a client has to. */
  #approvedAfter(host: HostSettings): number | undefined {
    if (this.settings.csrApproval === 'automatic') return 0;
    // The bootstrap approves everything until it becomes a node itself.
    const bootstrapped = this.#singleNode || (host.role !== 'worker' && !host.bootstrap);
    return bootstrapped ? BOOTSTRAP_APPROVAL_MS * this.#draws.random(`approval/${host.name}`, 0) : undefined;
  }

  #startMachineConfigServer(host: HostSettings): void {
    const name = `machine-config-server-${this.#draws.suffix(`mcs/${host.name}`)}`;
    const { namespace, label } = MACHINE_CONFIG_SERVER;
    const place = { node: host.name.toLowerCase(), address: host.addresses[0] ?? '' };
    this.#create(RESOURCES.pods, make.pod(namespace, name, { 'k8s-app': label }, label, place));
  }

  // The cluster as a whole

  #nodesChanged(): void {
    let masters = 0;
    let ownMasters = 0;
    let workers = 0;
    for (const { state, settings } of this.#members.values()) {
      if (state !== 'ready') continue;
      if (settings.role === 'worker') workers += 1;
      if (settings.role !== 'master') continue;
      masters += 1;
      if (!settings.bootstrap || this.#singleNode) ownMasters += 1;
    }
    if (masters > 0 && !this.#configuring) {
      this.#configuring = true;
      this.#afterDuration('machineConfigs', () => this.#renderMachineConfigs());
    }
    if (ownMasters > 0 && !this.#controllerScheduled) {
      this.#controllerScheduled = true;
      this.#afterDuration('controllerStart', () => this.#startController());
    }
    const { topology } = this.settings;
    const routable =
      topology.workers > 0
        ? workers >= Math.min(topology.workers, ROUTER_REPLICAS)
        : masters >= Math.min(topology.controlPlanes, ROUTER_REPLICAS);
    if (routable && !this.#operatorsStarted) {
      this.#operatorsStarted = true;
      this.#startOperators();
    }
  }

  #renderMachineConfigs(): void {
    this.#machineConfigs = true;
    for (const role of POOLS) {
      this.#create(RESOURCES.machineConfigs, make.machineConfig(`00-${role}`, role));
      this.#create(RESOURCES.machineConfigs, make.machineConfig(this.#renderedConfig(role), role));
    }
    for (const { state, settings } of this.#members.values()) {
      if (state !== 'ready') continue;
      this.#modify(RESOURCES.nodes, '', settings.name.toLowerCase(), (draft) =>
        nodes.markConfigured(draft, this.#renderedConfig(settings.role)),
      );
    }
    this.#countPools();
  }

  #renderedConfig(role: string): string {
    const pool = role === 'worker' ? 'worker' : 'master';
    return `rendered-${pool}-${this.#draws.uuid(`rendered/${pool}`).replaceAll('-', '')}`;
  }

  #countPools(): void {
    for (const pool of POOLS) {
      const members = [...this.#members.values()].filter(
        ({ settings }) => (settings.role === 'worker' ? 'worker' : 'master') === pool,
      );
      const joined = members.filter(({ state }) => state === 'joined' || state === 'ready').length;
      const ready = members.filter(({ state }) => state === 'ready').length;
      const updated = this.#machineConfigs ? ready : 0;
      const done = joined > 0 && updated === joined;
      this.#modify(RESOURCES.machineConfigPools, '', pool, (draft) => {
        const now = this.#now();
        const condition = (type: string, on: boolean) => ({
          type,
          status: on ? 'True' : 'False',
          reason: '',
          message: '',
          lastTransitionTime: now,
        });
        draft.status = {
          ...(this.#machineConfigs && { configuration: { name: this.#renderedConfig(pool) } }),
          machineCount: joined,
          readyMachineCount: updated,
          updatedMachineCount: updated,
          unavailableMachineCount: joined - ready,
          degradedMachineCount: 0,
          conditions: [condition('Updated', done), condition('Updating', !done), condition('Degraded', false)],
        };
      });
    }
  }

  #startController(): void {
    const { namespace, name } = CONTROLLER_JOB;
    const master = [...this.#members.values()].find(
      ({ state, settings }) => state === 'ready' && settings.role === 'master',
    )?.settings;
    const podName = `${name}-${this.#draws.suffix('controller')}`;
    const labels = { app: name, 'job-name': name, 'batch.kubernetes.io/job-name': name };
    const place = master && { node: master.name.toLowerCase(), address: master.addresses[0] ?? '' };
    this.#logs.controllerStarted(this.#profile.logs);
    this.#create(RESOURCES.pods, make.pod(namespace, podName, labels, name, place));
    this.#onControllerStart();
  }

  #startOperators(): void {
    const { version } = this.settings;
    const { cvo, console } = this.#profile.operators;
    this.#enterPhases(cvo, 'operator/cvo', 1, (phase) =>
      this.#modify(RESOURCES.clusterVersions, '', 'version', (draft) =>
        make.enterPhase(draft, phase, version, this.#now()),
      ),
    );
    // The console is the last of all operators to settle; the others take a part of its time.
    const usual = console.at(-1)?.status === 'available' ? console : console.slice(0, 1);
    for (const name of CLUSTER_OPERATORS) {
      const own = name === make.CONSOLE;
      const phases = own ? console : settled(usual);
      const share = own ? 1 : 0.2 + 0.7 * this.#draws.random(`share/${name}`, 0);
      this.#enterPhases(phases, `operator/${name}`, share, (phase) =>
        this.#modify(RESOURCES.clusterOperators, '', name, (draft) =>
          make.enterPhase(draft, phase, version, this.#now()),
        ),
      );
    }
    if (!this.#faults.some((fault) => fault.ingressCertificate === 'never')) {
      this.#afterDuration('ingressCertificate', () => {
        const data = { 'ca-bundle.crt': INGRESS_CA_BUNDLE };
        this.#create(RESOURCES.configMaps, make.configMap('openshift-config-managed', 'default-ingress-cert', data));
      });
    }
    for (const operator of this.settings.olmOperators) this.#installOlm(nodes.olmObjects(operator, version));
  }

  /** One timer at a time for each table. @param share of the table's times. */
  #enterPhases<T extends { after: Span }>(
    phases: readonly T[],
    purpose: string,
    share: number,
    enter: (phase: T) => void,
  ): void {
    const draw = this.#draws.random(`spoke/${purpose}`, 0);
    const next = (index: number, elapsed: number) => {
      const phase = phases[index];
      if (!phase) return;
      const at = spanMs(phase.after, draw) * share;
      this.#after(this.#timers, Math.max(0, at - elapsed), () => {
        enter(phase);
        next(index + 1, at);
      });
    };
    next(0, 0);
  }

  #installOlm(operator: nodes.OlmObjects): void {
    const { namespace, subscriptionName, csvName } = operator;
    const subscription = this.#create(RESOURCES.subscriptions, operator.subscription(this.#now()));
    if (!subscription) return;
    const blocked = this.#faults.find((fault) => fault.olmBlockedBy)?.olmBlockedBy;
    const install = () => {
      const now = this.#now();
      this.#create(RESOURCES.jobs, operator.job('complete', now));
      const plan = this.#create(RESOURCES.installPlans, operator.installPlan(subscription, 'Installing'));
      let exists = false;
      this.#enterPhases(this.#profile.csv, `csv/${csvName}`, 1, (phase) => {
        if (!exists) {
          exists = true;
          this.#create(RESOURCES.csvs, operator.csv());
        }
        this.#modify(RESOURCES.csvs, namespace, csvName, (draft) => {
          const time = this.#now();
          draft.status = {
            phase: phase.phase,
            reason: phase.phase === 'Succeeded' ? 'InstallSucceeded' : phase.phase,
            message: phase.message,
            lastUpdateTime: time,
            lastTransitionTime: time,
          };
        });
        this.#modify(RESOURCES.subscriptions, namespace, subscriptionName, (draft) => {
          draft.status = {
            currentCSV: csvName,
            ...(phase.phase === 'Succeeded' && { installedCSV: csvName }),
            state: phase.phase === 'Succeeded' ? 'AtLatestKnown' : 'UpgradePending',
            lastUpdated: this.#now(),
          };
        });
        if (phase.phase !== 'Succeeded') return;
        this.#modify(RESOURCES.installPlans, namespace, plan?.metadata.name ?? '', (draft) => {
          draft.status = { ...(draft.status as object), phase: 'Complete' };
        });
      });
    };
    if (!blocked) {
      install();
      return;
    }
    const obstacle =
      blocked === 'Job'
        ? this.#create(RESOURCES.jobs, operator.job('failed', this.#now()))
        : this.#create(RESOURCES.installPlans, operator.installPlan(subscription, 'Failed'));
    this.#olmUnblocked.set(obstacle?.metadata.uid ?? '', install);
  }

  // What clients do

  #follow(change: StoreChange): void {
    switch (change.collection) {
      case collectionOf('csrs'):
        this.#followCsr(change);
        break;
      case collectionOf('jobs'):
      case collectionOf('installPlans'):
        this.#followObstacle(change);
        break;
      case collectionOf('services'):
        if (change.type === 'DELETED') this.#followDns(change.record.object);
        break;
      case collectionOf('bareMetalHosts'):
        if (change.type !== 'DELETED') this.#followBareMetalHost(change.record.object);
        break;
    }
  }

  /** An approved request gets its certificate, and the kubelet goes on. */
  #followCsr(change: StoreChange): void {
    if (change.type === 'DELETED') return;
    const csr = change.record.object;
    const name = csr.metadata.name ?? '';
    const status = csr.status as { conditions?: { type: string }[]; certificate?: string } | undefined;
    if (status?.certificate || !status?.conditions?.some((condition) => condition.type === 'Approved')) return;
    this.#after(this.#timers, 0, () => {
      this.#modify(RESOURCES.csrs, '', name, (draft) => {
        draft.status = { ...(draft.status as object), certificate: nodes.CERTIFICATE };
      });
      for (const member of this.#members.values()) {
        if (member.waitsFor?.csr !== name) continue;
        const { go } = member.waitsFor;
        member.waitsFor = undefined;
        go();
      }
    });
  }

  #followObstacle(change: StoreChange): void {
    const uid = change.record.object.metadata.uid ?? '';
    const install = this.#olmUnblocked.get(uid);
    if (!install || change.type !== 'DELETED') return;
    this.#olmUnblocked.delete(uid);
    this.#after(this.#timers, REACTION_MS, install);
  }

  /** The DNS operator takes its address as soon as it is free. */
  #followDns(deleted: KubeObject): void {
    if ((deleted.spec as { clusterIP?: string }).clusterIP !== make.DNS_ADDRESS) return;
    this.#after(this.#timers, REACTION_MS, () => {
      this.#create(RESOURCES.services, make.dnsService());
    });
  }

  /** A host that is given away and not paused is adopted. */
  #followBareMetalHost(host: KubeObject): void {
    const spec = host.spec as { externallyProvisioned?: boolean };
    const status = host.status as { provisioning?: { state?: string } } | undefined;
    const paused = host.metadata.annotations?.[nodes.PAUSED_ANNOTATION] !== undefined;
    if (!spec.externallyProvisioned || paused || status?.provisioning?.state === ADOPTED) return;
    const { namespace = '', name = '' } = host.metadata;
    this.#after(this.#timers, REACTION_MS, () => {
      this.#modify(RESOURCES.bareMetalHosts, namespace, name, (draft) => {
        draft.status = nodes.bareMetalStatus(ADOPTED);
      });
    });
  }

  // Writing. Clients may have deleted or made anything meanwhile; the cluster goes on with what there is.

  #create(resource: GroupResource, object: KubeObject): KubeObject | undefined {
    return this.#attempt(() => this.#cluster.create(resource, object));
  }

  #modify(resource: GroupResource, namespace: string, name: string, change: (draft: KubeObject) => void): void {
    this.#attempt(() => this.#cluster.modify(resource, namespace, name, change));
  }

  #attempt<T>(write: () => T): T | undefined {
    try {
      return write();
    } catch (error) {
      if (error instanceof ApiStatusError && ABSENT_OR_TAKEN.has(error.status.code ?? 0)) return undefined;
      throw error;
    }
  }

  // Time

  #step(member: Member, name: HostDuration, fn: () => void): void {
    const draws = { random: (purpose: string) => this.#draws.random(`${member.settings.name}/${purpose}`, 0) };
    this.#after(member.timers, hostDurationMs(this.#profile, draws, name), fn);
  }

  #afterDuration(name: ClusterDuration, fn: () => void): void {
    this.#after(this.#timers, spanMs(this.#profile.cluster[name], this.#draws.random(`spoke/${name}`, 0)), fn);
  }

  #after(timers: Set<ClockTimer>, ms: number, fn: () => void): void {
    if (this.#closed) return;
    const timer = this.#clock.setTimer(ms, () => {
      timers.delete(timer);
      fn();
    });
    timers.add(timer);
  }
}

/** The object or its namespace is gone, is going, or somebody else has made it. */
const ABSENT_OR_TAKEN = new Set([403, 404, 409]);

const ADOPTED = 'externally provisioned';

/** The same phases, ending well. */
function settled(phases: readonly OperatorPhase[]): readonly OperatorPhase[] {
  if (phases.at(-1)?.status === 'available') return phases;
  return [...phases, { after: { delayMs: 60_000, jitterMs: 60_000 }, status: 'available', message: 'All is well' }];
}

function profileWith(profile: SpokeProfile, faults: readonly SpokeFault[]): SpokeProfile {
  const operators = Object.assign({}, profile.operators, ...faults.map((fault) => fault.operators));
  const csv = faults.findLast((fault) => fault.csv)?.csv ?? profile.csv;
  return { ...profile, operators, csv };
}
