/**
 * Packets for tests, spelled from the outside in:
 *
 *     ether({ vlan: [10, 20] }, ipv4({ dst: '198.51.100.2' }, tcp({ dport: 80, flags: 'S' })))
 *
 * Lengths, protocol numbers and checksums are right unless a field says otherwise, so wrong ones
 * are easy to make on purpose. One file per family of headers; this one is the door to them all.
 */
export * from './bytes.ts';
export * from './extension.ts';
export * from './ip.ts';
export * from './link.ts';
export * from './sctp.ts';
export * from './transport.ts';
export * from './tunnel.ts';
export * from './wifi.ts';
