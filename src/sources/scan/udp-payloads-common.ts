/** Requests of services that servers, clients and network devices run everywhere. */
import { webcrypto as crypto } from 'node:crypto';
import { hex, join, octetsOf } from './services/octets.ts';
import type { UdpPayload } from './udp-payloads.ts';

/** Marks our questions where a protocol has room for a number of the asker's choice. */
const ID = 0x7052;

export function commonPayloads(): UdpPayload[] {
  return [
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
    of(
      'coap',
      [5683],
      join(hex('40017052bb'), octetsOf('.well-known'), hex('04'), octetsOf('core')),
    ),
    // RFC 6347 section 4.2: ClientHello; answered by HelloVerifyRequest.
    of('dtls', [5684, 4433, 5349, 10161, 3391], dtlsHello()),
  ];
}

export function of(name: string, ports: readonly number[], bytes: Uint8Array): UdpPayload {
  return { name, ports, bytes };
}

export function text(name: string, ports: readonly number[], words: string): UdpPayload {
  return of(name, ports, octetsOf(words));
}

export function random(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

export function zeros(length: number): Uint8Array {
  return new Uint8Array(length);
}

export function words16(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [value >> 8, value & 255]));
}

function words32(...values: readonly number[]): Uint8Array {
  return words16(...values.flatMap((value) => [value >>> 16, value & 0xffff]));
}

/** BER: tag, length, contents (X.690 section 8.1), definite form. */
function ber(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const body = join(...contents);
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 255];
  return join(Uint8Array.from([tag, ...length]), body);
}

function dnsName(name: string): Uint8Array {
  const labels = name === '' ? [] : name.split('.');
  return join(
    ...labels.map((label) => join(Uint8Array.from([label.length]), octetsOf(label))),
    zeros(1),
  );
}

function dnsQuery(name: string, type: number, kind: number, flags: number): Uint8Array {
  return join(words16(ID, flags, 1, 0, 0, 0), dnsName(name), words16(type, kind));
}

function rpcNull(program: number, version: number): Uint8Array {
  return join(words32(0x70520001, 0, 2, program, version, 0), zeros(16));
}

function netbiosStatus(): Uint8Array {
  const name = octetsOf(`\x20CK${'A'.repeat(30)}\0`);
  return join(words16(ID, 0, 1, 0, 0, 0), name, words16(0x21, 1));
}

/** Message id and empty user, engine and context; flags: reportable. */
function snmpDiscovery(): Uint8Array {
  const empty = ber(4);
  const header = ber(
    0x30,
    ber(2, hex('7052')),
    ber(2, hex('00ffe3')),
    ber(4, hex('04')),
    ber(2, hex('03')),
  );
  const security = ber(
    4,
    ber(0x30, empty, ber(2, hex('00')), ber(2, hex('00')), empty, empty, empty),
  );
  const request = ber(0xa0, ber(2, hex('7052')), ber(2, hex('00')), ber(2, hex('00')), ber(0x30));
  return ber(0x30, ber(2, hex('03')), header, security, ber(0x30, empty, empty, request));
}

function ldapRootSearch(): Uint8Array {
  const search = ber(
    0x63,
    ber(4),
    ber(10, hex('00')),
    ber(10, hex('00')),
    ber(2, hex('00')),
    ber(2, hex('00')),
    ber(1, hex('00')),
    ber(0x87, octetsOf('objectClass')),
    ber(0x30),
  );
  return ber(0x30, ber(2, hex('01')), search);
}

