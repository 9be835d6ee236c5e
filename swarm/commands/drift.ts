import { Command } from 'commander';
import { type ApiDocument, compareWithDocument, parseApiDocument } from '../report/api-document.ts';
import { TOLERANCES } from '../report/difference.ts';
import { findDrift } from '../report/drift.ts';
import { driftVerdict, renderDrift } from '../report/drift-text.ts';
import { createStyle, wantsColour } from '../report/style.ts';
import { RunArchive, type RunRecord } from '../telemetry/run-archive.ts';
import { readTraffic, type TrafficProfile } from '../telemetry/traffic/traffic-profile.ts';
import { EXIT, InputError } from './exit.ts';
import { findRun } from './find-run.ts';
import { serviceUrl } from './options.ts';
import { readCa } from './read-ca.ts';

interface DriftFlags {
  out: string;
  service?: string;
  insecure?: boolean;
  ca?: string;
  json?: boolean;
}

const percent = (share: number) => `${Math.round(100 * share)} %`;

/** `swarm drift` */
export function driftCommand(finish: (code: number) => void): Command {
  return new Command('drift')
    .description(
      'Compares what native agents and stock programs (hosts with agent: noop) have sent in one run, by operation: which ones, how often and at what pace, sizes, header fields with their order, case and values, fields of bodies, step types and stages, connections, and what came first.',
    )
    .argument('<run>', 'id of a run, or its folder (see: swarm runs)')
    .option('--out <dir>', "folder of the runs' folders", 'runs')
    .option(
      '--service <url>',
      "compare with this service's OpenAPI document, in place of the one kept in the run",
      serviceUrl,
    )
    .option('--insecure', "do not verify the service's certificate")
    .option('--ca <file>', 'PEM certificates to trust beside those of the system')
    .option('--json', 'print the comparison as JSON')
    .addHelpText(
      'after',
      `
A plan with hosts of both kinds in clusters of the same shape is needed; their traffic is recorded in the run's folder.
Where the service publishes its OpenAPI document (the embedded one does not), step types, stages and fields are compared with it too.

Alike is what differs by no more than: mean size of heads and bodies ${percent(TOLERANCES.size)} (bodies: or ${TOLERANCES.bytes} bytes); requests a host
${percent(TOLERANCES.count)}, ${percent(TOLERANCES.repeatedCount)} of what is repeated at the same pace, and what hosts of one kind differ by among themselves; pace ${percent(TOLERANCES.cadence)}; requests a connection ${percent(TOLERANCES.requestsPerConnection)}; time until an idle connection
is closed ${percent(TOLERANCES.idle)}; order ${TOLERANCES.orderMs / 1000} s. Ids and addresses
count for no size, and statuses that fewer than ${percent(TOLERANCES.status)} of the answers have for nothing. Everything else must be equal.

Exit codes: 0 no drift, 1 drift, 2 wrong input.

Examples:
  swarm drift 20261121-143000-9f3a
  swarm drift runs/20261121-143000-9f3a --json`,
    )
    .action(async (name: string, flags: DriftFlags) => {
      const record = findRun(new RunArchive(flags.out), name);
      const profiles = trafficOf(record);
      const drift = findDrift(profiles);
      if (drift.shapes.length === 0) {
        throw new InputError(
          `run ${record.id} cannot be compared: ${driftVerdict(drift)}, or one kind has sent nothing`,
        );
      }
      const published = await documentFor(record, flags);
      const document = published && compareWithDocument(published, profiles);
      if (flags.json) process.stdout.write(`${JSON.stringify({ run: record.id, ...drift, document }, null, 2)}\n`);
      else process.stdout.write(renderDrift(drift, document, createStyle(wantsColour(process.stdout, process.env))));
      finish(drift.differences.length + (document?.length ?? 0) > 0 ? EXIT.failed : EXIT.ok);
    });
}

/** Null where nothing is published. @throws InputError for a document, or a service, that cannot be read */
async function documentFor({ folder }: RunRecord, { service, ca, insecure }: DriftFlags): Promise<ApiDocument | null> {
  const { fetchApiDocument, keptApiDocument } = await import('../daemon/api-document.ts');
  try {
    if (service === undefined) return keptApiDocument(folder);
    const tls = { ...(ca !== undefined && { ca: readCa(ca) }), ...(insecure && { insecure }) };
    const text = await fetchApiDocument(service, tls);
    if (text === null) throw new InputError(`${service} does not publish its OpenAPI document; leave --service out`);
    return parseApiDocument(text);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const from = service === undefined ? '' : `the OpenAPI document of ${service}: `;
    throw new InputError(`${from}${(error as Error).message}`, { cause: error });
  }
}

/** @throws InputError when nothing was recorded, or it cannot be read */
function trafficOf({ id, folder, state }: RunRecord): TrafficProfile[] {
  let profiles: TrafficProfile[] | null;
  try {
    profiles = readTraffic(folder);
  } catch (error) {
    throw new InputError((error as Error).message, { cause: error });
  }
  if (profiles) return profiles;
  const why =
    state === 'running'
      ? 'it still goes on, and traffic is written at its end'
      : state === 'killed'
        ? 'it was killed before its end'
        : 'its plan has no clusters of one shape with hosts of both kinds (agent: noop and agent: native)';
  throw new InputError(`run ${id} has no record of traffic: ${why}`);
}
