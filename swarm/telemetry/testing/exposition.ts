/** The text exposition format of Prometheus, as its readers take it. */

export interface Family {
  help: string;
  type: string;
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

/**
 * Reads the text exposition format strictly: HELP then TYPE then samples of one family together, valid names, escaped
 * label values, no series twice, sound histograms. Throws on anything else.
 */
export function parseExposition(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let family: Family | undefined;
  let name = '';
  if (!text.endsWith('\n')) throw new Error('does not end with a line feed');
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const help = /^# HELP ([a-z_]+) (\S.*)$/.exec(line);
    if (help) {
      name = help[1]!;
      if (families.has(name)) throw new Error(`family twice: ${name}`);
      family = { help: help[2]!, type: '', samples: [] };
      families.set(name, family);
      continue;
    }
    const type = /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/.exec(line);
    if (type) {
      if (type[1] !== name || !family || family.type !== '') throw new Error(`TYPE out of place: ${line}`);
      family.type = type[2]!;
      continue;
    }
    const sample = /^([a-z_]+)(?:\{(.*)\})? (-?[0-9.e+-]+|\+Inf)$/.exec(line);
    if (!sample || !family?.type) throw new Error(`no sample: ${line}`);
    const suffix = sample[1]!.slice(name.length);
    const allowed = family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    if (!sample[1]!.startsWith(name) || !allowed.includes(suffix)) throw new Error(`foreign sample: ${line}`);
    const labels: Record<string, string> = {};
    const rest = (sample[2] ?? '').replace(/([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/g, (_all, label, value) => {
      if (label in labels) throw new Error(`label twice: ${line}`);
      labels[label] = value;
      return '';
    });
    if (rest !== '') throw new Error(`bad labels: ${line}`);
    const series = `${sample[1]}${JSON.stringify(Object.entries(labels).sort())}`;
    if (seen.has(series)) throw new Error(`series twice: ${line}`);
    seen.add(series);
    const value = Number(sample[3]);
    if (Number.isNaN(value)) throw new Error(`no number: ${line}`);
    family.samples.push({ name: sample[1]!, labels, value });
  }
  for (const [familyName, { type, samples }] of families) {
    if (type === 'counter' && !familyName.endsWith('_total')) throw new Error(`counter without _total: ${familyName}`);
    if (type !== 'counter' && familyName.endsWith('_total')) throw new Error(`_total is no counter: ${familyName}`);
    if (type === 'histogram') checkHistogram(familyName, samples);
  }
  return families;
}

function checkHistogram(name: string, samples: Family['samples']): void {
  const groups = new Map<string, { buckets: [number, number][]; sum?: number; count?: number }>();
  for (const sample of samples) {
    const { le, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    const group = groups.get(key) ?? { buckets: [] };
    groups.set(key, group);
    if (sample.name.endsWith('_bucket')) {
      group.buckets.push([le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), sample.value]);
    } else if (sample.name.endsWith('_sum')) {
      group.sum = sample.value;
    } else {
      group.count = sample.value;
    }
  }
  for (const { buckets, sum, count } of groups.values()) {
    const last = buckets.at(-1);
    if (!last || last[0] !== Number.POSITIVE_INFINITY || last[1] !== count) throw new Error(`${name}: +Inf ≠ count`);
    if (sum === undefined) throw new Error(`${name}: no sum`);
    for (const [i, [le, value]] of buckets.entries()) {
      const before = buckets[i - 1];
      if (before && (before[0] >= le || before[1] > value)) throw new Error(`${name}: buckets fall at ${le}`);
    }
  }
}

/** Of the first sample of this name that has these labels. */
export function value(
  families: Map<string, Family>,
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
  return family?.samples.find(
    (sample) => sample.name === name && Object.entries(labels).every(([label, text]) => sample.labels[label] === text),
  )?.value;
}
