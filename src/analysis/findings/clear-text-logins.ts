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
import type { Spoken, SpokenEndpoint } from '../../model/spoken.ts';
import { type Case, plural, some } from './case.ts';
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

/** Those that a payload showed first, then those that a port and its traffic suggest. */
export function clearTextLogins(c: Case): readonly Finding[] {
  const seen = c.spoken.endpoints().filter((at) => loginOf(at) !== undefined);
  const { count } = c.clues.clearText;
  const likely = Array.from({ length: count }, (_, entry) => entry).filter((entry) =>
    suggestsLogin(c, entry),
  );
  const tellers = [
    ...seen.map((at) => () => tellSeen(at)),
    ...likely.map((entry) => () => tellByPort(c, entry)),
  ];
  return c.tellMost('clear-text-login', tellers, (tell) => tell());
}

/** The protocol in which a payload showed a login; undefined where none crossed a network. */
function loginOf({ address, spoken }: SpokenEndpoint): Spoken | undefined {
  // What a host says to itself crosses no network.
  if (address.startsWith('127.') || address === '::1') return undefined;
  return spoken.find(({ facts }) => facts.login?.some((each) => each.startsWith(IN_CLEAR)));
}

function tellSeen(at: SpokenEndpoint): Finding {
  const { address, port, transport } = at;
  const shown = loginOf(at)!;
  const name = spokenName(shown.protocol);
  const frames = shown.facts.login!.flatMap((value, index) =>
    value.startsWith(IN_CLEAR) ? [shown.factLocators.login?.[index] ?? shown.locator] : [],
  );
  return {
    kind: 'finding',
    id: 'clear-text-login',
    severity: 'high',
    subject: { text: `${address} ${port}/${transport}`, server: address, port, transport },
    what: `${name}: a login crossed the network readable`,
    why: 'whoever can capture as you just did has the name and the password',
    do: `change that password; let ${name} ask for logins inside TLS only, or move to a protocol that protects them`,
    otherwise: 'an anonymous or a test login',
    evidence: frames.map((locator) => ({ locator })),
    filter: `host ${address} and ${transport} port ${port}`,
    numbers: { conversations: shown.flows },
    thresholds: {},
  };
}

/** Whether only the port tells that logins are readable, and somebody else's use of it was seen. */
function suggestsLogin(c: Case, entry: number): boolean {
  const { clearText } = c.clues;
  const server = clearText.key(entry, 0);
  const word = clearText.key(entry, 1);
  const port = portOfWord(word);
  const spoken = c.spoken.protocolAt(server, familyOfWord(word), 6, port);
  if (spoken !== undefined && !(spoken === 'telnet' && ALWAYS.has(port))) return false;
  // What a host says to itself crosses no network.
  return clearText.samples(entry).some(({ first }) => first !== server);
}

function tellByPort(c: Case, entry: number): Finding {
  const { clearText: lists } = c.clues;
  const word = lists.key(entry, 1);
  const port = portOfWord(word);
  const family = familyOfWord(word);
  const address = lists.key(entry, 0);
  const server = c.host(address, family);
  const samples = lists.samples(entry).filter(({ first }) => first !== address);
  const clients = lists.totals(entry).things;
  const names = samples.map(({ first }) => c.host(first, family));
  const outside = samples.filter(({ first }) => c.isOutside(first, family)).length;
  const crosses = outside > 0 || c.isOutside(address, family);
  const [name, instead] = WHAT[port] ?? [serviceName('tcp', port) ?? String(port), 'TLS'];
  const always = ALWAYS.has(port);
  return {
    kind: 'finding',
    id: 'clear-text-login',
    severity: always || crosses ? 'high' : 'medium',
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
  };
}
