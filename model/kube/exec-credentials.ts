/**
 * Credentials that a program gives, as kubeconfigs of clouds have them: client-go, plugin/pkg/client/auth/exec/exec.go. Ours,
 * because that of @kubernetes/client-node (2.0) shares what it keeps among all kubeconfigs, never asks again for what was
 * refused, and tells programs nothing of the cluster.
 */
import { spawn } from 'node:child_process';
import type { Cluster } from '@kubernetes/client-node';

/** `user.exec` of a kubeconfig. */
export interface ExecConfig {
  apiVersion?: string;
  command?: string;
  args?: string[] | null;
  env?: { name: string; value: string }[] | null;
  installHint?: string;
  interactiveMode?: string;
  provideClusterInfo?: boolean;
}

export interface ExecCredential {
  token?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  /** Milliseconds since 1970; null for none. */
  expiresAt: number | null;
}

/** Wall-clock milliseconds after which a program that says nothing is given up, unless it can ask somebody. */
const LIMIT_MS = 60_000;

/** Runs the program once. @throws Error that says what went wrong with it */
export async function execCredential(exec: ExecConfig, cluster: Cluster | null): Promise<ExecCredential> {
  const { command, args, env, installHint } = exec;
  if (!command) throw new Error('its user has an exec without a command');
  const interactive = exec.interactiveMode !== 'Never' && process.stdin.isTTY === true && process.stderr.isTTY === true;
  const said = await outputOf(command, args ?? [], {
    env: {
      ...process.env,
      ...Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: JSON.stringify(infoOf(exec, cluster, interactive)),
    },
    interactive,
  }).catch((cause: NodeJS.ErrnoException) => {
    const missing = cause.code === 'ENOENT' ? 'there is no such program' : cause.message;
    throw new Error(`its program ${command} failed: ${missing}${installHint ? ` (${installHint.trim()})` : ''}`, {
      cause,
    });
  });
  return credentialIn(said, command);
}

function infoOf({ apiVersion, provideClusterInfo }: ExecConfig, cluster: Cluster | null, interactive: boolean): object {
  return {
    apiVersion: apiVersion ?? 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: {
      interactive,
      ...(provideClusterInfo &&
        cluster && {
          cluster: {
            server: cluster.server,
            ...(cluster.tlsServerName && { 'tls-server-name': cluster.tlsServerName }),
            ...(cluster.skipTLSVerify && { 'insecure-skip-tls-verify': true }),
            ...(cluster.caData && { 'certificate-authority-data': cluster.caData }),
          },
        }),
    },
  };
}

function outputOf(
  command: string,
  args: readonly string[],
  { env, interactive }: { env: NodeJS.ProcessEnv; interactive: boolean },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env,
      stdio: interactive ? ['inherit', 'pipe', 'inherit'] : ['ignore', 'pipe', 'pipe'],
      ...(!interactive && { timeout: LIMIT_MS }),
    });
    let output = '';
    let complaint = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-2000);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(output);
      const end = signal ? `it was ended by ${signal}` : `exit code ${code}`;
      const lines = complaint.trim().split('\n').slice(-3).join(' ');
      reject(new Error(`${end}${lines && `, ${lines}`}`));
    });
  });
}

/** What a program says may hold credentials: messages do not show it. */
function credentialIn(text: string, command: string): ExecCredential {
  let status: Record<string, unknown> | undefined;
  try {
    status = (JSON.parse(text) as { status?: Record<string, unknown> } | null)?.status ?? undefined;
  } catch {
    // Said below.
  }
  const string = (key: string) => (typeof status?.[key] === 'string' ? (status[key] as string) : undefined);
  const [token, cert, key] = [string('token'), string('clientCertificateData'), string('clientKeyData')];
  if (token === undefined && (cert === undefined || key === undefined)) {
    throw new Error(`its program ${command} printed no ExecCredential with a token or a certificate`);
  }
  const expiresAt = Date.parse(string('expirationTimestamp') ?? '');
  return { token, cert, key, expiresAt: Number.isNaN(expiresAt) ? null : expiresAt };
}
