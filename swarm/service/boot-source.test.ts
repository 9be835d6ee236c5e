import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIpxeScript, rootfsOfIso } from './boot-source.ts';

const ID = '11111111-2222-4333-8444-555555555555';
const ROOTFS = 'http://img.example.com/boot-artifacts/rootfs?arch=x86_64&version=4.20';

describe('the rootfs of an ISO', () => {
  it.each([
    [`http://img.example.com/byid/${ID}/4.20/x86_64/minimal.iso`, ROOTFS],
    ['http://img.example.com/byapikey/ey.J.x/4.20/x86_64/minimal.iso', ROOTFS],
    [`http://img.example.com/images/${ID}?arch=x86_64&type=minimal-iso&version=4.20&api_key=k`, ROOTFS],
    [
      `http://img.example.com/img/byid/${ID}/4.20/arm64/minimal.iso`,
      'http://img.example.com/img/boot-artifacts/rootfs?arch=arm64&version=4.20',
    ],
    [`http://img.example.com/byid/${ID}/4.20/x86_64/full.iso`, null],
    [`http://img.example.com/images/${ID}?type=full-iso&version=4.20`, null],
  ])('%s', (iso, rootfs) => {
    expect(rootfsOfIso(iso)).toBe(rootfs);
  });

  it('refuses what no image service has, without its query', () => {
    expect(() => rootfsOfIso('http://img.example.com/a.iso?token=hush')).toThrow(
      'http://img.example.com/a.iso is not the URL of an ISO of an image service',
    );
  });
});

describe('an iPXE script', () => {
  const SERVICE = `#!ipxe
initrd --name initrd http://img.example.com/images/${ID}/pxe-initrd?arch=x86_64&version=4.20
kernel http://img.example.com/boot-artifacts/kernel?arch=x86_64&version=4.20 initrd=initrd coreos.live.rootfs_url=${ROOTFS} random.trust_cpu=on coreos.inst.persistent-kargs="console=tty1 console=ttyS1,115200n8"
boot
`;

  it('loads what the service wants, in its order', () => {
    expect(parseIpxeScript(SERVICE, 'http://svc.example.com/x', 'aa:bb')).toEqual({
      chain: null,
      loads: [
        { kind: 'initrd', url: `http://img.example.com/images/${ID}/pxe-initrd?arch=x86_64&version=4.20` },
        { kind: 'kernel', url: 'http://img.example.com/boot-artifacts/kernel?arch=x86_64&version=4.20' },
      ],
      rootfs: ROOTFS,
      ignition: null,
    });
  });

  it('goes on with the one that is named, by the MAC of the machine', () => {
    const text = `#!ipxe\nchain http://svc.example.com/files?file_name=ipxe-script&mac=\${net0/mac}\n`;
    expect(parseIpxeScript(text, 'http://svc.example.com/x', '52:54:00:aa:bb:cc').chain).toBe(
      'http://svc.example.com/files?file_name=ipxe-script&mac=52:54:00:aa:bb:cc',
    );
  });

  it('takes relative names and an ignition of its own', () => {
    const text =
      '#!ipxe\r\nkernel -n k --timeout 5000 vmlinuz ignition.config.url=http://a.example.com/i.ign\r\nboot\r\n';
    expect(parseIpxeScript(text, 'http://svc.example.com/boot/script', 'aa')).toMatchObject({
      loads: [{ kind: 'kernel', url: 'http://svc.example.com/boot/vmlinuz' }],
      ignition: 'http://a.example.com/i.ign',
    });
  });

  it.each([
    ['<html>', 'it does not begin with #!ipxe'],
    ['#!ipxe\nboot', 'it loads no kernel'],
    ['#!ipxe\nkernel --name k', 'its line "kernel --name k" names no URL'],
  ])('is refused: %j', (text, message) => {
    expect(() => parseIpxeScript(text, 'http://svc.example.com/', 'aa')).toThrow(message);
  });

  it('is read or refused, whatever it is', () => {
    const word = fc.constantFrom(
      'kernel',
      'initrd',
      'chain',
      '--name',
      '-n',
      'http://a/',
      'x=y',
      `\${net0/mac}`,
      '\n',
      '',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string()), { maxLength: 20 }), (words) => {
        try {
          const { chain, loads } = parseIpxeScript(`#!ipxe\n${words.join(' ')}`, 'http://svc.example.com/', 'aa');
          expect(chain !== null || loads.length > 0).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
