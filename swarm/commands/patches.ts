import { Command } from 'commander';
import { patchesCheckCommand } from './patches-check.ts';

/** `swarm patches` and what is below it. */
export function patchesCommand(finish: (code: number) => void): Command {
  return new Command('patches')
    .description('Says whether the replaced commands fit a build of the stock programs that no-op hosts run.')
    .addCommand(patchesCheckCommand(finish))
    .addHelpText('after', '\nExamples:\n  swarm patches check --agent /opt/stock/agent');
}
