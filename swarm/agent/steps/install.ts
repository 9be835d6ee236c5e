/**
 * Runs the installer; the reply comes when it ends. Its container has a fixed name and stays when it has ended, so that a second
 * one cannot start (assisted-installer-agent src/commands/actions/install_cmd.go).
 */
import type { InstallRequest } from '../../../model/protocol/install-request.ts';
import { isImageReference, isUuid, objectArgument, type Step, StepArgumentError, textField, textList } from './step.ts';

const STEP = 'install';
const ROLES = ['bootstrap', 'master', 'arbiter', 'worker'];
const VERSION = /^v?\d+(\.\d+)*([-+~].+)?$/;
/** Exit code of podman when a container of the name exists. */
const NAME_IN_USE = 125;

export const install: Step<InstallRequest> = {
  parse(args) {
    const request = objectArgument(STEP, args);
    for (const name of ['cluster_id', 'infra_env_id', 'host_id']) {
      if (!isUuid(request[name])) throw new StepArgumentError(`${STEP}: ${name} is required and a UUID`);
    }
    for (const name of ['controller_image', 'installer_image']) {
      if (!isImageReference(request[name])) {
        throw new StepArgumentError(`${STEP}: ${name} is required and an image reference`);
      }
    }
    if (request.mco_image && !isImageReference(request.mco_image)) {
      throw new StepArgumentError(`${STEP}: mco_image is no image reference`);
    }
    const role = textField(STEP, request, 'role');
    if (!ROLES.includes(role)) throw new StepArgumentError(`${STEP}: role "${role}" is none of ${ROLES.join(', ')}`);
    checkVersion(request.openshift_version);
    checkInstallerArgs(request.installer_args);
    const formatted = textList(STEP, request.disks_to_format, 'disks_to_format');
    for (const disk of [...formatted, textField(STEP, request, 'boot_device')]) {
      if (!disk.startsWith('/dev/')) throw new StepArgumentError(`${STEP}: disk "${disk}" is not below /dev/`);
    }
    return request as unknown as InstallRequest;
  },

  async run(request, { machine }) {
    for (const disk of [...(request.disks_to_format ?? []), request.boot_device]) {
      // Disks are known by the names their inventory gives them.
      if (!machine.host.inventory().includes(`"${disk}"`)) {
        return { output: '', error: `disk ${disk} does not exist on this machine`, exitCode: -1 };
      }
    }
    const installation = machine.install(request);
    if (installation === null) {
      const error = 'Error: creating container storage: the container name "assisted-installer" is already in use';
      return { output: '', error, exitCode: NAME_IN_USE };
    }
    const { exitCode, error, output = '' } = await installation;
    return { output, error, exitCode };
  },
};

function checkVersion(version: unknown): void {
  if (version === undefined || version === '') return;
  if (typeof version !== 'string' || !VERSION.test(version)) {
    throw new StepArgumentError(`${STEP}: openshift_version "${String(version)}" is no version`);
  }
}

function checkInstallerArgs(text: unknown): void {
  if (text === undefined || text === '') return;
  let list: unknown;
  try {
    list = JSON.parse(String(text));
  } catch {
    list = null;
  }
  if (!Array.isArray(list) || list.some((item) => typeof item !== 'string')) {
    throw new StepArgumentError(`${STEP}: installer_args is no list of texts in JSON`);
  }
}
