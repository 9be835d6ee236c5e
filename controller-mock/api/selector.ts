/**
 * Label and field selectors in the syntax of the API: kubernetes/apimachinery, pkg/labels/selector.go Parse,
 * pkg/fields/selector.go ParseSelector.
 */

import { labelKeyFault, labelValueFault } from './names.ts';
import { badRequest } from './status.ts';

export type LabelSelector = (labels: Readonly<Record<string, string>> | undefined) => boolean;

interface Requirement {
  key: string;
  operator: 'in' | 'notin' | 'exists' | 'absent' | 'gt' | 'lt';
  values: string[];
}

const EVERYTHING: LabelSelector = () => true;

/** Splits at commas that are not inside parentheses. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === ',' && depth === 0) {
      terms.push(text.slice(start, index));
      start = index + 1;
    }
    if (depth < 0 || depth > 1) throw unparsable(text, 'parentheses do not match');
  }
  if (depth !== 0) throw unparsable(text, 'parentheses do not match');
  terms.push(text.slice(start));
  return terms;
}

function unparsable(text: string, why: string) {
  return badRequest(
    `unable to parse requirement: ${JSON.stringify(text.slice(0, 200))}: ${why}; a selector is a list of key=value, key!=value, key in (a,b), key notin (a,b), key, !key, key>1 or key<1, joined by commas`,
  );
}

const SET_TERM = /^([^\s!=<>()]+)\s+(in|notin)\s*\(([^()]*)\)$/;
const VALUE_TERM = /^([^\s!=<>()]+)\s*(==|!=|=|>|<)\s*([^\s!=<>()]*)$/;
const EXISTS_TERM = /^(!?)\s*([^\s!=<>()]+)$/;

function parseRequirement(term: string): Requirement {
  const text = term.trim();
  const set = SET_TERM.exec(text);
  if (set) {
    return checked(text, {
      key: set[1]!,
      operator: set[2] as 'in' | 'notin',
      values: set[3]!.split(',').map((value) => value.trim()),
    });
  }
  const value = VALUE_TERM.exec(text);
  if (value) {
    const operator = ({ '=': 'in', '==': 'in', '!=': 'notin', '>': 'gt', '<': 'lt' } as const)[value[2] as '='];
    return checked(text, { key: value[1]!, operator, values: [value[3]!] });
  }
  const exists = EXISTS_TERM.exec(text);
  if (exists) return checked(text, { key: exists[2]!, operator: exists[1] ? 'absent' : 'exists', values: [] });
  throw unparsable(text, 'found no operator');
}

function checked(text: string, requirement: Requirement): Requirement {
  const keyFault = labelKeyFault(requirement.key);
  if (keyFault) throw unparsable(text, `key: Invalid value: ${JSON.stringify(requirement.key)}: ${keyFault}`);
  for (const value of requirement.values) {
    if (requirement.operator === 'gt' || requirement.operator === 'lt') {
      if (!/^-?\d+$/.test(value))
        throw unparsable(
          text,
          `values[0]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
        );
      continue;
    }
    const fault = labelValueFault(value);
    if (fault) throw unparsable(text, `values: Invalid value: ${JSON.stringify(value)}: ${fault}`);
  }
  return requirement;
}

function matches(requirement: Requirement, labels: Readonly<Record<string, string>>): boolean {
  const has = Object.hasOwn(labels, requirement.key);
  const value = has ? labels[requirement.key]! : '';
  switch (requirement.operator) {
    case 'exists':
      return has;
    case 'absent':
      return !has;
    case 'in':
      return has && requirement.values.includes(value);
    case 'notin':
      return !has || !requirement.values.includes(value);
    case 'gt':
      return has && /^-?\d+$/.test(value) && BigInt(value) > BigInt(requirement.values[0]!);
    case 'lt':
      return has && /^-?\d+$/.test(value) && BigInt(value) < BigInt(requirement.values[0]!);
  }
}

const NO_LABELS: Readonly<Record<string, string>> = {};

/** @throws ApiStatusError 400 */
export function parseLabelSelector(text: string): LabelSelector {
  if (text.trim() === '') return EVERYTHING;
  const requirements = splitTerms(text).map(parseRequirement);
  return (labels) => requirements.every((requirement) => matches(requirement, labels ?? NO_LABELS));
}

export interface FieldRequirement {
  field: string;
  equal: boolean;
  value: string;
}

/** Terms `field=value`, `field==value` and `field!=value`; `\,`, `\=` and `\\` stand for themselves. @throws ApiStatusError 400 */
export function parseFieldSelector(text: string): FieldRequirement[] {
  if (text.trim() === '') return [];
  return text
    .split(/(?<=(?<!\\)(?:\\\\)*),/)
    .map((term) => (term.endsWith(',') && !/(?<!\\)(?:\\\\)*\\,$/.test(term) ? term.slice(0, -1) : term))
    .filter((term) => term !== '')
    .map((term) => {
      const parsed = /^([^=!\\]+)(==|!=|=)((?:[^\\=,]|\\[\\,=])*)$/.exec(term);
      if (!parsed)
        throw badRequest(
          `invalid selector: ${JSON.stringify(text.slice(0, 200))}; can't understand ${JSON.stringify(term.slice(0, 100))}`,
        );
      return { field: parsed[1]!.trim(), equal: parsed[2] !== '!=', value: parsed[3]!.replace(/\\(.)/g, '$1') };
    });
}
