/** Requests of UDP services that have an inner form: names, lists, lengths of what follows. */
import { hex, join, octetsOf } from './services/octets.ts';
import { ber, random, words16, words32, zeros } from './udp-payload-parts.ts';

/** Marks our questions where a protocol has room for a number of the asker's choice. */
const ID = 0x7052;

function dnsName(name: string): Uint8Array {
  const labels = name === '' ? [] : name.split('.');
  return join(
    ...labels.map((label) => join(Uint8Array.from([label.length]), octetsOf(label))),
    zeros(1),
  );
}

/** One question (RFC 1035 section 4.1). @param kind its class, @param flags of the header */
export function dnsQuery(name: string, type: number, kind: number, flags: number): Uint8Array {
  return join(words16(ID, flags, 1, 0, 0, 0), dnsName(name), words16(type, kind));
}

/** A call of procedure 0, which every program has (RFC 5531 section 12.1). */
export function rpcNull(program: number, version: number): Uint8Array {
  return join(words32(0x70520001, 0, 2, program, version, 0), zeros(16));
}

/** A node status request for `*` (RFC 1002 section 4.2.17). */
export function netbiosStatus(): Uint8Array {
  const name = octetsOf(`\x20CK${'A'.repeat(30)}\0`);
  return join(words16(ID, 0, 1, 0, 0, 0), name, words16(0x21, 1));
}

/** Message id and empty user, engine and context; flags: reportable. */
export function snmpDiscovery(): Uint8Array {
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

/** A search of the root DSE alone (RFC 4512 section 5.1), as CLDAP has it. */
export function ldapRootSearch(): Uint8Array {
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

/** AS-REQ for a realm that does not exist (RFC 4120 section 5.4.1): an error answers it. */
export function kerberosRequest(): Uint8Array {
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

/**
 * DHCPINFORM (RFC 2131 section 4.4.3): asks for options, takes no address. Servers answer to port 68 of
 * the address in `ciaddr`; where that is none (all ones), dnsmasq answers who asked.
 */
export function dhcpInform(): Uint8Array {
  const fixed = join(
    hex('01010600'),
    ...[words32(0x70520001), zeros(4), words32(0xffffffff), zeros(220)],
  );
  // Magic cookie, message type INFORM (8), wanted: mask, router; end.
  return join(fixed, hex('6382536335010837020103ff'), zeros(8));
}

/** A service request for service agents (RFC 2608 section 8.1). */
export function slpRequest(): Uint8Array {
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
export function quicUnknownVersion(): Uint8Array {
  return join(hex('c01a2a3a4a08'), random(8), hex('08'), random(8), zeros(1200 - 23));
}

/** Two proposals that every IKE daemon can read; the key is random, so no exchange can follow. */
export function ikeInit(): Uint8Array {
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

/** Start-Control-Connection-Request (RFC 2661 section 6.1). */
export function l2tpRequest(): Uint8Array {
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

/** ClientHello of DTLS 1.2 (RFC 6347 section 4.2) without a cookie, which the server then sends. */
export function dtlsHello(): Uint8Array {
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