function kerberosRequest(): Uint8Array {
  const realm = octetsOf('PORTREEVE.INVALID');
  const general = (words: string): Uint8Array => ber(0x1b, octetsOf(words));
  const name = (type: string, ...parts: readonly string[]): Uint8Array =>
    ber(0x30, ber(0xa0, ber(2, hex(type))), ber(0xa1, ber(0x30, ...parts.map(general))));
  const body = ber(
    0x30,
    ber(0xa0, ber(3, hex('0050800000'))),
    ber(0xa1, name('01', 'nobody')),
    ber(0xa2, ber(0x1b, realm)),
    ber(0xa3, name('02', 'krbtgt', 'PORTREEVE.INVALID')),
    ber(0xa5, ber(0x18, octetsOf('20370913024805Z'))),
    ber(0xa7, ber(2, hex('70520001'))),
    ber(0xa8, ber(0x30, ber(2, hex('12')), ber(2, hex('11')), ber(2, hex('17')))),
  );
  return ber(
    0x6a,
    ber(0x30, ber(0xa1, ber(2, hex('05'))), ber(0xa2, ber(2, hex('0a'))), ber(0xa4, body)),
  );
}

function dhcpInform(): Uint8Array {
  const fixed = join(hex('01010600'), words32(0x70520001), zeros(228));
  // Magic cookie, message type INFORM (8), wanted: mask, router; end.
  return join(fixed, hex('6382536335010837020103ff'), zeros(8));
}

function slpRequest(): Uint8Array {
  const body = join(
    words16(0),
    counted('service:service-agent'),
    counted('default'),
    words16(0, 0),
  );
  const length = 14 + 2 + body.length;
  const header = Uint8Array.from([2, 1, 0, length >> 8, length & 255, 0, 0, 0, 0, 0, 0x70, 0x52]);
  return join(header, counted('en'), body);
}

function counted(words: string): Uint8Array {
  return join(words16(words.length), octetsOf(words));
}

/** A version of the form that is reserved to force negotiation (RFC 9000 section 15). */
function quicUnknownVersion(): Uint8Array {
  return join(hex('c01a2a3a4a08'), random(8), hex('08'), random(8), zeros(1200 - 23));
}

/** Two proposals that every IKE daemon can read; the key is random, so no exchange can follow. */
function ikeInit(): Uint8Array {
  const transform = (last: boolean, type: number, id: number, attribute = ''): Uint8Array => {
    const extra = hex(attribute);
    const header = Uint8Array.from([
      last ? 0 : 3,
      0,
      0,
      8 + extra.length,
      type,
      0,
      id >> 8,
      id & 255,
    ]);
    return join(header, extra);
  };
  const transforms = join(
    transform(false, 1, 12, '800e0100'),
    transform(false, 2, 5),
    transform(false, 3, 12),
    transform(true, 4, 14),
  );
  const proposal = join(hex('0000'), words16(8 + transforms.length), hex('01010004'), transforms);
  const security = join(hex('2200'), words16(4 + proposal.length), proposal);
  const exchange = join(hex('2800'), words16(8 + 256), words16(14, 0), random(256));
  const nonce = join(hex('0000'), words16(4 + 32), random(32));
  const payloads = join(security, exchange, nonce);
  const header = join(random(8), zeros(8), hex('2120220800000000'));
  return join(header, words32(28 + payloads.length), payloads);
}

function l2tpRequest(): Uint8Array {
  const attribute = (type: number, value: Uint8Array): Uint8Array =>
    join(words16(0x8000 | (6 + value.length), 0, type), value);
  const body = join(
    attribute(0, words16(1)),
    attribute(2, hex('0100')),
    attribute(3, hex('00000003')),
    attribute(7, octetsOf('portreeve')),
    attribute(9, words16(ID)),
    attribute(10, words16(4)),
  );
  return join(words16(0xc802, 12 + body.length, 0, 0, 0, 0), body);
}

function dtlsHello(): Uint8Array {
  const suites = hex('c02bc02fc00ac014002f0035');
  const extensions = hex('000a00060004001d0017000b00020100000d00080006040304010501');
  const body = join(
    hex('fefd'),
    random(32),
    hex('0000'),
    words16(suites.length),
    suites,
    hex('0100'),
    words16(extensions.length),
    extensions,
  );
  const size = Uint8Array.from([0, body.length >> 8, body.length & 255]);
  const handshake = join(hex('01'), size, hex('0000000000'), size, body);
  return join(hex('16feff0000000000000000'), words16(handshake.length), handshake);
}

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
