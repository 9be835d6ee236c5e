/** Which hosts (or clusters) of a plan a share of them is: links, faults, and whatever else a share of the hosts has, choose here. */
import { hashWords, mixWords, unitNumber } from '../../model/time/random.ts';

/** How many of so many hosts a share is: the nearest number, but one at least where there is a share at all. */
export function hostCount(share: number, hosts: number): number {
  return share === 0 ? 0 : Math.min(hosts, Math.max(1, Math.round(share * hosts)));
}

/**
 * Hosts that are a share of a plan's.
 *
 * Hosts stand in a row as they arrive, which is cut into as many equal parts as hosts are chosen. In each part the seed chooses one:
 *
 *     ○ ○ ● ○ │ ○ ● ○ ○ │ ● ○ ○ ○ │ ○ ○ ○ ●        share 1/4
 *
 * So every part of the time in which hosts arrive has its share, and every role of a cluster too, however many hosts clusters have.
 * @param share from 0 to 1
 * @param hosts indices of all hosts of the whole plan in their order of arrival, so that all shards of a plan choose the same
 * @param name of what is chosen for: for another name others are chosen
 * @returns indices of the chosen hosts: exactly {@link hostCount} of them
 */
export function chosenHosts(share: number, hosts: readonly number[], seed: string, name: string): Set<number> {
  return chosen(hostCount(share, hosts.length), hosts, seed, name);
}

/**
 * Hosts that are several shares of a plan's, none of them in two. The first share is chosen as {@link chosenHosts} does, the next from
 * what is left, and so on.
 * @param shares of all hosts, whose sum is at most 1
 */
export function disjointHosts(
  shares: readonly number[],
  hosts: readonly number[],
  seed: string,
  name: string,
): Set<number>[] {
  let left = hosts;
  return shares.map((share, number) => {
    const some = chosen(Math.min(left.length, hostCount(share, hosts.length)), left, seed, `${name}/${number}`);
    left = left.filter((host) => !some.has(host));
    return some;
  });
}

/** So many of a row, one of each of as many equal parts of it. @param amount at most as many as there are */
export function chosen(amount: number, hosts: readonly number[], seed: string, name: string): Set<number> {
  const words = hashWords(`${name}/${seed}`);
  const some = new Set<number>();
  for (let part = 0; part < amount; part++) {
    const from = Math.floor((part * hosts.length) / amount);
    const until = Math.floor(((part + 1) * hosts.length) / amount);
    some.add(hosts[from + Math.floor(unitNumber(mixWords(words, part)) * (until - from))]!);
  }
  return some;
}
