/** Figures of links that have a name. */
import type { LinkFigures } from './expanded-plan.ts';

/** The perfect link, which is none. */
export const NO_LINK: LinkFigures = { delayMs: 0, jitterMs: 0, loss: 0, bytesPerSecond: null };

/**
 * Links that others work with. `acm-scale-lab`: what the public scale lab of Advanced Cluster Management gives hosts at far edges, 25 ms each
 * way and a loss of 0.02 %; a bandwidth is none of it.
 */
export const LINK_PRESETS = {
  'acm-scale-lab': { ...NO_LINK, delayMs: 25, loss: 0.0002 },
} as const satisfies Readonly<Record<string, LinkFigures>>;
export type LinkPreset = keyof typeof LINK_PRESETS;
