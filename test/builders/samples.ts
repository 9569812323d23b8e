/** Packets that the builders' tests wrap in one layer after another. */
import { ether, ipv4, ipv6, tcp, udp } from './packet.ts';
import type { Fields } from './tshark.ts';

export const segment = tcp({ sport: 40000, dport: 8000, flags: 'PA', seq: 5, ack: 6 }, 'hello');
export const datagram = udp({ sport: 5000, dport: 6000 }, 'odd');
export const inner4 = ipv4({ src: '10.0.0.1', dst: '10.0.0.2' }, datagram);
export const inner6 = ipv6({}, datagram);
export const innerFrame = ether({}, inner4);

/** What tshark sees of `datagram`. */
export const PORTS: Fields = {
  'udp.srcport': '5000',
  'udp.dstport': '6000',
  'udp.checksum.status': '1',
};
