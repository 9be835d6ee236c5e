import { describe, expect, it } from 'vitest';
import { hostPort, ProxyRules } from './proxy.ts';

const PROXY = 'http://proxy.test:3128';

/** Whether an origin is reached through the proxy. */
const proxied = (origin: string, no: string) => new ProxyRules({ http: PROXY, https: PROXY, no }).of(origin) !== null;

describe('exceptions', () => {
  it.each([
    ['http://localhost:8090', ''],
    ['http://127.1.2.3', ''],
    ['https://[::1]:8443', ''],
    ['http://foo.example.com', '*'],
    ['http://192.0.2.7', ' a.test , *'],
    ['http://example.com', 'example.com'],
    ['http://api.example.com', 'example.com'],
    ['http://API.Example.com', 'eXample.COM'],
    ['http://api.example.com', '.example.com'],
    ['http://api.example.com', '*.example.com'],
    ['http://example.com', 'example.com:80'],
    ['https://example.com', 'example.com:443'],
    ['https://example.com:8443', 'example.com:8443'],
    ['http://192.0.2.7:8090', '192.0.2.7'],
    ['http://192.0.2.7:8090', '192.0.2.7:8090'],
    ['http://192.0.2.7:8090', '192.0.2.0/24'],
    ['http://[2001:db8::7]:8090', '2001:db8::/32'],
    ['http://[2001:db8::7]:8090', '2001:DB8:0::7'],
    ['http://[2001:db8::7]:8090', '[2001:db8::7]:8090'],
  ])('%s is reached without a proxy with %j', (origin, no) => {
    expect(proxied(origin, no)).toBe(false);
  });

  it.each([
    ['http://example.com', ''],
    ['http://example.com', ',, :80,/8'],
    ['http://localhost.example.com', 'localhost'],
    ['http://notexample.com', 'example.com'],
    ['http://example.com', '.example.com'],
    ['http://example.com', '*.example.com'],
    ['http://example.com:8090', 'example.com:80'],
    ['http://192.0.2.7:8090', '192.0.2.7:80'],
    ['http://198.51.100.7', '192.0.2.0/24'],
    ['http://192.0.2.7', '192.0.2.0/99'],
    ['http://192.0.2.7', '0.2.7'],
  ])('%s is reached through it with %j', (origin, no) => {
    expect(proxied(origin, no)).toBe(true);
  });
});

describe('a proxy', () => {
  it.each([
    ['proxy.test', { secure: false, host: 'proxy.test', port: 80, authorization: null }],
    ['proxy.test:3128', { secure: false, host: 'proxy.test', port: 3128, authorization: null }],
    ['https://proxy.test', { secure: true, host: 'proxy.test', port: 443, authorization: null }],
    ['http://[::2]:3128/', { secure: false, host: '::2', port: 3128, authorization: null }],
    ['http://u:p%3A@proxy.test', { authorization: `Basic ${Buffer.from('u:p:').toString('base64')}` }],
    // What is no address is ignored.
    ['%', null],
    ['http://%zz@proxy.test', null],
  ])('%j', (text, proxy) => {
    const found = new ProxyRules({ http: text }).of('http://service.test');
    if (proxy === null) expect(found).toBeNull();
    else expect(found).toMatchObject(proxy);
  });

  it('is one for http and another for https', () => {
    const rules = new ProxyRules({ https: 'proxy.test:1' });
    expect(rules.of('http://service.test')).toBeNull();
    expect(hostPort(rules.of('https://service.test')!)).toBe('proxy.test:1');
  });

  it('of an unknown kind is refused, without its credentials', () => {
    expect(() => new ProxyRules({ http: 'socks5://me:secret@proxy.test:1080' })).toThrow(
      /^socks5:\/\/proxy\.test:1080 is a proxy of an unknown kind; allowed: http, https$/,
    );
  });
});
