/** Servers that tell figures, for tests: real HTTP, and PostgreSQL's own protocol as far as a collector speaks it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';

export interface TestSource {
  readonly url: string;
  /** Requests so far: paths, or statements. */
  readonly asked: string[];
  close(): Promise<void>;
}

export async function startHttpSource(
  answer: (path: string, request: IncomingMessage, response: ServerResponse) => void,
): Promise<TestSource> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    answer(request.url!, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export type Rows = Record<string, string | number>[];

/** @param rowsOf what a statement gives; undefined for no rows, an Error's message is an error of the database */
export async function startPostgresSource(
  rowsOf: (sql: string) => Rows | Error | 'silent' | undefined,
): Promise<TestSource> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    let buffered: Buffer = Buffer.alloc(0);
    let started = false;
    socket.on('data', (chunk) => {
      buffered = Buffer.concat([buffered, chunk as Buffer]);
      for (;;) {
        const head = started ? 1 : 0;
        if (buffered.length < head + 4) return;
        const size = buffered.readUInt32BE(head) + head;
        if (buffered.length < size) return;
        const type = started ? String.fromCharCode(buffered[0]!) : 'start';
        const body = buffered.subarray(head + 4, size);
        buffered = buffered.subarray(size);
        if (type === 'start') {
          started = true;
          socket.write(Buffer.concat([message('R', int32(0)), READY]));
        } else if (type === 'Q') {
          const sql = body.toString('utf8', 0, body.length - 1);
          asked.push(sql);
          const rows = rowsOf(sql);
          if (rows !== 'silent') socket.write(Buffer.concat([answerTo(rows), READY]));
        } else if (type === 'X') socket.end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `postgres://reader:se-cret@127.0.0.1:${(server.address() as AddressInfo).port}/installer`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
}

function message(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

const READY = message('Z', Buffer.from('I'));
const text = (value: string) => Buffer.from(`${value}\0`);

/** Types by their OIDs: text, and float8. */
function answerTo(rows: Rows | Error | undefined): Buffer {
  if (rows instanceof Error) {
    return message('E', Buffer.concat([text('SERROR'), text('C42501'), text(`M${rows.message}`), Buffer.from([0])]));
  }
  if (rows === undefined || rows.length === 0) return message('C', text('SELECT 0'));
  const names = Object.keys(rows[0]!);
  const description = names.map((name) => {
    const oid = typeof rows[0]![name] === 'number' ? 701 : 25;
    return Buffer.concat([text(name), int32(0), int16(0), int32(oid), int16(-1), int32(-1), int16(0)]);
  });
  const data = rows.map((row) => {
    const cells = names.map((name) => Buffer.from(String(row[name])));
    return message('D', Buffer.concat([int16(names.length), ...cells.flatMap((cell) => [int32(cell.length), cell])]));
  });
  return Buffer.concat([
    message('T', Buffer.concat([int16(names.length), ...description])),
    ...data,
    message('C', text(`SELECT ${rows.length}`)),
  ]);
}
