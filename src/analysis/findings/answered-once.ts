/**
 * Services that answered only once: asked again and again (`once-asked` flows or more), they
 * accepted or replied in a single one. A service that starts and stops, a filter that lets some
 * through, a port that was open for a moment.
 */
import type { Finding } from '../../model/finding.ts';
import { TALLY_FLOATS, TALLY_WORDS } from '../tally-table.ts';
import { type Case, MOST_EACH, number, protocolText } from './case.ts';

export function answeredOnce(c: Case): readonly Finding[] {
  if (c.oneWay) return [];
  const { services } = c.traffic;
  const { unanswered } = c.clues;
  const findings: Finding[] = [];
  for (let entry = 0; entry < services.table.count && findings.length < MOST_EACH; entry++) {
    if (services.flowsOf(entry) !== 1) continue;
    const word = entry * TALLY_WORDS;
    const [address, port, kind] = services.table.words.subarray(word, word + 3) as never as [
      number,
      number,
      number,
    ];
    const failed = unanswered.find(address, port | (kind << 16), 0);
    if (failed < 0) continue;
    const missed = unanswered.floats[failed * (TALLY_WORDS / 2) + TALLY_FLOATS]!;
    const asked = missed + 1;
    if (asked < c.thresholds['once-asked']) continue;
    const server = c.host(address, kind & 0x100);
    const transport = protocolText(kind & 0xff);
    findings.push({
      kind: 'finding',
      id: 'answered-once',
      severity: 'low',
      subject: {
        text: `${server} ${port}/${transport}`,
        server,
        port,
        transport: transport as 'tcp',
      },
      what: `${port}/${transport} of ${server} answered once and failed ${number(missed)} times`,
      why: 'a service that comes and goes, or a filter that lets one client through, is easily overlooked in an inventory',
      do: `look at when it answered (portreeve assess … --host ${server}) and whether it is meant to run`,
      otherwise: 'a service that is overloaded or was restarted, packets lost by the capture',
      evidence: [
        {
          seenMs: services.table.floats[entry * (TALLY_WORDS / 2) + TALLY_FLOATS + 4]!,
          locator: c.locator(services.interfaceOf(entry), services.frameOf(entry)),
        },
      ],
      filter: `host ${server} and ${transport} port ${port}`,
      numbers: { asked, answered: 1 },
      thresholds: c.held('once-asked'),
    });
  }
  return findings;
}
