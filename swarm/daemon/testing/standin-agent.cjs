#!/usr/bin/installer
/**
 * Stands in for the stock agent and its runner on a host of a lab: registers, polls and sends its inventory as these do, with
 * the heads that Go writes. The interpreter is the Node.js that a test gives out as the installer.
 */
const { readFileSync } = require('node:fs');
const { connect } = require('node:net');

const argument = (name) => process.argv[process.argv.indexOf(name) + 1];
const { hostname, port } = new URL(argument('--url'));
const API = `/api/assisted-install/v2/infra-envs/${argument('--infra-env-id')}/hosts`;
const HOST = readFileSync('/sys/class/dmi/id/product_uuid', 'utf8').trim();
const INVENTORY = readFileSync('/host/answers/inventory', 'utf8').trim();
const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** A connection, which stays open until the process ends. */
class Connection {
  #socket = connect(Number(port), hostname);
  #id = crypto.randomUUID();

  /** Resolves with the answer's body. */
  send(method, path, body) {
    const text = body ? `${JSON.stringify(body)}\n` : '';
    const head = [
      `${method} ${path} HTTP/1.1`,
      `Host: ${hostname}:${port}`,
      'User-Agent: Go-http-client/1.1',
      ...(text ? [`Content-Length: ${Buffer.byteLength(text)}`] : []),
      'Accept: application/json',
      ...(text ? ['Content-Type: application/json'] : []),
      `Discovery_agent_version: ${argument('--agent-version')}`,
      `X-Request-Id: ${this.#id}`,
      `X-Secret-Key: ${process.env.PULL_SECRET_TOKEN}`,
      'Accept-Encoding: gzip',
    ];
    this.#socket.write(`${head.join('\r\n')}\r\n\r\n${text}`);
    return new Promise((resolve) => {
      let answer = '';
      const read = (chunk) => {
        answer += chunk;
        const end = answer.indexOf('\r\n\r\n');
        const length = Number(/^content-length: (\d+)/im.exec(answer)?.[1] ?? 0);
        if (end < 0 || Buffer.byteLength(answer) < end + 4 + length) return;
        this.#socket.off('data', read);
        resolve(answer.slice(end + 4));
      };
      this.#socket.setEncoding('utf8').on('data', read);
    });
  }
}

async function main() {
  await new Connection().send('POST', API, { discovery_agent_version: argument('--agent-version'), host_id: HOST });
  for (;;) {
    const connection = new Connection();
    const timestamp = Math.floor(Date.now() / 1000);
    const answer = await connection.send('GET', `${API}/${HOST}/instructions?timestamp=${timestamp}`);
    const { instructions = [], next_instruction_seconds: pause } = JSON.parse(answer);
    for (const { step_type, step_id } of instructions) {
      if (step_type !== 'inventory') continue;
      await connection.send('POST', `${API}/${HOST}/instructions`, { output: INVENTORY, step_id, step_type });
    }
    await wait(pause);
  }
}

void main();
