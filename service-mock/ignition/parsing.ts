/**
 * What the service says of ignition configs that users give. Upstream: assisted-service, internal/common/ignition/ignition.go,
 * ParseToLatest, with coreos/ignition, config/v3_1/config.go, Parse, and coreos/vcontext, report and tree.
 */
import { locatedJsonFault } from '../../model/protocol/json-syntax.ts';
import { OperationError } from '../service-api.ts';

const VERSIONS: readonly unknown[] = ['3.1.0', '3.2.0'];

/** Nothing at all is good. @throws OperationError 400 for a text that is not an ignition config of a known version. */
export function checkIgnition(text: string): void {
  if (text === '') return;
  const fault = locatedJsonFault(text);
  if (fault) {
    const { line, column } = placeOf(text, fault.offset);
    throw refusal('config is not valid', `error at line ${line} col ${column}: ${fault.message}\n`);
  }
  const config = JSON.parse(text) as { ignition?: { version?: unknown } } | null;
  if (!VERSIONS.includes(config?.ignition?.version)) throw refusal('unsupported config version', '');
}

function refusal(problem: string, report: string): OperationError {
  return new OperationError(400, `error parsing ignition: ${problem}, error report: ${report}`);
}

/** @param offset in UTF-8 bytes. @returns both from 1 on, columns in bytes; 0 for the end of the text, which upstream does not place. */
function placeOf(text: string, offset: number): { line: number; column: number } {
  const bytes = Buffer.from(text);
  if (offset >= bytes.length) return { line: 0, column: 0 };
  const before = bytes.subarray(0, offset);
  const line = before.filter((byte) => byte === NEWLINE).length + 1;
  return { line, column: offset - (before.lastIndexOf(NEWLINE) + 1) + 1 };
}

const NEWLINE = 0x0a;
