/** Hosts for the InfraEnvs of others, in a process that launches them. */
import { get } from './api.js';
import { byId, card, el, show, table, tableRow, tile } from './dom.js';
import { count } from './words.js';

const SHOWN = 50;
/** Whether this daemon launches hosts: what serves the page says so. */
const LAUNCHES = document.body.dataset.launches === 'yes';

const words = (phases) =>
  Object.entries(phases)
    .filter(([name, hosts]) => hosts && name !== 'planned' && name !== 'stopped')
    .map(([name, hosts]) => `${count(hosts)} ${name}`)
    .join(', ');

/** @returns whether this daemon launches hosts */
export async function lookAtLaunch() {
  if (!LAUNCHES) return false;
  const launch = await get('/launch');
  if (!launch) return true;
  const rows = (await get(`/launch/infra-envs?limit=${SHOWN}`)) ?? [];
  const title =
    rows.length < launch.infraEnvs ? `InfraEnvs, ${rows.length} of ${count(launch.infraEnvs)}` : 'InfraEnvs';
  show(
    byId('launch'),
    card(
      'Launch',
      el(
        'div',
        { class: 'tiles' },
        tile('InfraEnvs with hosts', `${count(launch.launched)} / ${count(launch.infraEnvs)}`),
        tile('InfraEnvs that wait', count(launch.waiting.length), launch.waiting.length ? 'warn' : ''),
        tile('hosts alive', count(launch.hosts)),
      ),
      el('p', { class: 'soft' }, words(launch.phases) || 'No hosts yet.'),
    ),
    rows.length > 0 &&
      card(
        title,
        table(
          title,
          ['InfraEnv', 'hosts', '<'],
          rows.map((row) =>
            tableRow(row.infraEnv, count(row.hosts), [
              row.waiting || words(row.phases),
              row.waiting ? 'text long warn' : 'text long',
            ]),
          ),
        ),
      ),
  );
  return true;
}
