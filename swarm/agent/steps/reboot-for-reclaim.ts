/**
 * The machine boots the discovery image again; normally no reply gets out
 * (assisted-installer-agent src/commands/actions/reboot_for_reclaim.go).
 */
import { objectArgument, type Step, textField } from './step.ts';

export const rebootForReclaim: Step<string> = {
  parse: (args) => textField('reboot for reclaim', objectArgument('reboot for reclaim', args), 'host_fs_mount_dir'),
  run(_directory, { machine }) {
    machine.restart();
    return { output: '' };
  },
};
