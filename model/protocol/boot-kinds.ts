/** What a booting host downloads, in the order in which it does. */
export const BOOT_KINDS = ['iso', 'ipxe-script', 'initrd', 'kernel', 'rootfs', 'ignition'] as const;
export type BootKind = (typeof BOOT_KINDS)[number];
