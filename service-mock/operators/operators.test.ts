import { expect, it } from 'vitest';
import type { JsonObject } from '../service-api.ts';
import { Site } from '../testing/test-site.ts';

it.each<[string, [string, number][]]>([
  [
    'amd-gpu',
    [
      ['amd-gpu', 1800],
      ['node-feature-discovery', 1800],
      ['kmm', 1800],
    ],
  ],
  ['cnv', [['cnv', 3600]]],
  [
    'fence-agents-remediation',
    [
      ['fence-agents-remediation', 1800],
      ['node-healthcheck', 1800],
    ],
  ],
  ['mce', [['mce', 3600]]],
  [
    'mtv',
    [
      ['mtv', 3600],
      ['cnv', 3600],
    ],
  ],
  ['numaresources', [['numaresources', 1800]]],
  [
    'odf',
    [
      ['odf', 1800],
      ['lso', 4200],
    ],
  ],
  ['openshift-ai', [['openshift-ai', 1800]]],
  [
    'osc',
    [
      ['osc', 3600],
      ['node-feature-discovery', 1800],
    ],
  ],
  [
    'self-node-remediation',
    [
      ['self-node-remediation', 1800],
      ['node-healthcheck', 1800],
    ],
  ],
])('%s comes with what it needs', (name, expected) => {
  const site = new Site();
  const cluster = site.service.getCluster(site.cluster({ olm_operators: [{ name }] }), { excludeHosts: true });
  const rows = (cluster.monitored_operators as JsonObject[]).filter((row) => row.operator_type === 'olm');
  expect(rows.map((row) => [row.name, row.timeout_seconds])).toEqual(expected);
  expect(rows.map((row) => row.dependency_only === true)).toEqual(expected.map((_row, index) => index > 0));
});

it('keeps the version of an operator when a report names none', () => {
  const site = new Site();
  const clusterId = site.cluster();
  site.service.reportMonitoredOperator(clusterId, { name: 'console', status: 'progressing', version: '4.18.1' });
  site.service.reportMonitoredOperator(clusterId, { name: 'console', status: 'failed' });
  expect(site.service.listMonitoredOperators(clusterId)).toEqual([
    expect.objectContaining({ name: 'console', status: 'failed', version: '4.18.1' }),
  ]);
});
