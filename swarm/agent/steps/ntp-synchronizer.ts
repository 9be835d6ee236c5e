/**
 * Time sources of chronyd: those asked for, else the ones the image brings. All in step
 * (assisted-installer-agent src/ntp_synchronizer/ntp_synchronizer.go).
 */
import { isIP } from 'node:net';
import { goJson } from '../../../model/protocol/go-json.ts';
import { objectArgument, type Step, StepArgumentError } from './step.ts';

const STEP = 'ntp synchronizer';
const HOST_NAME = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
/** Four of a public pool, by the names that reverse DNS gives them. */
const DEFAULT_SOURCES = ['time-a.pool.example.net', 'time-b.pool.example.net', 'ntp1.example.org', 'ntp2.example.org'];

export const ntpSynchronizer: Step<string[]> = {
  parse(args) {
    const request = objectArgument(STEP, args);
    const text = request.ntp_source;
    if (typeof text !== 'string') throw new StepArgumentError(`${STEP}: ntp_source must be a string`);
    const sources = text === '' ? [] : text.split(',');
    for (const source of sources) {
      if (isIP(source) === 0 && !HOST_NAME.test(source)) {
        throw new StepArgumentError(`${STEP}: "${source}" is neither a host name nor an address`);
      }
    }
    return sources;
  },
  run(sources) {
    const names = sources.length > 0 ? sources : DEFAULT_SOURCES;
    const ntpSources = names.map((name, index) => ({
      source_name: name,
      source_state: index === 0 ? 'synced' : 'combined',
    }));
    return { output: goJson({ ntp_sources: ntpSources }) };
  },
};
