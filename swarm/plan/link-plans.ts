/** What a plan says of slow links. */
import { parseBytes } from './boot-load.ts';
import { formatDuration, parseDuration } from './duration.ts';
import type { LinkFigures, LinkPlan } from './expanded-plan.ts';
import { LINK_PRESETS, type LinkPreset, NO_LINK } from './link-presets.ts';
import type { PlanFile } from './schema.ts';

/** A signal to the moon takes a second, and beyond ten no dial of a stock program ends in time. */
const LONGEST_DELAY_MS = 10_000;
const MOST_LOSS = 0.5;
const LEAST_BYTES = 1000;
/** Of percents that are added up. */
const ROUNDING = 1e-9;

type Refuse = (path: readonly (string | number)[], allowed: string) => void;

/** @param refuse told of each value that cannot be, with what is allowed */
export function linkPlans(given: PlanFile['links'], refuse: Refuse): LinkPlan[] {
  let taken = 0;
  return (given ?? []).map((entry, i) => {
    const percent = Number.parseFloat(entry.share);
    if (percent === 0) refuse([i, 'share'], 'more than 0% of the hosts (leave the entry out)');
    else if (taken + percent > 100 + ROUNDING) {
      const left = Math.max(0, Math.round((100 - taken) * 1000) / 1000);
      refuse([i, 'share'], `at most ${left}%: all entries together have at most 100% of the hosts`);
    }
    taken += percent;
    const preset = entry.preset ?? null;
    return {
      share: percent / 100,
      preset,
      figures: figuresOf(entry, (key, allowed) => refuse(key === null ? [i] : [i, key], allowed)),
    };
  });
}

type Entry = NonNullable<PlanFile['links']>[number];
type FigureKey = 'delay' | 'jitter' | 'loss' | 'bandwidth';

function figuresOf(entry: Entry, refuse: (key: FigureKey | null, allowed: string) => void): LinkFigures {
  const { preset, delay, jitter, loss, bandwidth } = entry;
  const figures: LinkFigures = {
    ...(preset === undefined ? NO_LINK : LINK_PRESETS[preset as LinkPreset]),
    ...(delay !== undefined && { delayMs: parseDuration(delay) * 1000 }),
    ...(jitter !== undefined && { jitterMs: parseDuration(jitter) * 1000 }),
    ...(loss !== undefined && { loss: Number.parseFloat(loss) / 100 }),
    ...(bandwidth !== undefined && { bytesPerSecond: parseBytes(bandwidth) }),
  };
  if (figures.delayMs > LONGEST_DELAY_MS) refuse('delay', `at most ${formatDuration(LONGEST_DELAY_MS / 1000)}`);
  else if (figures.jitterMs > figures.delayMs) {
    const most = `at most the delay (${formatLinkTime(figures.delayMs)}): nothing arrives before it was sent`;
    refuse(jitter === undefined ? 'delay' : 'jitter', jitter === undefined ? 'at least the jitter' : most);
  }
  if (figures.loss > MOST_LOSS) refuse('loss', `at most ${MOST_LOSS * 100}%`);
  if (figures.bytesPerSecond !== null && figures.bytesPerSecond < LEAST_BYTES) refuse('bandwidth', 'at least 1kB/s');
  if (figures.delayMs === 0 && figures.loss === 0 && figures.bytesPerSecond === null) {
    refuse(
      null,
      `a mapping with a preset (${Object.keys(LINK_PRESETS).join(', ')}), or with a delay, loss or bandwidth that makes a link of it`,
    );
  }
  return figures;
}

/** `25ms each way ± 5ms, 0.02% loss, 1MB/s`. */
export function formatLink({ delayMs, jitterMs, loss, bytesPerSecond }: LinkFigures): string {
  const parts = [
    ...(delayMs > 0
      ? [`${formatLinkTime(delayMs)} each way${jitterMs > 0 ? ` ± ${formatLinkTime(jitterMs)}` : ''}`]
      : []),
    ...(loss > 0 ? [`${Number((loss * 100).toPrecision(6))}% loss`] : []),
    ...(bytesPerSecond === null ? [] : [formatRate(bytesPerSecond)]),
  ];
  return parts.join(', ');
}

/** What people call it: its preset, or its figures. */
export function linkName({ preset, figures }: Pick<LinkPlan, 'preset' | 'figures'>): string {
  return preset === null ? formatLink(figures) : `${preset} (${formatLink(figures)})`;
}

function formatLinkTime(ms: number): string {
  return ms < 1000 ? `${Number(ms.toPrecision(6))}ms` : formatDuration(ms / 1000);
}

function formatRate(bytes: number): string {
  const [factor, unit] = bytes >= 1e9 ? [1e9, 'GB'] : bytes >= 1e6 ? [1e6, 'MB'] : [1e3, 'kB'];
  return `${Number((bytes / factor).toPrecision(6))}${unit}/s`;
}
