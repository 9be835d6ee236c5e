import { Command } from 'commander';
import { serviceConfigureCommand, serviceRestoreCommand } from './service-change.ts';
import { serviceCheckCommand } from './service-check.ts';

/** `swarm service` and what is below it. */
export function serviceCommand(finish: (code: number) => void): Command {
  return new Command('service')
    .description(
      'Looks at the assisted-service that a plan is to be run against, tells what a load test needs of it and why, changes its configuration with consent, and brings the old one back.',
    )
    .addCommand(serviceCheckCommand(finish))
    .addCommand(serviceConfigureCommand(finish))
    .addCommand(serviceRestoreCommand(finish))
    .addHelpText(
      'after',
      '\nExamples:\n  swarm service check --plan plan.yaml\n  swarm service check --service http://127.0.0.1:8090\n  swarm service configure --context hub --plan plan.yaml\n  swarm service restore --context hub',
    );
}
