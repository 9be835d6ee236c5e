/** Stops the installer's container (assisted-installer-agent src/commands/actions/stop_installation.go). */
import { expectArgs, type Step } from './step.ts';

export const stopInstallation: Step<null> = {
  parse(args) {
    expectArgs('stop installation', args, 0);
    return null;
  },
  // podman prints the name of what it stopped.
  run: (_request, { machine }) => ({ output: machine.stopInstaller() ? 'assisted-installer\n' : '' }),
};
