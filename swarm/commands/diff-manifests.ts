/** The work of `swarm manifests diff`. */
import { createTwoFilesPatch } from 'diff';
import { stringify } from 'yaml';
import { manifestObjects, RUN_LABEL } from '../../manifests/index.ts';
import { unlessNotFound } from '../../model/kube/kube-error.ts';
import { type KubeObject, objectKey } from '../../model/kube/kube-object.ts';
import { RESOURCES, resourceName } from '../../model/kube/resources.ts';
import { ClusterAdapterError } from '../cluster/cluster-adapter.ts';
import { FIELD_MANAGER, strangerReason } from '../cluster/hub-objects.ts';
import { type HubKinds, HubPreflight } from '../cluster/hub-preflight.ts';
import { HubRequests } from '../cluster/hub-requests.ts';
import { countOf, createStyle, formatCount, type Style, wantsColour } from '../report/style.ts';
import { type Work, WorkProgress } from '../report/work-progress.ts';
import { EXIT, InputError } from './exit.ts';
import { HubAccess, type HubFlags } from './hub-access.ts';
import { Interruption } from './interrupt.ts';
import { inputErrors, ManifestFleet, type ManifestFleetOptions } from './manifest-fleet.ts';
import { note } from './note.ts';
import { kindsText, Refusals, refusedText } from './work-texts.ts';

export interface DiffFlags extends ManifestFleetOptions, HubFlags {
  concurrency: number;
  forceConflicts?: true;
  json?: true;
}

/** Milliseconds for which requests are repeated; a hub that compares nothing for so long is given up. */
const PATIENCE_MS = 30_000;

/** What applying would do with one object. */
type Comparison = { object: KubeObject } & (
  | { change: 'none' }
  | { change: 'new' | 'changed'; text: string }
  | { change: 'refused'; reason: string }
);

/** @returns 0 without differences, 1 with, 2 when something could not be compared, as `kubectl diff`. @throws InputError */
export async function diffManifests(files: readonly string[], flags: DiffFlags): Promise<number> {
  const fleet = new ManifestFleet(files, flags);
  const hub = new HubAccess(fleet.hubOf(flags), flags.concurrency);
  const interruption = new Interruption(
    () => note('interrupted'),
    () => process.exit(EXIT.interrupted),
  );
  try {
    return await new DiffCommand(fleet, hub, flags, interruption.begin).run();
  } catch (error) {
    if (interruption.begin.aborted) return EXIT.interrupted;
    throw error instanceof ClusterAdapterError ? new InputError(error.message, { cause: error }) : error;
  } finally {
    interruption.release();
    await hub.close();
  }
}

class DiffCommand implements Work {
  readonly unit = 'clusters';
  readonly of: number;
  done = 0;
  readonly #fleet: ManifestFleet;
  readonly #hub: HubAccess;
  readonly #flags: DiffFlags;
  readonly #signal: AbortSignal;
  readonly #requests: HubRequests;
  readonly #style: Style = createStyle(wantsColour(process.stdout, process.env));
  readonly #counts = { none: 0, new: 0, changed: 0, refused: 0 };
  readonly #changes: { kind: string; name: string; change: 'new' | 'changed' }[] = [];
  readonly #refusals = new Refusals();
  /** Those of the clusters that the hub does not have; null when it is not known. */
  #absent: ReadonlySet<string> | null = null;
  #kinds: HubKinds = new Map();
  #lastSuccess = performance.now();

  constructor(fleet: ManifestFleet, hub: HubAccess, flags: DiffFlags, signal: AbortSignal) {
    this.of = fleet.plan.clusters.length;
    this.#fleet = fleet;
    this.#hub = hub;
    this.#flags = flags;
    this.#signal = signal;
    this.#requests = new HubRequests({ client: hub.client, clock: hub.clock, patienceMs: PATIENCE_MS });
  }

  get title(): string {
    return `compare ${this.#fleet.label}`;
  }

