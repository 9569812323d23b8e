/**
 * Reads the text of Linux's /proc/net/sctp/eps (kernel: `sctp_eps_seq_show`), one line per
 * endpoint, which may have several addresses (RFC 9260 section 1.3):
 *
 *     ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS
 *     ffff8800  ffff8801 2   10  29   5060   0   1234  192.0.2.1 198.51.100.1
 *
 * Addresses are text; IPv6 ones are written out in full.
 */
import { parseAddress } from '../../net/address.ts';
import type { SocketRow, SocketText } from './socket-row.ts';
import { faultOf } from './socket-row.ts';

/** SCTP_SS_LISTENING, which has the value of TCP_LISTEN. */
const LISTENING = '10';

/** One row per address of each listening endpoint. */
export function parseSctpEndpoints(text: string): SocketText {
  const rows: SocketRow[] = [];
  const faults: SocketText['faults'][number][] = [];
  let connected = 0;
  text.split('\n').forEach((line, index) => {
    const fields = line.trim().split(/\s+/);
    if (fields[0] === '' || fields[0] === 'ENDPT') return;
    const found = parseEndpoint(fields);
    if (found === undefined) faults.push(faultOf(line, index + 1));
    else if (fields[3] === LISTENING) rows.push(...found);
    else connected++;
  });
  return { rows, connected, faults };
}

function parseEndpoint(fields: readonly string[]): SocketRow[] | undefined {
  const [port, uid, inode, ...texts] = fields.slice(5);
  if (!isNumber(fields[3]) || !isNumber(port) || !isNumber(uid) || !isNumber(inode)) {
    return undefined;
  }
  if (Number(port) > 65535 || texts.length === 0) return undefined;
  const rows: SocketRow[] = [];
  for (const text of texts) {
    // An asterisk marks an association's primary address.
    const address = parseAddress(text.startsWith('*') ? text.slice(1) : text);
    if (address === undefined) return undefined;
    rows.push({
      transport: 'sctp',
      address,
      port: Number(port),
      uid: Number(uid),
      inode: Number(inode),
    });
  }
  return rows;
}

function isNumber(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,20}$/.test(text);
}
