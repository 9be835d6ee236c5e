/** What is wrong with texts that are no IP addresses: Go, net/netip, ParseAddr. */

/** A fault, and the rest of the text where it was met. */
class AddressFault extends Error {
  readonly rest: string;

  constructor(message: string, rest = '') {
    super(message);
    this.rest = rest;
  }
}

/** @param text that is no address. @returns what netip says of it */
export function addressFault(text: string): string {
  const first = /[.:%]/.exec(text)?.[0];
  try {
    if (first === '.') readIPv4(text);
    else if (first === ':') readIPv6(text);
    else throw new AddressFault(first === '%' ? 'missing IPv6 address' : 'unable to parse IP');
  } catch (error) {
    if (!(error instanceof AddressFault)) throw error;
    return error.rest === '' ? error.message : `${error.message} (at ${JSON.stringify(error.rest)})`;
  }
  return 'unable to parse IP';
}

function readIPv4(text: string): void {
  let value = 0;
  let digits = 0;
  let fields = 0;
  for (const [index, character] of [...text].entries()) {
    const rest = text.slice(index);
    if (/\d/.test(character)) {
      if (digits === 1 && value === 0) throw new AddressFault('IPv4 field has octet with leading zero');
      value = value * 10 + Number(character);
      digits++;
      if (value > 255) throw new AddressFault('IPv4 field has value >255');
    } else if (character === '.') {
      if (digits === 0 || index === text.length - 1) {
        throw new AddressFault('IPv4 field must have at least one digit', rest);
      }
      if (fields === 3) throw new AddressFault('IPv4 address too long');
      fields++;
      value = 0;
      digits = 0;
    } else throw new AddressFault('unexpected character', rest);
  }
  if (fields < 3) throw new AddressFault('IPv4 address too short');
}

function readIPv6(text: string): void {
  const [address = '', zone] = text.split(/%(.*)/s);
  if (zone === '') throw new AddressFault('zone must be a non-empty string');
  let rest = address;
  let fields = 0;
  let hasGap = rest.startsWith('::');
  if (hasGap) rest = rest.slice(2);
  while (fields < 8 && rest !== '') {
    const [group = ''] = /^[0-9A-Fa-f]*/.exec(rest) ?? [];
    if (group.length > 4) throw new AddressFault('each group must have 4 or less digits', rest);
    if (group === '') throw new AddressFault('each colon-separated field must have at least one digit', rest);
    const after = rest.slice(group.length);
    if (after.startsWith('.')) {
      if (!hasGap && fields !== 6) {
        throw new AddressFault('embedded IPv4 address must replace the final 2 fields of the address', rest);
      }
      if (fields > 6) {
        throw new AddressFault('too many hex fields to fit an embedded IPv4 at the end of the address', rest);
      }
      readIPv4(rest);
      return;
    }
    fields++;
    rest = after;
    if (rest === '') break;
    if (!rest.startsWith(':')) throw new AddressFault('unexpected character, want colon', rest);
    if (rest === ':') throw new AddressFault('colon must be followed by more characters', rest);
    rest = rest.slice(1);
    if (!rest.startsWith(':')) continue;
    if (hasGap) throw new AddressFault('multiple :: in address', rest);
    hasGap = true;
    rest = rest.slice(1);
  }
  if (rest !== '') throw new AddressFault('trailing garbage after address', rest);
  if (!hasGap) throw new AddressFault('address string too short');
  throw new AddressFault('the :: must expand to at least one field of zeros');
}
