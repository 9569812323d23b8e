/** Flow records as `listFlows` gives them, for tests of what is made of them. */
import type { Flow } from '../../src/model/flow.ts';

const COUNTERS = { packets: 5, bytes: 500, payloadBytes: 300, minLength: 40, maxLength: 200 };
const NOTHING = { packets: 0, bytes: 0, payloadBytes: 0, minLength: 0, maxLength: 0 };

/** `10.0.1.10:50000 -> 10.0.2.20:1433 tcp`, answered unless the state is S0. */
export function flowRecord(text: string, fields: Partial<Flow> = {}): Flow {
  const [, client, clientPort, server, serverPort, transport] =
    /^(\S+):(\d+) -> (\S+):(\d+) (\S+)$/.exec(text) ?? [];
  if (client === undefined) throw new TypeError(`not a flow: ${text}`);
  const state = fields.state ?? 'SF';
  return {
    ...{ kind: 'flow', transport: transport as Flow['transport'], client, server: server! },
    ...{ clientPort: Number(clientPort), serverPort: Number(serverPort) },
    ...{ direction: { reason: 'syn', confidence: 'certain' } as const, state },
    ...{ toServer: COUNTERS, toClient: state === 'S0' ? NOTHING : COUNTERS },
    ...{ firstMs: 0, lastMs: 1000, history: state === 'S0' ? 'S' : 'ShADadFf' },
    ...{ carriedBytes: 0, carriedPackets: 0, icmpErrors: 0, retransmitted: 0 },
    locator: 'lan.pcap#1',
    ...fields,
  };
}
