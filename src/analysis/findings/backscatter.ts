/**
 * Backscatter: answers that reach many hosts which never asked. Somebody attacks the sender with
 * forged source addresses, and its answers go to whom they belong (Moore, Voelker and Savage,
 * Inferring Internet Denial-of-Service Activity, 2001). The receivers did nothing.
 *
 * In half a mirror port everything looks like this, so nothing is said then.
 */
import type { Finding } from '../../model/finding.ts';
import { type Case, number, plural, protocolText } from './case.ts';
import { familyOfWord, portOfWord, protocolOfWord } from './clues.ts';

/** Those that reached the most hosts first. */
export function backscatter(c: Case): readonly Finding[] {
  if (c.oneWay) return [];
  const { strays } = c.clues;
  const found: { entry: number; hosts: number; estimated: boolean }[] = [];
  for (let entry = 0; entry < strays.count; entry++) {
    const { things: hosts, estimated } = strays.totals(entry);
    if (hosts >= c.thresholds['backscatter-hosts']) found.push({ entry, hosts, estimated });
  }
  found.sort((left, right) => right.hosts - left.hosts);
  return c.tellMost('backscatter', found, ({ entry, hosts, estimated }) => {
    const word = strays.key(entry, 1);
    const sender = c.host(strays.key(entry, 0), familyOfWord(word));
    const port = portOfWord(word);
    const transport = protocolText(protocolOfWord(word));
    return {
      kind: 'finding',
      id: 'backscatter',
      severity: 'info',
      subject: {
        text: `${sender} ${port}/${transport}`,
        server: sender,
        port,
        transport: transport as 'tcp',
      },
      what: `backscatter: ${estimated ? 'about ' : ''}${plural(hosts, 'host')} got answers from ${port}/${transport} of ${sender} that ${hosts === 1 ? 'it' : 'they'} never asked for`,
      why: `${number(strays.flows(entry))} flows with answers and no question: so it looks when ${sender} is attacked with forged source addresses; the receivers are not to blame`,
      do: 'nothing here; let no packets out whose source address is not yours (RFC 2827)',
      otherwise: 'questions that took another way past the observation point, or came before it',
      evidence: c.evidence(strays.samples(entry)),
      filter: `src host ${sender} and ${transport} src port ${port}`,
      numbers: { hosts, flows: strays.flows(entry), estimated: estimated ? 1 : 0 },
      thresholds: c.held('backscatter-hosts'),
    };
  });
}
