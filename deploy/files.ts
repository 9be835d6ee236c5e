/** What deploy/ holds for Grafana and Prometheus, made from the table of metrics. */
import { stringify } from 'yaml';
import { dashboard } from './dashboard.ts';
import { BACKUP_DASHBOARD } from './dashboards/backup.ts';
import { GENERATOR } from './dashboards/generator.ts';
import { serviceDashboard } from './dashboards/service.ts';
import { RULE_GROUPS } from './rules.ts';
import { SCRAPE_CONFIG } from './scrape.ts';

const MADE = '# Made by `node deploy/write.ts`; change what it is made from.\n';

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

/** Contents by path inside of deploy/. */
export function deployFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['grafana/generator.json', json(dashboard(GENERATOR))],
    ['grafana/service.json', json(dashboard(serviceDashboard(GENERATOR.rows)))],
    ['grafana/backup.json', json(dashboard(BACKUP_DASHBOARD))],
    ['prometheus/rules.yaml', MADE + stringify({ groups: RULE_GROUPS }, { lineWidth: 0 })],
    ['prometheus/scrape.yaml', SCRAPE_CONFIG],
  ]);
}
