/** Runs logs_sender, which talks to the service itself (assisted-installer-agent src/commands/actions/logs_gather.go). */
import { type HostLogs, sendHostLogs } from '../../service/logs-sender.ts';
import { isUuid, objectArgument, type Step, StepArgumentError } from './step.ts';

const STEP = 'logs gather';

export const logsGather: Step<HostLogs> = {
  parse(args) {
    const request = objectArgument(STEP, args);
    for (const name of ['cluster_id', 'host_id', 'infra_env_id']) {
      if (!isUuid(request[name])) throw new StepArgumentError(`${STEP}: ${name} is required and a UUID`);
    }
    if (typeof request.bootstrap !== 'boolean') throw new StepArgumentError(`${STEP}: bootstrap is required`);
    return {
      clusterId: request.cluster_id as string,
      hostId: request.host_id as string,
      infraEnvId: request.infra_env_id as string,
      bootstrap: request.bootstrap,
      installerGather: request.installer_gather === true,
    };
  },
  async run(logs, context) {
    const sent = await sendHostLogs(logs, {
      runtime: context.runtime,
      access: context.access,
      slot: context.machine.slot,
      signal: context.machine.powerSignal,
      random: () => context.random(),
      lost: context.machine.host.plan.fault?.kind === 'log-upload-fails',
    });
    return sent
      ? { output: 'Logs were sent\n\n' }
      : { output: 'Failed to run send logs \n', error: 'exit status 255', exitCode: 255 };
  },
};
