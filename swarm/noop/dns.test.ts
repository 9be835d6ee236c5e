import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerDns } from './dns.ts';

const names = (name: string) =>
  name === 'api.c.example.com' ? '10.3.0.5' : name.endsWith('.invalid') ? null : '198.51.100.7';

describe('the name server of a lab', () => {
  it('answers a resolver', async () => {
    const socket = createSocket('udp4');
    socket.on('message', (query, { port, address }) => {
      const response = answerDns(query, names);
      if (response) socket.send(response, port, address);
    });
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const resolver = new Resolver({ timeout: 5000, tries: 2 });
    resolver.setServers([`127.0.0.1:${socket.address().port}`]);
    try {
      expect(await resolver.resolve4('api.c.example.com')).toEqual(['10.3.0.5']);
      expect(await resolver.resolve4('quay.example.com')).toEqual(['198.51.100.7']);
      await expect(resolver.resolve4('nothing.invalid')).rejects.toMatchObject({ code: 'ENOTFOUND' });
      await expect(resolver.resolve6('api.c.example.com')).rejects.toMatchObject({ code: 'ENODATA' });
    } finally {
      socket.close();
    }
  });

  it('survives anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const response = answerDns(Buffer.from(bytes), names);
        if (response) expect(response[2]! & 0x80).toBe(0x80);
      }),
    );
  });
});
