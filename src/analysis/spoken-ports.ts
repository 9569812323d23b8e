/** What is spoken on each port, over all endpoints: for the table of ports. */
import type { PortUse } from '../model/use.ts';
import { fitOf, type SpokenView } from './spoken.ts';

/** What is sent unasked to whoever takes it. */
const PUSHED: ReadonlySet<string> = new Set(['rtp', 'rtcp', 'syslog', 'netflow', 'sflow']);

type PortSpoken = PortUse['spoken'][number];

/**
 * What payloads showed, by `port/transport`; announced ones have 0 flows. What somebody asked for on
 * a port that is not the protocol's, and nobody gave, makes no row: it is the asker's mistake or probe.
 */
export function spokenByPort(speech: SpokenView): Map<string, PortSpoken[]> {
  const byPort = new Map<string, Map<string, { endpoints: number; flows: number }>>();
  for (const { transport, port, spoken } of speech.endpoints()) {
    for (const { protocol, flows, answered, by } of spoken) {
      const fits =
        answered ||
        PUSHED.has(protocol) ||
        by === 'announced' ||
        fitOf(protocol, transport, port) === 'usual';
      if (!fits) continue;
      const key = `${port}/${transport}`;
      const protocols = byPort.get(key) ?? new Map();
      byPort.set(key, protocols);
      const known = protocols.get(protocol) ?? { endpoints: 0, flows: 0 };
      protocols.set(protocol, { endpoints: known.endpoints + 1, flows: known.flows + flows });
    }
  }
  return new Map(
    [...byPort].map(([key, protocols]) => {
      const [port = '', transport = ''] = key.split('/');
      const list = [...protocols].map(([protocol, counts]) => ({
        protocol,
        ...counts,
        fit: fitOf(protocol, transport, Number(port)),
      }));
      return [key, list.sort((a, b) => b.endpoints - a.endpoints || b.flows - a.flows)];
    }),
  );
}
