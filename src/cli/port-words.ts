/** What people read of a transport and a port, of ICMP of a message type, in every table. */
import { icmpTypeName, protocolName } from '../catalog/protocols.ts';
import { serviceName } from '../catalog/services.ts';

/** The transport; for `ip-47` the protocol's name. */
export function transportText(transport: string): string {
  return transport.startsWith('ip-') ? protocolName(Number(transport.slice(3))) : transport;
}

/** The registered name of a port, or that of an ICMP message type; null without any. */
export function portNameOf(transport: string, port: number): string | null {
  if (transport === 'icmp') return icmpTypeName(4, port);
  if (transport === 'icmpv6') return icmpTypeName(6, port);
  return serviceName(transport, port) ?? null;
}
