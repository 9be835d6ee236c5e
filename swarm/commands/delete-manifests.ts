/** The work of `swarm manifests delete`. */
import { RUN_LABEL } from '../../manifests/index.ts';
import type { KubeResource } from '../../model/kube/resources.ts';
import { HubObjects, targetOf } from '../cluster/hub-objects.ts';
import { elsewhereReason, HubPreflight } from '../cluster/hub-preflight.ts';
import { describeTarget, type HubRemainder } from '../cluster/hub-removal.ts';
import { HubRequests } from '../cluster/hub-requests.ts';
import { RUN_KINDS, RunRemoval } from '../cluster/run-removal.ts';
import { countOf, formatCount, formatMs } from '../report/style.ts';
import { type Work, WorkProgress } from '../report/work-progress.ts';
import { RunArchive } from '../telemetry/run-archive.ts';
import { EXIT, InputError } from './exit.ts';
import { HubAccess, type HubFlags, orInput } from './hub-access.ts';
import { HubLedgers } from './hub-ledgers.ts';
import { Interruption } from './interrupt.ts';
import { ManifestFleet, type ManifestFleetOptions } from './manifest-fleet.ts';
import { note } from './note.ts';
import { Refusals, refusedText } from './work-texts.ts';

export interface DeleteFlags extends ManifestFleetOptions, HubFlags {
  /** Value of the label, or id of a run of `--out`. */
  run?: string;
  concurrency: number;
  /** Seconds. */
  timeout: number;
  stripFinalizers?: true;
  dryRun?: true;
  out: string;
  json?: true;
}

/** @returns the exit code. @throws InputError */
export async function deleteManifests(files: readonly string[], flags: DeleteFlags): Promise<number> {
  const { label, access, types, server } = await whatToDelete(files, flags);
  const hub = new HubAccess(access, flags.concurrency);
  const elsewhere = server === undefined ? null : elsewhereReason(server, hub.place.server);
  if (elsewhere !== null) throw new InputError(`${elsewhere}; nothing was removed`);
  const interruption = new Interruption(
    () => note('ending what is under way; Ctrl-C again leaves at once'),
    () => process.exit(EXIT.interrupted),
  );
  try {
    return await new DeleteCommand(label, types, hub, flags, interruption.begin).run();
  } catch (error) {
    if (!interruption.begin.aborted) throw error;
    note('interrupted; repeat the command to remove the rest');
    return EXIT.interrupted;
  } finally {
    interruption.release();
    await hub.close();
  }
}

interface Deletion {
  label: string;
  access: HubFlags;
  /** Address of the hub that it must be. */
  server?: string;
  /** Kinds (`apiVersion kind`) that the manifests have. */
  types: Iterable<string>;
}

