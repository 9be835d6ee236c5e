/** Arguments that users may give to the installer of a host. Upstream: assisted-service, pkg/validations/validations.go, ValidateInstallerArgs. */
import { OperationError } from '../service-api.ts';

const FLAGS: readonly string[] = [
  '--append-karg',
  '--delete-karg',
  '-n',
  '--copy-network',
  '--network-dir',
  '--save-partlabel',
  '--save-partindex',
  '--image-url',
  '--image-file',
];
const VALUE = /^[A-Za-z0-9@!#$%*()_+-=//.,";':{}[\]]+$/;

/** @throws OperationError 400 for the first argument that cannot be. */
export function checkInstallerArguments(args: readonly string[]): void {
  for (const argument of args) {
    if (argument.startsWith('-')) {
      if (FLAGS.includes(argument)) continue;
      throw new OperationError(
        400,
        `found unexpected flag ${argument} for installer - allowed flags are [${FLAGS.join(' ')}]`,
      );
    }
    if (!VALUE.test(argument))
      throw new OperationError(400, `found unexpected chars in value ${argument} for installer`);
  }
}
