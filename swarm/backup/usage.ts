/** What programs use, by the samples of metrics.k8s.io. */
import { type KubeObject, keyOf } from '../../model/kube/kube-object.ts';
import type { BackupPhase, UsageFigures } from './backup-figures.ts';
import { usageSpreadOf } from './spread.ts';

const MIB = 2 ** 20;

interface ContainerUsage {
  name: string;
  usage: { cpu: string; memory: string };
}

/** Samples of one kind of program. */
export class Usage {
  /** When the last sample of each pod was taken. */
  readonly #taken = new Map<string, string>();
  readonly #samples: { phase: BackupPhase; cpu: number; memory: number }[] = [];

  /** Takes the container of this name; what is not there is no sample, and one that is shown again is no other. */
  add(metrics: KubeObject, container: string, phase: BackupPhase): void {
    const { timestamp } = metrics as { timestamp?: string };
    if (timestamp !== undefined && this.#taken.get(keyOf(metrics)) === timestamp) return;
    if (timestamp !== undefined) this.#taken.set(keyOf(metrics), timestamp);
    const found = ((metrics.containers ?? []) as ContainerUsage[]).find(({ name }) => name === container);
    const cpu = quantityOf(found?.usage.cpu);
    const memory = quantityOf(found?.usage.memory);
    if (cpu !== null && memory !== null) this.#samples.push({ phase, cpu: cpu * 1000, memory: memory / MIB });
  }

  get isEmpty(): boolean {
    return this.#samples.length === 0;
  }

  get figures(): UsageFigures {
    const of = (samples: readonly { cpu: number; memory: number }[]) => ({
      cpu: usageSpreadOf(samples.map(({ cpu }) => cpu)),
      memory: usageSpreadOf(samples.map(({ memory }) => memory)),
    });
    const phases = Map.groupBy(this.#samples, ({ phase }) => phase);
    const byPhase = Object.fromEntries([...phases].map(([phase, samples]) => [phase, of(samples)]));
    return { ...of(this.#samples), byPhase };
  }
}

const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A quantity such as `250m` or `90Mi` in cores or bytes; null for what is none. Upstream: apimachinery, pkg/api/resource/quantity.go */
export function quantityOf(text: string | undefined): number | null {
  const match = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(text ?? '');
  const factor = match ? FACTORS[match[2]!] : undefined;
  const value = Number(match?.[1]);
  return factor === undefined || !Number.isFinite(value) ? null : value * factor;
}
