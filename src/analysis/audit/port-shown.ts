/** Which number of a row is shown as its port, and how a service is written. */
import { transportOf } from '../../model/verdict-batch.ts';

/** Protocol of rows that name none. */
const NO_PROTOCOL = 255;
const ICMP = 1;
const ICMPV6 = 58;

/** The keyword of a row's protocol; null when it has none. */
export function transportShown(protocol: number): ReturnType<typeof transportOf> {
  return transportOf(protocol === NO_PROTOCOL ? -1 : protocol);
}

export function hasPort(protocol: number): boolean {
  return (
    protocol === 6 ||
    protocol === 17 ||
    protocol === ICMP ||
    protocol === 33 ||
    protocol === ICMPV6 ||
    protocol === 132 ||
    protocol === 136
  );
}

/** Of ICMP the type alone: rows also hold the code. */
export function portShown(protocol: number, port: number): number {
  return protocol === ICMP || protocol === ICMPV6 ? port >>> 8 : port;
}

/** One number for protocol and port. */
export function serviceKey(protocol: number, port: number): number {
  return (protocol << 16) | portShown(protocol, port);
}

/** `tcp/443`, `icmp/8`, `ip-47`; empty for a negative key. */
export function serviceText(key: number): string {
  if (key < 0) return '';
  const protocol = (key >>> 16) & 255;
  const transport = transportShown(protocol) ?? 'unknown';
  return hasPort(protocol) ? `${transport}/${key & 0xffff}` : transport;
}
