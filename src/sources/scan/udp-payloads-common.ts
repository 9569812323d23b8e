/** Requests of services that servers, clients and network devices run everywhere. */
import { hex, join, octetsOf } from './services/octets.ts';
import { of, random, text, zeros } from './udp-payload-parts.ts';
import type { UdpPayload } from './udp-payloads.ts';
import {
  dhcpInform,
  dnsQuery,
  dtlsHello,
  ikeInit,
  kerberosRequest,
  l2tpRequest,
  ldapRootSearch,
  netbiosStatus,
  quicUnknownVersion,
  rpcNull,
  slpRequest,
  snmpDiscovery,
} from './udp-requests.ts';

const WS_PROBE =
  '<?xml version="1.0"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"' +
  ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"' +
  ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><e:Header>' +
  '<a:MessageID>urn:uuid:70727472-6565-7665-8000-000000000001</a:MessageID>' +
  '<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>' +
  '<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>' +
  '</e:Header><e:Body><d:Probe/></e:Body></e:Envelope>';

const SIP_OPTIONS =
  'OPTIONS sip:portreeve SIP/2.0\r\nVia: SIP/2.0/UDP portreeve;branch=z9hG4bKpr;rport\r\n' +
  'Max-Forwards: 70\r\nTo: <sip:portreeve>\r\nFrom: <sip:portreeve>;tag=pr\r\n' +
  'Call-ID: portreeve\r\nCSeq: 1 OPTIONS\r\nContact: <sip:portreeve>\r\n' +
  'Accept: application/sdp\r\nContent-Length: 0\r\n\r\n';

export const COMMON_PAYLOADS: readonly UdpPayload[] = [
  // RFC 862, 867, 865, 864, 868: any datagram is a request.
  text('echo', [7], 'portreeve\r\n'),
  text('daytime', [13], '\r\n'),
  text('qotd', [17], '\r\n'),
  text('chargen', [19], '\r\n'),
  text('time', [37], '\r\n'),
  // RFC 1035 section 4: the root's name servers, recursion not desired.
  of('domain', [53], dnsQuery('', 2, 1, 0)),
  // RFC 2131 section 3.4: what does this network need? Changes no lease.
  of('bootps', [67], dhcpInform()),
  // RFC 1350: a file that nobody has; answered with an error, from another port.
  text('tftp', [69], '\0\x01portreeve-no-such-file\0octet\0'),
  // RFC 4120 section 5.4.1, for a principal that does not exist: answered with KRB-ERROR.
  of('kerberos', [88], kerberosRequest()),
  // RFC 5531 section 9: procedure 0 of program 100000 (RFC 1833) and 100003 (RFC 1813).
  of('sunrpc', [111], rpcNull(100_000, 2)),
  of('nfs', [2049], rpcNull(100_003, 3)),
  // RFC 5905 section 7.3: version 4, client.
  of('ntp', [123], join(hex('e30003fa00010000000100000000000000000000'), zeros(28))),
  // RFC 1002 section 4.2.17: NODE STATUS of the name "*".
  of('netbios-ns', [137], netbiosStatus()),
  // RFC 3414 section 4: engine discovery, no user, no community.
  of('snmp', [161], snmpDiscovery()),
  // XDMCP 1.1, section 4: Query, no authentication names.
  of('xdmcp', [177], hex('00010002000100')),
  // RFC 4511 section 4.5 over UDP (MS-ADTS 6.3.3): the root entry.
  of('ldap', [389], ldapRootSearch()),
  // RFC 2608 section 8.1: services of every kind.
  of('svrloc', [427], slpRequest()),
  // RFC 9000 section 5.2.2: an unknown version is answered with those that are known.
  of('quic', [443, 80, 8443], quicUnknownVersion()),
  // RFC 7296 section 3: IKE_SA_INIT; with RFC 3948's marker on 4500.
  of('isakmp', [500], ikeInit()),
  of('ipsec-nat-t', [4500], join(zeros(4), ikeInit())),
  // RFC 2453 section 3.9.1, RFC 2080 section 2.4.1: the whole table.
  of('router', [520], join(hex('01020000000000000000000000000000000000000000'), hex('0010'))),
  of('ripng', [521], join(hex('01010000'), zeros(16), hex('00000010'))),
  // ASF 2.0 section 3.2.4.2: RMCP presence ping.
  of('asf-rmcp', [623, 664], hex('0600ff06000011be80000000')),
  // MC-SQLR section 2.2.2: CLNT_UCAST_EX, all instances.
  of('ms-sql-m', [1434], hex('03')),
  // RFC 2661 section 6.1: SCCRQ with the attributes it must have.
  of('l2tp', [1701], l2tpRequest()),
  // UPnP Device Architecture 2.0 section 1.3.2, unicast.
  text(
    'ssdp',
    [1900],
    'M-SEARCH * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\nMan: "ssdp:discover"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n',
  ),
  // RFC 8489 section 5: Binding request.
  of('stun', [3478, 3479, 19302], join(hex('000100002112a442'), random(12))),
  // MS-RDPEUDP section 2.2.2: SYN, padded as it must be.
  of('ms-wbt-server', [3389], join(hex('ffffffff040000010000705204d004d0'), zeros(1216))),
  // WS-Discovery 1.1 section 5: Probe for anything.
  text('ws-discovery', [3702], WS_PROBE),
  // RFC 3261 section 11: OPTIONS.
  text('sip', [5060], SIP_OPTIONS),
  // RFC 6886 section 3.2: the external address.
  of('nat-pmp', [5351], hex('0000')),
  // RFC 6763 section 9, unicast answer wanted.
  of('mdns', [5353], dnsQuery('_services._dns-sd._udp.local', 12, 0x8001, 0)),
  // RFC 4795 section 2.1.
  of('llmnr', [5355], dnsQuery('portreeve', 1, 1, 0)),
  // RFC 7252 section 3: GET /.well-known/core.
  of('coap', [5683], join(hex('40017052bb'), octetsOf('.well-known'), hex('04'), octetsOf('core'))),
  // RFC 6347 section 4.2: ClientHello; answered by HelloVerifyRequest.
  of('dtls', [5684, 4433, 5349, 10161, 3391], dtlsHello()),
];
