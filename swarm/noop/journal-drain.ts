/**
 * Takes what programs tell journald. Without a socket there each line becomes a complaint in what they answer; Node has no datagram
 * sockets of this kind, perl is a part of every Debian.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

/** Reads datagrams and keeps them in a file when one is given. */
const DRAIN = [
  'socket(S, PF_UNIX, SOCK_DGRAM, 0) or die $!; bind(S, sockaddr_un($ARGV[0])) or die $!; chmod 0666, $ARGV[0];',
  'if ($ARGV[1]) { open(F, ">>", $ARGV[1]) or die $!; }',
  'while (1) { recv(S, $b, 65536, 0); syswrite(F, $b) if $ARGV[1]; }',
].join(' ');

/** Wall-clock milliseconds before what takes journald's lines is started again, and how often it is. */
const DRAIN_AGAIN_MS = 1000;
const DRAIN_STARTS = 10;

/** @param socket its path @param file where the lines are kept; null to forget them */
export function drainJournal(socket: string, file: string | null, starts = DRAIN_STARTS): void {
  rmSync(socket, { force: true });
  const kept = file === null ? [] : [file];
  const child = spawn('perl', ['-MSocket', '-e', DRAIN, socket, ...kept], { stdio: ['ignore', 'ignore', 'inherit'] });
  child.once('error', () => {});
  child.once('exit', () => {
    if (starts > 1) setTimeout(() => drainJournal(socket, file, starts - 1), DRAIN_AGAIN_MS).unref();
  });
}
