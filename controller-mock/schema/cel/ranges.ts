/** Numbers between two bounds, which stay below 2^64: google/cel-go, checker/cost.go SizeEstimate, CostEstimate. */

export interface Range {
  readonly min: number;
  readonly max: number;
}

export const ONE: Range = { min: 1, max: 1 };

/** 2^64 - 1, as near as numbers come. */
const MOST = 2 ** 64;

const bounded = (value: number) => Math.min(value, MOST);

/** Nothing of something endless is nothing. */
const product = (a: number, b: number) => (a === 0 || b === 0 ? 0 : bounded(bounded(a) * bounded(b)));

export const plus = (a: Range, b: Range): Range => ({ min: bounded(a.min + b.min), max: bounded(a.max + b.max) });
export const times = (a: Range, b: Range): Range => ({ min: product(a.min, b.min), max: product(a.max, b.max) });

/** Rounded up. */
export const scaled = ({ min, max }: Range, factor: number): Range => ({
  min: bounded(Math.ceil(bounded(min) * factor)),
  max: bounded(Math.ceil(bounded(max) * factor)),
});

/** What holds both. */
export const union = (a: Range, b: Range): Range => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) });