/** @throws InputError */
async function whatToDelete(files: readonly string[], flags: DeleteFlags): Promise<Deletion> {
  const { run, values, kubeconfig, context, out } = flags;
  const access = {
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
  };
  if (run === undefined) {
    const fleet = new ManifestFleet(files, flags);
    // Our own templates have no other kinds than those that are looked for anyway.
    const types = flags.templates === undefined ? [] : (await fleet.survey(new AbortController().signal)).kinds.keys();
    return { label: fleet.label, access: fleet.hubOf(flags), types };
  }
  if (files.length > 0 || values !== undefined) {
    throw new InputError('--run and a plan or --values are both given; allowed: one of them');
  }
  const records = new RunArchive(out).list().filter(({ hub }) => hub !== null);
  const record = records.find(({ id, hub }) => id === run || hub?.label === run);
  if (!/^[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/.test(run)) {
    throw new InputError(
      `--run ${run} is not the value of a label; give a run's name, as \`swarm manifests apply\` tells it`,
    );
  }
  const recorded = record?.hub;
  if (kubeconfig !== undefined || context !== undefined || !recorded) {
    return { label: recorded?.label ?? run, access, types: [] };
  }
  return {
    label: recorded.label,
    server: recorded.server,
    access: {
      ...(recorded.kubeconfig !== null && { kubeconfig: recorded.kubeconfig }),
      ...(recorded.context !== null && { context: recorded.context }),
    },
    types: [],
  };
}

class DeleteCommand implements Work {
  readonly unit = 'namespaces';
  readonly title: string;
  readonly #label: string;
  readonly #types: Iterable<string>;
  readonly #hub: HubAccess;
  readonly #flags: DeleteFlags;
  readonly #signal: AbortSignal;
  readonly #stripped: { object: string; finalizers: readonly string[] }[] = [];
  #removal: RunRemoval | null = null;

  constructor(label: string, types: Iterable<string>, hub: HubAccess, flags: DeleteFlags, signal: AbortSignal) {
    this.title = `delete ${label}`;
    this.#label = label;
    this.#types = types;
    this.#hub = hub;
    this.#flags = flags;
    this.#signal = signal;
  }

  get done(): number {
    return this.#removal?.done ?? 0;
  }

  get of(): number {
    return this.#removal?.of ?? 0;
  }

  details(): string[] {
    const { calls } = this.#hub;
    return [
      `${formatCount(this.#removal?.gone ?? 0)} of ${countOf(this.#removal?.found ?? 0, 'object')} gone`,
      countOf(calls.total, 'request'),
    ];
  }

  warning(): string {
    const count = this.#stripped.length;
    return count > 0 ? `took the finalizers off ${countOf(count, 'object')}` : '';
  }

  async run(): Promise<number> {
    const startedAt = performance.now();
    const { client, clock, place } = this.#hub;
    const { concurrency, timeout, stripFinalizers, out } = this.#flags;
    const preflight = new HubPreflight(new HubRequests({ client, clock }), this.#signal);
    const unreachable = await preflight.unreachable();
    if (unreachable !== null) throw new InputError(`${unreachable}; nothing was removed`);
    const ledgers = new HubLedgers(out, { server: place.server, label: this.#label });
    await ledgers.settled(clock, this.#signal);
    const progress = new WorkProgress({ work: this, stream: process.stderr });
    const removal = new RunRemoval({
      objects: new HubObjects({ client, clock, ledger: ledgers.first, run: this.#label }),
      run: this.#label,
      kinds: await orInput('nothing was removed', this.#kinds(preflight, ledgers)),
      signal: this.#signal,
      concurrency,
      limitMs: timeout * 1000,
      controllers: await orInput('nothing was removed', preflight.hasControllers()),
      strip: stripFinalizers === true,
      onGone: (target) => ledgers.gone(target),
      onStrip: (target, finalizers) => {
        const object = describeTarget(target);
        this.#stripped.push({ object, finalizers });
        progress.interrupt(() => note(`took the finalizers ${finalizers.join(', ')} off ${object}`));
      },
    });
    this.#removal = removal;
    await orInput('nothing was removed', removal.find());
    if (this.#flags.dryRun) return this.#list(removal);
    progress.start();
    let left: HubRemainder[];
    try {
      left = await removal.remove();
      if (!this.#signal.aborted && left.length === 0) ledgers.allGone();
    } finally {
      progress.stop();
      ledgers.end();
    }
    this.#report(removal, left, performance.now() - startedAt);
    if (this.#signal.aborted) return EXIT.interrupted;
    return left.length > 0 ? EXIT.failed : EXIT.ok;
  }

  /** Ours, those of the templates, and those that ledgers tell of. */
  async #kinds(preflight: HubPreflight, ledgers: HubLedgers): Promise<KubeResource[]> {
    const kinds = new Map(RUN_KINDS.map((resource) => [`${resource.group} ${resource.kind}`, resource]));
    const add = (resource: KubeResource) => {
      const key = `${resource.group} ${resource.kind}`;
      if (!kinds.has(key)) kinds.set(key, resource);
    };
    for (const record of ledgers.open()) {
      const target = targetOf(record);
      if (target) add(target.resource);
    }
    for (const resource of (await preflight.served(this.#types)).values()) add(resource);
    return [...kinds.values()];
  }

  #list(removal: RunRemoval): number {
    const names = removal.targets().map(describeTarget);
    if (this.#flags.json) process.stdout.write(`${JSON.stringify({ ...this.#head(), objects: names }, null, 2)}\n`);
    else process.stdout.write(names.map((name) => `${name}\n`).join(''));
    note(`would remove ${countOf(names.length, 'object')}; nothing was removed`);
    return EXIT.ok;
  }

  #head() {
    return { run: { label: RUN_LABEL, name: this.#label }, hub: this.#hub.place.server };
  }

  #report(removal: RunRemoval, left: readonly HubRemainder[], ms: number): void {
    const { calls } = this.#hub;
    const refusals = new Refusals();
    for (const { target, reason } of left) {
      const { kind } = target.resource;
      refusals.add(kind, describeTarget(target).slice(kind.length + 1), reason);
    }
    if (this.#flags.json) {
      const json = {
        ...this.#head(),
        found: removal.found,
        removed: removal.gone,
        left: refusals.summary(),
        stripped: this.#stripped,
        requests: calls.summary(),
        seconds: Math.round(ms) / 1000,
      };
      process.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
    } else if (left.length > 0) process.stdout.write(`${refusedText(refusals.summary(), 'left').join('\n')}\n`);
    const what =
      removal.found === 0
        ? 'found nothing to remove'
        : `removed ${countOf(removal.gone, 'object')} in ${formatMs(ms)} with ${countOf(calls.total, 'request')}`;
    const rest = this.#signal.aborted
      ? '; interrupted, repeat the command to remove the rest'
      : left.length > 0
        ? `; ${formatCount(left.length)} are left`
        : removal.found > 0
          ? '; nothing is left'
          : '';
    note(`${what}${rest} (label ${RUN_LABEL}=${this.#label})`);
    if (left.some(({ finalizers }) => finalizers) && !this.#flags.stripFinalizers) {
      note('--strip-finalizers takes the finalizers off what is stuck; what they would have done is not done then');
    }
  }
}
