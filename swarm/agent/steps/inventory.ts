/** The machine's hardware and network document (assisted-installer-agent src/commands/actions/inventory_cmd.go). */
import { expectArgs, isUuid, type Step, StepArgumentError } from './step.ts';

export const inventory: Step<string> = {
  steady: true,
  parse(args) {
    expectArgs('inventory', args, 1);
    const id = args[0]!;
    if (!isUuid(id)) throw new StepArgumentError(`inventory takes the host's UUID, "${id}" was given`);
    return id;
  },
  run: (_id, { machine }) => ({ output: machine.host.inventory() }),
};
