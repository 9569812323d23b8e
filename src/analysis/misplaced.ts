/**
 * Whether a protocol is spoken where another is expected, or where none is: judged by the ports of
 * the protocols that can be told and by the catalogue.
 */
import { entriesOnPorts } from '../catalog/entries.ts';
import type { PortFit, Spoken, SpokenEndpoint } from '../model/spoken.ts';
import { DETECTORS } from '../wire/payload/detectors.ts';
import { fitOf } from './spoken.ts';

/** Receivers that never answer: that they are sent something is all there is to see. */
const RECEIVERS: ReadonlySet<string> = new Set(['syslog', 'netflow', 'sflow']);

/** What was only asked for, by whoever came along, says nothing about the endpoint. */
function hasPart({ protocol, answered }: Spoken): boolean {
  return answered || RECEIVERS.has(protocol);
}

/** What is certainly spoken at an endpoint and has no place on its port; undefined when all fits. */
export function misplaced(
  at: SpokenEndpoint,
): { readonly spoken: Spoken; readonly fit: Exclude<PortFit, 'usual'> } | undefined {
  const { port, transport } = at;
  const spoken = at.spoken.find(hasPart);
  if (spoken?.by !== 'payload' || spoken.confidence !== 'certain') return undefined;
  const { protocol } = spoken;
  const fit = spoken === at.spoken[0] ? at.fit : fitOf(protocol, transport, port);
  if (fit === 'usual' || isNeighbour(protocol, transport, port)) return undefined;
  const fits =
    fit === 'other' ? isExpectedGuest(protocol, transport, port) : ANYWHERE.has(protocol);
  return fits ? undefined : { spoken, fit };
}

/** Protocols for which any port is usual: chosen at run time, or carrying others. */
const ANYWHERE: ReadonlySet<string> = new Set(
  'tls dtls http http2 quic rtp rtcp rtsp bittorrent stun dce-rpc onc-rpc tftp ftp-data nfs'.split(
    ' ',
  ),
);

/** Protocols that protect others, which are at home on the ports of those. */
const SECURE: ReadonlySet<string> = new Set(['tls', 'dtls', 'quic']);

/** Protocols that share a format, so that one is at home on the ports of the other. */
const KIN: readonly ReadonlySet<string>[] = [
  'dns mdns llmnr netbios-ns',
  'ldap cldap',
  'onc-rpc portmap nfs',
  'smb netbios-session netbios-dgm',
  'http http2 elasticsearch ssdp ws-discovery rtsp sip',
  'rtp rtcp stun quic tls dtls',
  'dhcp dhcpv6',
  'radius tacacs',
].map((names) => new Set(names.split(' ')));

/** Whether the catalogue has the port beside one of the protocol's own: GTP-C on the port of GTP-U. */
function isNeighbour(protocol: string, transport: string, port: number): boolean {
  const own = DETECTORS.filter((detector) => detector.protocol === protocol).flatMap(
    ({ ports }) => ports,
  );
  return entriesOnPorts({ first: port, last: port, transport }).some(({ ports }) =>
    ports.some(({ first, last }) => own.some((each) => each >= first && each <= last)),
  );
}

/**
 * TLS is at home on the ports of what it protects, HTTP beneath proxies and web interfaces, and a
 * protocol on the ports of its kin.
 */
function isExpectedGuest(protocol: string, transport: string, port: number): boolean {
  if (SECURE.has(protocol)) return port !== 22 && port !== 23 && port !== 53;
  if ((protocol === 'http' || protocol === 'http2') && (port > 1024 || port === 631)) return true;
  const number = transport === 'tcp' ? 6 : 17;
  const owners = DETECTORS.filter(
    ({ transports, ports }) => transports.includes(number) && ports.includes(port),
  );
  return owners.some((owner) => KIN.some((kin) => kin.has(protocol) && kin.has(owner.protocol)));
}
