/**
 * Logins that anyone on the way can read. Certain where a payload showed one (FTP PASS, POP3 PASS,
 * IMAP LOGIN, LDAP simple bind, HTTP basic …). Where payloads were not recognised, told by the port
 * and by the client having sent content: FTP (RFC 959), Telnet (RFC 854), POP3 (RFC 1939), IMAP
 * (RFC 9051), rexec and rlogin (RFC 1258); whether such a session was upgraded to TLS is not known.
 * A recognised session without a login is no finding.
 */
import { serviceName } from '../../catalog/services.ts';
import { spokenName } from '../../catalog/spoken-names.ts';
import type { Finding } from '../../model/finding.ts';
import { type Case, MOST_EACH, plural, some } from './case.ts';
import { familyOfWord, portOfWord } from './clues.ts';

const WHAT: Readonly<Record<number, readonly [name: string, instead: string]>> = {
  21: ['FTP', 'SFTP (22/tcp) or FTP over TLS'],
  23: ['Telnet', 'SSH (22/tcp)'],
  110: ['POP3', 'POP3 over TLS (995/tcp), and refuse plain logins on 110'],
  143: ['IMAP', 'IMAP over TLS (993/tcp), and refuse plain logins on 143'],
  512: ['rexec', 'SSH (22/tcp)'],
  513: ['rlogin', 'SSH (22/tcp)'],
};
const IN_CLEAR = 'in clear';
/** Never upgraded: every session is readable. */
const ALWAYS = new Set([23, 512, 513]);

export function clearTextLogins(c: Case): readonly Finding[] {
  return [...seenLogins(c), ...loginsByPort(c)].slice(0, MOST_EACH);
}

/** Logins that payloads showed. */
function seenLogins(c: Case): Finding[] {
  return c.spoken.endpoints().flatMap(({ address, port, transport, spoken }) => {
    const shown = spoken.find(({ facts }) =>
      facts.login?.some((each) => each.startsWith(IN_CLEAR)),
    );
    // What a host says to itself crosses no network.
    if (shown === undefined || address.startsWith('127.') || address === '::1') return [];
    const name = spokenName(shown.protocol);
    const frames = shown.factLocators.login ?? [shown.locator];
    return [
      {
        kind: 'finding' as const,
        id: 'clear-text-login',
        severity: 'high' as const,
        subject: { text: `${address} ${port}/${transport}`, server: address, port, transport },
        what: `${name}: a login crossed the network readable`,
        why: 'whoever can capture as you just did has the name and the password',
        do: `change that password; let ${name} ask for logins inside TLS only, or move to a protocol that protects them`,
        otherwise: 'an anonymous or a test login',
        evidence: frames.map((locator) => ({ locator })),
        filter: `host ${address} and ${transport} port ${port}`,
        numbers: { conversations: shown.flows },
        thresholds: {},
      },
    ];
  });
}

/** Logins that the port alone suggests. */
function loginsByPort(c: Case): Finding[] {
  const { clearText: lists } = c.clues;
  const findings: Finding[] = [];
  for (let entry = 0; entry < lists.count && findings.length < MOST_EACH; entry++) {
    const word = lists.key(entry, 1);
    const port = portOfWord(word);
    const family = familyOfWord(word);
    const server = c.host(lists.key(entry, 0), family);
    const spoken = c.spoken.protocolAt(lists.key(entry, 0), family, 6, port);
    if (spoken !== undefined && !(spoken === 'telnet' && ALWAYS.has(port))) continue;
    // What a host says to itself crosses no network.
    const samples = lists.samples(entry).filter(({ first }) => first !== lists.key(entry, 0));
    if (samples.length === 0) continue;
    const clients = lists.totals(entry).things;
    const names = samples.map(({ first }) => c.host(first, family));
    const outside = samples.filter(({ first }) => c.isOutside(first, family)).length;
    const crosses = outside > 0 || c.isOutside(lists.key(entry, 0), family);
    const [name, instead] = WHAT[port] ?? [serviceName('tcp', port) ?? String(port), 'TLS'];
    const always = ALWAYS.has(port);
    findings.push({
      kind: 'finding',
      id: 'clear-text-login',
      severity: always ? 'high' : crosses ? 'high' : 'medium',
      subject: { text: `${server} ${port}/tcp`, server, port, transport: 'tcp' },
      what: `${name}: ${plural(clients, 'client')} used a service whose logins are ${always ? 'readable' : 'readable unless upgraded to TLS'} (${some(names, 4)})`,
      why: `names and passwords cross the network as text${crosses ? ', here beyond your own network' : ''}: whoever can capture as you just did can use them`,
      do: `move the clients to ${instead}, then close ${port}/tcp; portreeve explain ${port}/tcp says how`,
      otherwise: always
        ? 'another protocol on this port'
        : 'a session that begins TLS by STARTTLS or AUTH TLS, or an anonymous one',
      evidence: c.evidence(samples),
      filter: `host ${server} and tcp port ${port}`,
      numbers: { clients, clientsOutside: outside, flows: lists.flows(entry) },
      thresholds: {},
    });
  }
  return findings;
}
