/**
 * Faults inside the service while it runs, served with `admin` beside those of requests (`faults.ts`):
 *
 * - `GET /mock/planted` lists them, as `{kind, amount}`,
 * - `POST /mock/planted` plants one: `{"kind": "slow-sql", "amount": 300}`, the amount may be absent,
 * - `DELETE /mock/planted` removes all, `DELETE /mock/planted/{kind}` one.
 */
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import {
  checkedFault,
  PLANTED_KINDS,
  PlantedFaultError,
  type PlantedFaults,
  type PlantedKindName,
} from '../core/planted-faults.ts';
import { type Answer, frameworkError, jsonAnswer } from './answer.ts';

const body = z.strictObject({ kind: z.string(), amount: z.number().optional() });
/** Bytes of a body that are read. */
const MOST_BYTES = 10_000;

/** @param kind in the path; absent for all */
export async function managePlanted(raw: IncomingMessage, faults: PlantedFaults, kind?: string): Promise<Answer> {
  if (kind !== undefined) {
    if (!Object.hasOwn(PLANTED_KINDS, kind)) return frameworkError(404, `there is no fault '${kind}'`);
    faults.remove(kind as PlantedKindName);
    return { status: 204 };
  }
  if (raw.method === 'DELETE') {
    faults.remove();
    return { status: 204 };
  }
  if (raw.method === 'POST') {
    try {
      const given = body.parse(JSON.parse(await textOf(raw)));
      faults.plant(checkedFault(given.kind, given.amount));
    } catch (error) {
      if (error instanceof PlantedFaultError) return frameworkError(400, error.message);
      return frameworkError(
        400,
        `allowed: {"kind": …, "amount": …} with one of ${Object.keys(PLANTED_KINDS).join(', ')}`,
      );
    }
  }
  return jsonAnswer(
    200,
    faults.list().map((fault) => ({ ...fault })),
  );
}

async function textOf(raw: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of raw as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new PlantedFaultError(`the body is longer than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
