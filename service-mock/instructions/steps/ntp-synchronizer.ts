/** Arguments of the step `ntp-synchronizer`. Upstream: assisted-service, internal/host/hostcommands/ntp_synchronizer_cmd.go. */
import { json, type StepBuilder } from './step.ts';

export const ntpStep: StepBuilder = (_core, { infraEnv, cluster }) => {
  const sources = infraEnv.ntpSources || cluster?.ntpSources || '';
  const additional = [infraEnv.additionalNtpSources, cluster?.additionalNtpSource ?? ''];
  const all = sources !== '' ? [sources] : additional;
  const names = all
    .flatMap((list) => list.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return json({ ntp_source: [...new Set(names)].join(',') });
};
