/**
 * Ports that servers of the protocols in wire/hints.ts have (IANA service names registry). A hint
 * is read from a payload because one of its two ports is the protocol's; if that port is the
 * client's alone, the payload is another protocol's and the hint an accident.
 */
import { HINT_PROTOCOLS } from '../wire/hints.ts';

const SERVER_PORTS: Readonly<Partial<Record<(typeof HINT_PROTOCOLS)[number], readonly number[]>>> =
  {
    // With NetBIOS names, mDNS and LLMNR, which share the header.
    dns: [53, 137, 5353, 5355],
    ntp: [123],
    dhcp: [67],
    dhcpv6: [547],
    snmp: [161],
    tftp: [69],
    radius: [1812, 1813],
    quic: [443],
  };

const PORTS = HINT_PROTOCOLS.map((name) => SERVER_PORTS[name]);

/** Whether a server on this port may be what the hint (see wire/hints.ts) is about. */
export function isNewsOfServer(hint: number, serverPort: number): boolean {
  const ports = PORTS[hint >>> 2];
  return ports === undefined || ports.includes(serverPort);
}
