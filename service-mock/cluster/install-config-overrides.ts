/** What users lay over the install config. */
import { jsonFault } from '../../model/protocol/json-syntax.ts';
import { OperationError } from '../service-api.ts';

/**
 * Nothing at all takes overrides away, null leaves the config as it is.
 * Upstream: internal/installcfg/builder/builder.go, applyConfigOverrides, which reads them into the config with encoding/json.
 * @throws OperationError 400 for a text that is not a JSON object
 */
export function checkOverrides(text: string): void {
  if (text === '') return;
  const fault = jsonFault(text);
  if (fault !== undefined) throw new OperationError(400, fault);
  const value = JSON.parse(text) as unknown;
  if (typeof value === 'object' && !Array.isArray(value)) return;
  const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  throw new OperationError(
    400,
    `json: cannot unmarshal ${kind} into Go value of type installcfg.InstallerConfigBaremetal`,
  );
}
