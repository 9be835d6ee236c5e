/** The machine boots the discovery image again; normally no reply gets out. Agent facts 5.17. */
import { objectArgument, type Step, textField } from './step.ts';

export const rebootForReclaim: Step<string> = {
  parse: (args) => textField('reboot for reclaim', objectArgument('reboot for reclaim', args), 'host_fs_mount_dir'),
  run(_directory, { machine }) {
    machine.restart();
    return { output: '' };
  },
};
