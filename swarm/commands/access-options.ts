/** Options of commands that serve the daemon's API: who may use it, and how. */
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { AccessRules } from '../daemon/access.ts';
import type { ServerCertificate } from '../daemon/http-server.ts';
import { InputError } from './exit.ts';
import { type ListenAddress, repeatableOption } from './options.ts';

export interface AccessFlags {
  allowHost: string[];
  tokenFile?: string;
  tlsCert?: string;
  tlsKey?: string;
  tlsSelfSigned?: true;
  agentFiles?: string;
}

/** Everything that is decided before listening. */
export interface ListenSettings extends ListenAddress {
  /** An IP address. */
  host: string;
  access: AccessRules;
  certificate: ServerCertificate | null;
  /** Lines for people: where the token is, the certificate's fingerprint, warnings. */
  notes: string[];
}

/** File of the token in the output folder, where none is named. */
const TOKEN_FILE = 'daemon.token';

/** Adds the options to a command. */
export function addAccessOptions(command: Command): Command {
  return command
    .addOption(
      repeatableOption(
        '--allow-host <name>',
        'another name by which clients may call the daemon, beside loopback ones',
        'none',
        allowedHost,
      ),
    )
    .option(
      '--token-file <file>',
      `demand the token in this file of every client, and make the file if it is missing (default beyond loopback: ${TOKEN_FILE} in the output folder)`,
    )
    .option('--tls-cert <file>', 'serve HTTPS with this PEM certificate')
    .option('--tls-key <file>', 'its private key (PEM)')
    .option('--tls-self-signed', 'serve HTTPS with a certificate made at start')
    .option(
      '--agent-files <dir>',
      "folder in which files must lie that clients of the public tool's API name (default: the system's temporary folder)",
    );
}

/** For help texts of commands that have these options. */
export const ACCESS_HELP = `
Who may use it:
  On loopback every program of this machine that calls it by a loopback name (or --allow-host); web pages of other origins are
  refused. Beyond loopback, or with --token-file, every request but GET / and the health check needs "Authorization: Bearer
  TOKEN"; the token is made at the first start and kept in a file of mode 0600.`;

function allowedHost(text: string): string {
  const url = URL.parse(`http://${text.includes(':') && !text.startsWith('[') ? `[${text}]` : text}`);
  if (!/^[\w.:[\]-]+$/.test(text) || !url || url.port !== '' || url.hostname === '') {
    throw new InvalidArgumentError('Allowed: a host name or an address without a port, such as swarm.example.com.');
  }
  return url.hostname.replace(/\.$/, '');
}

/**
 * What an address and the options come to. Makes the token's file where one is needed.
 * @throws InputError when they contradict each other, or a file they name cannot be used
 */
export async function listenSettings(listen: ListenAddress, flags: AccessFlags, out: string): Promise<ListenSettings> {
  const { hostName, isLoopback } = await import('../daemon/access.ts');
  const host = await addressOf(listen.host);
  const notes: string[] = [];
  const path = flags.tokenFile ?? (isLoopback(host) ? null : join(out, TOKEN_FILE));
  const token = path === null ? null : await readToken(path, notes);
  const names = [listen.host, host, ...flags.allowHost];
  const certificate = await certificateOf(flags, names, notes);
  if (!isLoopback(host) && !certificate) {
    notes.push(
      `warning: ${listen.host} is not a loopback address, and without TLS the token crosses the network unencrypted; see --tls-self-signed`,
    );
  }
  return {
    host,
    port: listen.port,
    access: { token, hosts: new Set(names.map(hostName)) },
    certificate,
    notes,
  };
}

async function addressOf(host: string): Promise<string> {
  try {
    // Programs that know IPv4 alone must reach what is called localhost.
    return (await lookup(host, { order: 'ipv4first' })).address;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError(`cannot listen on ${host}: the name has no address (${code}); give an address with --listen`, {
      cause: error,
    });
  }
}

async function readToken(path: string, notes: string[]): Promise<AccessRules['token']> {
  const { tokenFromFile } = await import('../daemon/token.ts');
  try {
    const { token, created, exposed } = tokenFromFile(path);
    notes.push(`clients need the token in ${path}${created ? ', made now' : ''}`);
    if (exposed) notes.push(`warning: users other than its owner may read or write ${path}; chmod 600 it`);
    return token;
  } catch (error) {
    throw new InputError(
      `the token file ${path} ${(error as Error).message}; name a file with --token-file, or one that is missing to have it made`,
      { cause: error },
    );
  }
}

async function certificateOf(
  { tlsCert, tlsKey, tlsSelfSigned }: AccessFlags,
  names: string[],
  notes: string[],
): Promise<ServerCertificate | null> {
  if (tlsSelfSigned && (tlsCert !== undefined || tlsKey !== undefined)) {
    throw new InputError('--tls-self-signed is not supported with --tls-cert and --tls-key; give one or the other');
  }
  const { fingerprintOf, selfSigned } = await import('../daemon/tls.ts');
  if (tlsSelfSigned) {
    const certificate = await selfSigned(['localhost', '127.0.0.1', '::1', ...names]);
    notes.push(`certificate fingerprint (SHA-256): ${fingerprintOf(certificate.cert)}`);
    return certificate;
  }
  if (tlsCert === undefined && tlsKey === undefined) return null;
  if (tlsCert === undefined) throw new InputError('--tls-key needs --tls-cert FILE beside it');
  if (tlsKey === undefined) throw new InputError('--tls-cert needs --tls-key FILE beside it');
  const certificate = { cert: readPem('--tls-cert', tlsCert), key: readPem('--tls-key', tlsKey) };
  try {
    const { createSecureContext } = await import('node:tls');
    createSecureContext(certificate);
  } catch (error) {
    throw new InputError(
      `--tls-cert ${tlsCert} and --tls-key ${tlsKey} cannot be used: ${(error as Error).message}; give a PEM certificate and its private key without a passphrase`,
      { cause: error },
    );
  }
  return certificate;
}

function readPem(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(
      `${option} ${path} cannot be read (${(error as NodeJS.ErrnoException).code}); give a PEM file`,
      {
        cause: error,
      },
    );
  }
}
