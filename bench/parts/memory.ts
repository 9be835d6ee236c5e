/**
 * What a waiting native agent takes with its host and machine, without an open connection and as soon after its boot, beside a bare connection of
 * node:net; and what others take for a host: a virtual user of k6, and a stock agent with its runner. The service is a process that answers
 * registrations and polls with the same few bytes; stock agents, which look closer, have the embedded one.
 */
import { type HeldKind, hold } from '../held.ts';
import type { Cell, Figures, PartContext } from '../part.ts';
import { stockAgentBytes, virtualUserBytes } from '../peer-memory.ts';
import { type BareServer, startServer } from '../server.ts';
import { end, findProgram } from '../started.ts';
import { ratio } from '../table.ts';

/** Pairs are the amounts between which each further one is measured. */
const AMOUNTS = {
  full: { held: [1000, 6000], users: [100, 500], stockAgents: 10 },
  quick: { held: [500, 2500], users: [50, 150], stockAgents: 0 },
} as const;

const KINDS: readonly (readonly [HeldKind, string])[] = [
  ['agents', 'native agent without a connection'],
  ['connected agents', 'native agent soon after its boot'],
  ['connections', 'bare connection of node:net'],
];

interface Row {
  name: string;
  heap: number | null;
  resident: number | null;
  connections: number | null;
}

/** See {@link PartModule}. */
export async function measure({ quick, folder, progress }: PartContext): Promise<Figures> {
  const { held, users, stockAgents } = quick ? AMOUNTS.quick : AMOUNTS.full;
  const server = await startServer();
  const rows: Row[] = [];
  const notes: string[] = [];
  for (const [kind, name] of KINDS) {
    progress(`${name}: ${held.join(' and ')}`);
    rows.push({ name, ...(await furtherOne(kind, held, server)) });
  }
  const k6 = findProgram('k6');
  if (k6) progress(`virtual users of k6: ${users.join(' and ')}`);
  else notes.push('k6 is not there.');
  const user = k6 === null ? null : await virtualUserBytes(k6, { server, users, folder });
  rows.push({ name: 'virtual user of k6 that sleeps', heap: null, resident: user, connections: k6 ? 1 : null });
  await end(server.child);
  const agent = stockAgents > 0 ? findProgram('agent') : null;
  if (stockAgents === 0) notes.push('Stock agents are measured without --quick.');
  else if (!agent)
    notes.push('The stock agent is not there: `agent` on PATH, built from src/agent/main of assisted-installer-agent.');
  const stock = agent === null ? null : await stockAgentBytes(agent, { hosts: stockAgents, folder, progress });
  rows.push({ name: 'stock agent with its runner', heap: null, resident: stock, connections: null });
  return figures(rows, `each further one between ${held.join(' and ')} (k6: ${users.join(' and ')})`, notes);
}

/** Resident bytes of each further one between two amounts, and of the greater amount the heap of each. */
async function furtherOne(kind: HeldKind, [few, many]: readonly [number, number], { http }: BareServer) {
  const [less, more] = [await hold(kind, few, http), await hold(kind, many, http)];
  return {
    heap: more.heapBytes,
    resident: (more.residentBytes - less.residentBytes) / (many - few),
    connections: more.connections,
  };
}

function figures(rows: readonly Row[], amounts: string, notes: readonly string[]): Figures {
  const own = (at: number) => at < 2;
  const ours = rows[1]!.resident;
  const kib = (bytes: number | null) => bytes && Math.max(0, bytes) / 1024;
  return {
    tables: [
      {
        title: `bytes of one more that waits; heap: after a full garbage collection; resident: ${amounts}, 3 s later, collected or not; stock agent: its own pages and its part of shared ones, median`,
        head: ['', 'heap', 'resident', 'connections', 'resident ÷ ours soon after boot'],
        rows: rows.map(({ name, heap, resident, connections }): Cell[] => [
          name,
          ...[heap, resident === null ? 'not measured' : resident > 0 ? resident : 'too little to see', connections],
          resident !== null && resident > 0 ? ratio(resident, ours) : null,
        ]),
      },
    ],
    charts: [
      {
        name: 'memory',
        title: 'Memory of one more host that waits',
        unit: 'KiB of resident memory, less is better',
        groups: [
          {
            title: 'In one process',
            bars: rows
              .slice(0, -1)
              .map(({ name, resident }, at) => ({ label: name, value: kib(resident), own: own(at) })),
          },
          {
            title: 'In processes of its own',
            bars: rows.slice(-1).map(({ name, resident }) => ({ label: name, value: kib(resident), own: false })),
          },
        ],
      },
    ],
    notes,
  };
}
