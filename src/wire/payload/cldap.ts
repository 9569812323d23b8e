/**
 * LDAP over UDP (RFC 1798), which Windows clients find domain controllers with ([MS-ADTS] section
 * 6.3.3): a search for the attribute Netlogon; the answer holds the domain's and the server's names.
 */
import { berContent, berInteger, berSkip, berStop } from './ber-fields.ts';
import { nameAt, skipName } from './dns-name.ts';
import { ascii, findAnyCase } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  type Payload,
} from './payload.ts';

const SEQUENCE = 0x30;
const INTEGER = 2;
const TEXT = 4;
const ENUMERATED = 10;
const SEARCH = 0x63;
const ENTRY = 0x64;
const DONE = 0x65;
const NETLOGON = ascii('NETLOGON');
/** LOGON_SAM_LOGON_RESPONSE_EX, its fixed part: opcode 2, sbz 2, flags 4, domain's id 16. */
const RESPONSE_EX = 23;
const RESPONSE_FIXED = 24;

function detect({ bytes, at, end, length }: Payload): Detection {
  const whole = berContent(bytes, at, end);
  if (whole < 0 || bytes[at] !== SEQUENCE) return 0;
  // An answer may hold an entry and the end of the search: two messages.
  if (berStop(bytes, at, end) > at + length) return 0;
  const operation = berSkip(bytes, whole, end, INTEGER);
  const content = berContent(bytes, operation, end);
  if (content < 0) return 0;
  switch (bytes[operation]) {
    case SEARCH: {
      const scope = berSkip(bytes, content, end, TEXT);
      const aliases = berSkip(bytes, scope, end, ENUMERATED);
      if (aliases < 0 || berInteger(bytes, scope, end, ENUMERATED) > 3) return 0;
      return berInteger(bytes, aliases, end, ENUMERATED) >= 0 ? CERTAIN | ASKS : 0;
    }
    case ENTRY:
      return berSkip(bytes, content, end, TEXT) > 0 ? CERTAIN | ANSWERS : 0;
    case DONE:
      return berInteger(bytes, content, end, ENUMERATED) >= 0 ? CERTAIN | ANSWERS : 0;
    default:
      return 0;
  }
}

/** The names follow in a fixed order: forest, domain, host, NetBIOS domain, NetBIOS host, … */
function facts({ bytes, view, at, end }: Payload, to: FactSink): void {
  const attribute = findAnyCase(bytes, at, end, NETLOGON);
  if (attribute < 0 || attribute + 12 > end) return;
  const values = berContent(bytes, attribute + NETLOGON.length, end);
  if (values < 0 || bytes[attribute + NETLOGON.length] !== 0x31) return;
  const value = berContent(bytes, values, end);
  if (value < 0 || value + RESPONSE_FIXED > end || view.getUint16(value, true) !== RESPONSE_EX)
    return;
  const names: (string | undefined)[] = [];
  let next = value + RESPONSE_FIXED;
  for (let count = 0; count < 5; count++) {
    // Pointers count from the response's first octet.
    names.push(nameAt(bytes, value, next, end));
    next = skipName(bytes, next, end);
    if (next < 0) break;
  }
  const [, domain, host, , netbiosHost] = names;
  if (domain) to.service('domain', domain);
  if (host) to.name('cldap', host, 'source');
  if (netbiosHost) to.name('netbios', netbiosHost, 'source');
}

export const CLDAP: Detector = {
  protocol: 'cldap',
  transports: [17],
  ports: [389],
  begins: [SEQUENCE],
  detect,
  facts,
};
