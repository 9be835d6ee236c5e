/**
 * What the service says of ignition configs that users give. Upstream: assisted-service, internal/common/ignition/ignition.go,
 * ParseToLatest, with coreos/ignition, config/v3_1/config.go, Parse, and coreos/vcontext, report and tree.
 */
import { locatedJsonFault } from '../../model/protocol/json-syntax.ts';
import { type Json, type JsonObject, OperationError } from '../service-api.ts';
import { decodeConfig } from './config-decoding.ts';
import { configReport } from './config-report.ts';
import { CONFIGS } from './config-shape.ts';
import { jsonPlaces } from './json-places.ts';

/** Nothing at all is good. @throws OperationError 400 for a text that is not an ignition config of a known version. */
export function checkIgnition(text: string): void {
  if (text === '') return;
  const fault = locatedJsonFault(text);
  if (fault) throw invalid(placeOf(text, fault.offset), fault.message);
  const value = JSON.parse(text) as Json;
  const place = jsonPlaces(text);
  // What is no good 3.2.0 is read as 3.1.0, and that is what is told of it.
  const latest = decodeConfig(CONFIGS['3.2.0'], value, place);
  const isLatest = !latest.misfit && versionOf(latest.config) === '3.2.0';
  if (isLatest && configReport(CONFIGS['3.2.0'], latest.config, place).every(({ isWarning }) => isWarning)) return;
  const { config, misfit } = decodeConfig(CONFIGS['3.1.0'], value, place);
  const offsetOf = (position: number) => Buffer.byteLength(text.slice(0, position));
  if (misfit) throw invalid(placeOf(text, offsetOf(misfit.offset)), misfit.message);
  if (versionOf(config) !== '3.1.0') throw refusal('unsupported config version', '');
  const report = configReport(CONFIGS['3.1.0'], config, place);
  if (report.every(({ isWarning }) => isWarning)) return;
  const lines = report.map(({ message, isWarning, context, position }) => {
    const { line, column } = placeOf(text, offsetOf(position));
    return `${isWarning ? 'warning' : 'error'} at ${context}, line ${line} col ${column}: ${message}\n`;
  });
  throw refusal('config is not valid', lines.join(''));
}

const versionOf = ({ ignition }: JsonObject) => (ignition as JsonObject | undefined)?.version;

function invalid({ line, column }: { line: number; column: number }, message: string): OperationError {
  return refusal('config is not valid', `error at line ${line} col ${column}: ${message}\n`);
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