  details(): string[] {
    const { changed, refused } = this.#counts;
    return [
      `${formatCount(this.#counts.new)} new, ${formatCount(changed)} changed, ${formatCount(refused)} refused objects`,
    ];
  }

  warning(): string {
    return '';
  }

  async run(): Promise<number> {
    const survey = await this.#fleet.survey(this.#signal);
    const preflight = new HubPreflight(this.#requests, this.#signal);
    const unreachable = await preflight.unreachable();
    if (unreachable !== null) throw new InputError(unreachable);
    this.#kinds = await preflight.served(survey.kinds.keys());
    const missing = [...survey.kinds.keys()].filter((type) => !this.#kinds.has(type));
    if (missing.length > 0) throw new InputError(kindsText(this.#hub.client.server, missing));
    await this.#listNamespaces(preflight);
    const progress = new WorkProgress({ work: this, stream: process.stderr });
    progress.start();
    try {
      for await (const comparison of this.#comparisons()) this.#take(comparison, progress);
    } finally {
      progress.stop();
    }
    this.#report();
    if (this.#counts.refused > 0) return EXIT.input;
    return this.#counts.new + this.#counts.changed > 0 ? EXIT.failed : EXIT.ok;
  }

  /** What is in a namespace that is not there need not be asked for. */
  async #listNamespaces(preflight: HubPreflight): Promise<void> {
    const names = new Set(this.#fleet.plan.clusters.map(({ name }) => name));
    const found = await preflight.namespaces(names, this.#fleet.label);
    if (found === null) return;
    const there = new Set([...found.ours, ...found.terminating, ...found.others.map(({ name }) => name)]);
    this.#absent = new Set([...names].filter((name) => !there.has(name)));
  }

  /** In the order of the manifests; several clusters are compared at once. */
  async *#comparisons(): AsyncGenerator<Comparison> {
    const pieces = this.#fleet.pieces();
    const underWay: Promise<Comparison[]>[] = [];
    for (;;) {
      while (underWay.length < this.#flags.concurrency) {
        const next = inputErrors(() => pieces.next());
        if (next.done) break;
        const comparing = this.#compareAll(manifestObjects(next.value.text));
        // Whose turn has not come yet may fail already.
        comparing.catch(() => {});
        underWay.push(comparing);
      }
      const first = underWay.shift();
      if (!first) return;
      yield* await first;
      // The first piece has what exists once.
      this.done = Math.min(this.of, this.done + 1);
    }
  }

  async #compareAll(objects: readonly KubeObject[]): Promise<Comparison[]> {
    const comparisons: Comparison[] = [];
    for (const object of objects) {
      try {
        comparisons.push(await this.#requests.insist(this.#signal, () => this.#compare(object)));
        this.#lastSuccess = performance.now();
      } catch (error) {
        if (!(error instanceof ClusterAdapterError)) throw error;
        const silentMs = performance.now() - this.#lastSuccess;
        if (error.passing && silentMs >= PATIENCE_MS / 2) {
          throw new InputError(
            `gave up, because the hub has compared nothing for ${Math.round(silentMs / 1000)} s: ${error.message}`,
            { cause: error },
          );
        }
        comparisons.push({ object, change: 'refused', reason: error.message });
      }
    }
    return comparisons;
  }

  async #compare(object: KubeObject): Promise<Comparison> {
    const resource = this.#kinds.get(`${object.apiVersion} ${object.kind}`)!;
    const { namespace, name } = object.metadata;
    const absent = this.#absent;
    const inNone = absent?.has(
      resourceName(resource) === resourceName(RESOURCES.namespaces) ? name : (namespace ?? ''),
    );
    if (inNone) return { object, change: 'new', text: patchOf(object, null, object) };
    const { client } = this.#hub;
    const live = await unlessNotFound(client.get(resource, namespace, name, this.#signal));
    const reason = live && strangerReason(live, this.#fleet.label);
    if (reason) return { object, change: 'refused', reason };
    const options = { fieldManager: FIELD_MANAGER, dryRun: true, force: this.#flags.forceConflicts === true };
    const applied = await client.apply(resource, object, options, this.#signal);
    const text = patchOf(object, live ?? null, applied);
    return text === '' ? { object, change: 'none' } : { object, change: live ? 'changed' : 'new', text };
  }

  #take(comparison: Comparison, progress: WorkProgress): void {
    const { object, change } = comparison;
    const name = objectKey(object.metadata.namespace, object.metadata.name);
    this.#counts[change]++;
    if (change === 'refused') this.#refusals.add(object.kind, name, comparison.reason);
    if (change !== 'new' && change !== 'changed') return;
    if (this.#flags.json) this.#changes.push({ kind: object.kind, name, change });
    else progress.interrupt(() => process.stdout.write(this.#coloured(comparison.text)));
  }

  #coloured(text: string): string {
    const { good, bad, accent } = this.#style;
    return text.replace(/^([+-]|@@).*$/gm, (line) => (line[0] === '+' ? good : line[0] === '-' ? bad : accent)(line));
  }

  #report(): void {
    const { none, changed, refused } = this.#counts;
    const { calls, place } = this.#hub;
    if (this.#flags.json) {
      const json = {
        run: { label: RUN_LABEL, name: this.#fleet.label },
        hub: place.server,
        objects: { same: none, new: this.#counts.new, changed, refused },
        changes: this.#changes,
        refused: this.#refusals.summary(),
        requests: calls.summary(),
      };
      process.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
    } else {
      for (const line of refusedText(this.#refusals.summary())) note(line);
    }
    note(
      `${countOf(this.#counts.new, 'object')} would be made and ${formatCount(changed)} changed, ${formatCount(none)} are as they shall be${refused > 0 ? `, ${formatCount(refused)} would be refused` : ''}`,
    );
  }
}

/** Fields of every object that the server writes. */
const SERVERS_OWN = ['managedFields', 'resourceVersion', 'uid', 'creationTimestamp', 'generation', 'selfLink'];

/** A unified diff of two states of an object; '' when they are the same. Values of Secrets are not shown. */
function patchOf(given: KubeObject, live: KubeObject | null, applied: KubeObject): string {
  const [before, after] = masked(live, applied);
  const [from, to] = [live === null ? '' : yamlOf(before!), yamlOf(after)];
  if (from === to) return '';
  const { apiVersion, kind, metadata } = given;
  const name = [apiVersion.replaceAll('/', '.'), kind, metadata.namespace, metadata.name]
    .filter((part) => part !== undefined)
    .join('.');
  const patch = createTwoFilesPatch(`live/${name}`, `applied/${name}`, from, to, undefined, undefined, { context: 3 });
  // Its first line is a rule, as of `diff` before each file.
  return patch.slice(patch.indexOf('\n') + 1);
}

function yamlOf(object: KubeObject): string {
  const { status: _status, metadata, ...rest } = object;
  const kept = Object.fromEntries(Object.entries(metadata).filter(([key]) => !SERVERS_OWN.includes(key)));
  return stringify({ ...rest, metadata: kept }, { sortMapEntries: true, lineWidth: 0 });
}

type Data = Record<string, unknown>;

/** As `kubectl diff` hides them: kubernetes, staging/src/k8s.io/kubectl/pkg/cmd/diff/diff.go, Masker. */
function masked(live: KubeObject | null, applied: KubeObject): [KubeObject | null, KubeObject] {
  if (applied.kind !== 'Secret') return [live, applied];
  const mask = (object: KubeObject, other: KubeObject | null, word: string): KubeObject => {
    const hidden = ['data', 'stringData'].flatMap((field) => {
      const data = object[field] as Data | undefined;
      const otherData = (other?.[field] ?? {}) as Data;
      if (!data) return [];
      const values = Object.entries(data).map(([key, value]) => {
        const same = !(key in otherData) || otherData[key] === value;
        return [key, same ? '***' : `*** (${word})`];
      });
      return [[field, Object.fromEntries(values)]];
    });
    return { ...object, ...Object.fromEntries(hidden) };
  };
  return [live && mask(live, applied, 'before'), mask(applied, live, 'after')];
}
