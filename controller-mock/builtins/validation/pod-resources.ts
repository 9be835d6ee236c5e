/** What containers ask for, and what they are limited to. */
import { causeForbidden, causeInvalid, causeRequired, type StatusCause } from '../../api/causes.ts';
import { quantityNanos } from '../../api/quantity.ts';
import { type Fields, fields } from '../fields.ts';
import { coreSource } from './pod-facts.ts';
import {
  containerResourceFaults,
  hugePageFaults,
  isHugePages,
  mayBeOvercommitted,
  quantityFaults,
} from './resources.ts';
import { type Check, type Rule, rows } from './rule.ts';

const listFaults = (list: Readonly<Fields>, path: string): StatusCause[] =>
  Object.entries(list).flatMap(([resource, quantity]) => {
    const here = `${path}[${resource}]`;
    return [
      ...containerResourceFaults(resource, here),
      ...quantityFaults(resource, quantity, here),
      ...hugePageFaults(resource, quantity, here),
    ];
  });

function requestFaults(requests: Readonly<Fields>, limits: Readonly<Fields>, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  for (const [resource, quantity] of Object.entries(requests)) {
    const limit = limits[resource];
    const elastic = mayBeOvercommitted(resource);
    if (limit === undefined) {
      if (!elastic) causes.push(causeRequired(`${path}.limits`, 'Limit must be set for non overcommitable resources'));
    } else if (quantity !== limit) {
      const difference = quantityNanos(quantity) - quantityNanos(limit);
      if (elastic ? difference <= 0n : difference === 0n) continue;
      const order = elastic ? 'less than or equal to' : 'equal to';
      causes.push(causeInvalid(`${path}.requests`, quantity, `must be ${order} ${resource} limit of ${limit}`));
    }
  }
  return causes;
}

const requirements: Check = (value, place) => {
  if (!value) return undefined;
  const { path } = place;
  const limits = fields(value, 'limits');
  const requests = fields(value, 'requests');
  const causes = [
    ...listFaults(limits, `${path}.limits`),
    ...listFaults(requests, `${path}.requests`),
    ...requestFaults(requests, limits, path),
  ];
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    causes.push(causeForbidden(path, 'HugePages require cpu or memory'));
  }
  return causes;
};

/** Of a container. */
export const RESOURCE_RULES: readonly Rule[] = rows(coreSource('ValidateContainerResourceRequirements'), [
  ['resources', requirements],
]);
