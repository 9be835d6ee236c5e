/** Whether addresses that connections shall come from are this machine's. */
import { createSocket } from 'node:dgram';
import net from 'node:net';

/** Addresses looked at at once. */
const AT_ONCE = 64;

/**
 * The first of these addresses that is not of this machine, or null. The kernel is asked, by binding a socket that sends
 * nothing: interfaces do not list all that is local, such as 127.0.0.2 and networks routed to this machine (bind(2)).
 */
export async function foreignSourceAddress(addresses: readonly string[]): Promise<string | null> {
  for (let first = 0; first < addresses.length; first += AT_ONCE) {
    const some = addresses.slice(first, first + AT_ONCE);
    const own = await Promise.all(some.map(isOwn));
    const foreign = own.indexOf(false);
    if (foreign >= 0) return some[foreign]!;
  }
  return null;
}

function isOwn(address: string): Promise<boolean> {
  const socket = createSocket(net.isIPv6(address) ? 'udp6' : 'udp4');
  return new Promise((resolve) => {
    const end = (own: boolean) => {
      socket.close();
      resolve(own);
    };
    // Want of files or memory says nothing about the address.
    socket.once('error', ({ code }: NodeJS.ErrnoException) => end(code !== 'EADDRNOTAVAIL'));
    socket.bind({ address, port: 0, exclusive: true }, () => end(true));
  });
}
