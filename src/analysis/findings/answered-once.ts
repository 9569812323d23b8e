/**
 * Services that answered only once: asked again and again (`once-asked` flows or more), they
 * accepted or replied in a single one. A service that starts and stops, a filter that lets some
 * through, a port that was open for a moment.
 */
import type { Finding } from '../../model/finding.ts';
import { TALLY_FLOATS, TALLY_WORDS } from '../tally-table.ts';
import { type Case, number, protocolText } from './case.ts';

interface Once {
  readonly entry: number;
  /** Flows that were not answered. */
  readonly missed: number;
}

/** Nothing in a one-way capture, where silence means nothing. */
export function answeredOnce(c: Case): readonly Finding[] {
  if (c.oneWay) return [];
  const { services } = c.traffic;
  const { unanswered } = c.clues;
  const found: Once[] = [];
  for (let entry = 0; entry < services.table.count; entry++) {
    if (services.flowsOf(entry) !== 1) continue;
    const { address, port, kind } = endpointOf(c, entry);
    const failed = unanswered.find(address, port | (kind << 16), 0);
    if (failed < 0) continue;
    const missed = unanswered.floats[failed * (TALLY_WORDS / 2) + TALLY_FLOATS]!;
    if (missed + 1 >= c.thresholds['once-asked']) found.push({ entry, missed });
  }
  return c.tellMost('answered-once', found, (once) => tell(c, once));
}

function endpointOf(c: Case, entry: number): { address: number; port: number; kind: number } {
  const { words } = c.traffic.services.table;
  const at = entry * TALLY_WORDS;
  return { address: words[at]!, port: words[at + 1]!, kind: words[at + 2]! };
}

function tell(c: Case, { entry, missed }: Once): Finding {
  const { services } = c.traffic;
  const { address, port, kind } = endpointOf(c, entry);
  const server = c.host(address, kind & 0x100);
  const transport = protocolText(kind & 0xff);
  return {
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
    numbers: { asked: missed + 1, answered: 1 },
    thresholds: c.held('once-asked'),
  };
}
