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

/** Whether a row's destination port means anything: a port, or the type of an ICMP message. */
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

/** In keys of services: no port is stated. */
const PORTLESS = 1 << 24;

/** Of ICMP the type alone: rows also hold the code. -1 where none is stated. */
export function portShown(protocol: number, port: number): number {
  if (port < 0) return -1;
  return protocol === ICMP || protocol === ICMPV6 ? port >>> 8 : port;
}

/** One number for protocol and port; a port below 0 is one that is not stated. */
export function serviceKey(protocol: number, port: number): number {
  if (port < 0) return PORTLESS | (protocol << 16);
  return (protocol << 16) | portShown(protocol, port);
}

/** The port of a service by its key; null where it has none, or none is stated. */
export function portOfKey(key: number): number | null {
  return hasPort((key >>> 16) & 255) && (key & PORTLESS) === 0 ? key & 0xffff : null;
}

/** `tcp/443`, `icmp/8`, `ip-47`, `tcp` without a port; empty for a negative key. */
export function serviceText(key: number): string {
  if (key < 0) return '';
  const protocol = (key >>> 16) & 255;
  const transport = transportShown(protocol) ?? 'unknown';
  const port = portOfKey(key);
  return port === null ? transport : `${transport}/${port}`;
}
