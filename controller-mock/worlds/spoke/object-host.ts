/** A host of a spoke that consists of objects, as the timeline knows it. */
import type { SpokeDraws } from '../../../model/spoke/draws.ts';
import type { SpokeHost } from '../../../model/spoke/stages.ts';
import type { HostSettings } from './spoke-settings.ts';

export interface ObjectHost extends SpokeHost {
  readonly settings: HostSettings;
  readonly nodeName: string;
  readonly systemUuid: string;
}

/** @param day2 added after the spoke was made */
export function objectHost(settings: HostSettings, day2: boolean, draws: SpokeDraws): ObjectHost {
  const { name, fault } = settings;
  return {
    identity: { id: name },
    plan: { day2, ...(fault && { fault: { kind: fault } }) },
    settings,
    nodeName: name.toLowerCase(),
    systemUuid: settings.id ?? draws.uuid(`host/${name}`),
    // A spoke draws for all its hosts; approvals have always stood the other way round.
    random: (purpose, ordinal) =>
      draws.random(purpose === 'approval' ? `approval/${name}` : `${name}/${purpose}`, ordinal),
  };
}
