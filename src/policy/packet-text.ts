/** One packet in words: `new tcp 10.0.1.10:50000 -> 10.0.2.20:1433`. */
import { protocolName } from '../catalog/protocols.ts';
import { type Address, formatAddress } from '../net/address.ts';
import { layer4Of, type PacketHeader, SYN } from '../net/header-fields.ts';

const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'];

/** One line, as proofs show the packet in which two filters differ. */
export function describePacket(packet: PacketHeader): string {
  const { family, protocol, laterFragment, source, destination } = packet;
  const layer4 = laterFragment ? 'none' : layer4Of(family, protocol);
  const hasPorts = layer4 === 'tcp' || layer4 === 'ports';
  const end = (address: Address, port: number) => {
    const text = formatAddress(address);
    if (!hasPorts) return text;
    return family === 6 ? `[${text}]:${port}` : `${text}:${port}`;
  };
  const parts = [packet.state, protocolName(protocol)];
  if (layer4 === 'icmp') parts.push(`type ${packet.icmpType} code ${packet.icmpCode}`);
  parts.push(end(source, packet.sourcePort), '->', end(destination, packet.destinationPort));
  if (layer4 === 'tcp' && packet.tcpFlags !== SYN) {
    parts.push(FLAGS.filter((_, bit) => packet.tcpFlags & (1 << bit)).join('+') || 'no flags');
  }
  if (laterFragment) parts.push('(a fragment after the first)');
  return parts.join(' ');
}
