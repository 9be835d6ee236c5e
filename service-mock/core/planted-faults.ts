/**
 * Faults inside the service, one kind each for a cause that is known from real ones. They are planted when it is started, or while it
 * runs by `/mock/planted` (see `http/planted-admin.ts`); whoever can suffer from one asks here. What they take is wall-clock time, at
 * any speed of the clock.
 */

interface PlantedKind {
  /** What its amount says; null where there is none to be chosen. */
  readonly amount: { readonly usual: number; readonly most: number; readonly says: string } | null;
  readonly help: string;
}

const define = <const T extends Readonly<Record<string, PlantedKind>>>(table: T) => table;

export const PLANTED_KINDS = define({
  'slow-sql': {
    amount: { usual: 300, most: 60_000, says: 'milliseconds' },
    help: 'every statement takes so much longer',
  },
  'exhausted-pool': {
    amount: { usual: 3, most: 90, says: 'connections' },
    help: 'the pool has so few connections, and each is held for a second after its statement',
  },
  'events-bloat': {
    amount: { usual: 50, most: 10_000, says: 'rows' },
    help: 'every event is written so many times',
  },
  'stalled-monitor': { amount: null, help: 'passes over hosts and clusters begin and never end' },
  'leaking-goroutines': {
    amount: { usual: 20, most: 1000, says: 'a request' },
    help: 'every request leaves so many behind',
  },
  'restarting-pod': {
    amount: { usual: 6, most: 3600, says: 'seconds' },
    help: 'the process begins anew so often: counters at 0, and nobody listens for two seconds; rows are kept, as in a database',
  },
  'lost-requeue': {
    amount: { usual: 1, most: 1, says: 'a share' },
    help: 'keys that a reconciler asks to get again later never come (kube mode)',
  },
  'slow-images': {
    amount: { usual: 3000, most: 600_000, says: 'milliseconds' },
    help: 'the image service begins every answer so much later',
  },
  '429-storm': { amount: { usual: 0.3, most: 1, says: 'a share' }, help: 'such a share of the requests is refused' },
  'reset-storm': {
    amount: { usual: 0.2, most: 1, says: 'a share' },
    help: 'the connections of such a share of the requests are reset',
  },
});
export type PlantedKindName = keyof typeof PLANTED_KINDS;

export interface PlantedFault {
  kind: PlantedKindName;
  /** As {@link PLANTED_KINDS} says; the usual one when absent. */
  amount?: number;
}

/** Something that is no fault to plant; the message says what is allowed. */
export class PlantedFaultError extends Error {}

/** Reads `kind` or `kind=amount`. @throws PlantedFaultError */
export function parsePlantedFault(text: string): PlantedFault {
  const [, kind = '', amount] = /^([^=]*)(?:=(.*))?$/s.exec(text)!;
  return checkedFault(kind, amount === undefined ? undefined : amount.trim() === '' ? Number.NaN : Number(amount));
}

/** @throws PlantedFaultError */
export function checkedFault(kind: string, amount?: number): PlantedFault {
  if (!Object.hasOwn(PLANTED_KINDS, kind)) {
    throw new PlantedFaultError(
      `there is no fault '${kind.slice(0, 80)}'; allowed: ${Object.keys(PLANTED_KINDS).join(', ')}`,
    );
  }
  const name = kind as PlantedKindName;
  if (amount === undefined) return { kind: name };
  const known = PLANTED_KINDS[name].amount;
  if (known === null) throw new PlantedFaultError(`${name} has no amount; allowed: ${name}`);
  if (!(amount > 0 && amount <= known.most)) {
    throw new PlantedFaultError(
      `the amount of ${name} is not allowed; allowed: ${known.says}, more than 0 and at most ${known.most}, such as ${name}=${known.usual}`,
    );
  }
  return { kind: name, amount };
}

/** What is planted at present. */
export class PlantedFaults {
  readonly #amounts = new Map<PlantedKindName, number>();
  readonly #onChange: (() => void)[] = [];

  constructor(faults: readonly PlantedFault[] = []) {
    for (const fault of faults) this.plant(fault);
  }

  plant({ kind, amount }: PlantedFault): void {
    this.#amounts.set(kind, amount ?? PLANTED_KINDS[kind].amount?.usual ?? 1);
    for (const tell of this.#onChange) tell();
  }

  /** All of them, or one kind. */
  remove(kind?: PlantedKindName): void {
    if (kind === undefined) this.#amounts.clear();
    else this.#amounts.delete(kind);
    for (const tell of this.#onChange) tell();
  }

  /** The amount of a fault that is planted; null when it is not. */
  amount(kind: PlantedKindName): number | null {
    return this.#amounts.get(kind) ?? null;
  }

  list(): Required<PlantedFault>[] {
    return [...this.#amounts].map(([kind, amount]) => ({ kind, amount }));
  }

  /** Told after each change. */
  onChange(tell: () => void): void {
    this.#onChange.push(tell);
  }
}
