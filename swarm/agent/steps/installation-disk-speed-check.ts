/** How long the disk takes to sync a write (assisted-installer-agent src/disk_speed_check/disk_speed_check.go). */
import { goJson } from '../../../model/protocol/go-json.ts';
import { objectArgument, type Step, StepArgumentError, textField } from './step.ts';

const STEP = 'disk performance';
/** Milliseconds; the service wants at most 10. */
const MIN_SYNC_MS = 1;
const SYNC_JITTER_MS = 6;

export const installationDiskSpeedCheck: Step<string> = {
  parse(args) {
    const request = objectArgument(STEP, args, 2);
    const timeout = args[1]!;
    if (timeout.trim() === '' || Number.isNaN(Number(timeout))) {
      throw new StepArgumentError(`${STEP}: the time limit "${timeout}" is no number`);
    }
    return textField(STEP, request, 'path');
  },
  whileBusy: () => ({ output: '' }),
  run(path, { machine: { host } }) {
    const { fault } = host.plan;
    const slow = fault?.kind === 'slow-disk' ? Math.round(fault.syncMs) : null;
    const usual = MIN_SYNC_MS + Math.floor(host.random('disk-sync', 0) * SYNC_JITTER_MS);
    return { output: goJson({ io_sync_duration: slow ?? usual, path }) };
  },
};
