/** Which rules each built-in kind has: one file a group of kinds. */
import type { Rule } from './rule.ts';

/** By apiVersion and kind. */
export const RULES: Readonly<Record<string, readonly Rule[]>> = {};
