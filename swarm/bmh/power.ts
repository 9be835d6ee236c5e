/** Brings a machine's power to what its host wants. Upstream: baremetalhost_controller.go, manageHostPower. */
import { type ActionResult, again, waits } from './action-result.ts';
import { annotationOf, REBOOT_ANNOTATION, rebootAsked } from './bare-metal-host.ts';
import type { HostContext } from './reconcile-context.ts';

export async function manageHostPower(context: HostContext): Promise<ActionResult> {
  const { host, node, operator, publish } = context;
  const { spec, status } = host;
  if (node.power !== status.poweredOn) {
    status.poweredOn = node.power;
    if (status.operationalStatus === 'error' && status.errorType === 'power management error') context.clearError();
    return again(true);
  }
  // It is off now, which is half of the reboot.
  if (!status.poweredOn && annotationOf(host, REBOOT_ANNOTATION) !== undefined) return rebootDone(context);

  const { state } = status.provisioning;
  const provisioned = state === 'provisioned' || state === 'externally provisioned';
  const reboot = rebootAsked(host, !provisioned);
  for (const value of reboot?.invalid ?? []) {
    publish(
      'InvalidAnnotationValue',
      `could not parse reboot annotation (${value}) - invalid json, assuming soft-reboot`,
    );
  }
  const wanted = reboot ? false : spec.online;
  if (status.poweredOn === wanted) return waits();

  const restart = status.errorType === 'power management error';
  const mode = status.errorCount > 0 ? 'hard' : (reboot?.mode ?? 'soft');
  if (!wanted && spec.disablePowerOff) {
    operator.provisioner.reboot(node, publish);
    return annotationOf(host, REBOOT_ANNOTATION) === undefined ? waits() : rebootDone(context);
  }
  const progress = wanted
    ? operator.provisioner.powerOn(node, restart, publish)
    : operator.provisioner.powerOff(node, mode, restart, publish);
  if (typeof progress === 'object') {
    const soft = !wanted && mode === 'soft' && !restart;
    const prefix = soft ? 'Continuing with hard poweroff after soft poweroff fails. More details: ' : '';
    return context.fail('power management error', prefix + progress.error);
  }
  if (progress === 'unregistered') return { kind: 'unregistered' };
  if (progress === 'working') return context.working();
  status.poweredOn = spec.online;
  status.errorCount = 0;
  return waits(true);
}

/** Annotations with a suffix belong to whoever set them, and stay. */
async function rebootDone({ host, operator }: HostContext): Promise<ActionResult> {
  delete host.metadata.annotations![REBOOT_ANNOTATION];
  await operator.hub.updateHost(host);
  return again();
}
