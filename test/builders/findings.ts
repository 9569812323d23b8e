/** Findings in steps of conversations, through the real decoder, flow table and tables. */
import { Case, type SpokenSource } from '../../src/analysis/findings/case.ts';
import { Clues } from '../../src/analysis/findings/clues.ts';
import { findings } from '../../src/analysis/findings/find.ts';
import { type Thresholds, thresholdsOf } from '../../src/analysis/findings/thresholds.ts';
import type { SampleLimits } from '../../src/analysis/sample-lists.ts';
import { Traffic } from '../../src/analysis/traffic.ts';
import { type ZoneRule, ZoneTable } from '../../src/analysis/zones.ts';
import { DirectionLadder } from '../../src/flow/direction.ts';
import { FlowSet } from '../../src/flow/flow-set.ts';
import { FlowTable } from '../../src/flow/flow-table.ts';
import type { Finding } from '../../src/model/finding.ts';
import { parsePrefix } from '../../src/net/prefix.ts';
import { Decoder } from '../../src/wire/decoder.ts';
import { batchesOf, INTERFACES, ip, type Step, step, tcpTalk, udpTalk } from './conversation.ts';
import { icmp4, tcp, udp } from './packet.ts';

/** Nobody listened to payloads. */
export const NOTHING_SPOKEN: SpokenSource = {
  endpoints: () => [],
  protocolAt: () => undefined,
  namesAt: () => [],
  arpAskers: () => [],
};

export interface Circumstances {
  readonly zones?: readonly ZoneRule[];
  readonly dark?: readonly string[];
  readonly thresholds?: Partial<Thresholds>;
  readonly spoken?: SpokenSource;
  readonly limits?: Partial<SampleLimits>;
  /** A filter let only these packets through. */
  readonly filtered?: boolean;
}

/** The tables that some steps fill. */
export function caseOf(steps: readonly Step[], circumstances: Circumstances = {}): Case {
  const decoder = new Decoder({});
  const table = new FlowTable({});
  for (const batch of batchesOf(steps)) {
    for (let index = 0; index < batch.count; ) {
      index = decoder.decode(batch, INTERFACES, index);
      table.consume(decoder.rows, decoder.rowCount);
      decoder.rowCount = 0;
    }
  }
  decoder.flush();
  table.consume(decoder.rows, decoder.rowCount);
  const { addresses } = decoder;
  const thresholds = thresholdsOf(circumstances.thresholds);
  const dark = (circumstances.dark ?? []).map(parsePrefix);
  const clues = new Clues(addresses, thresholds, dark, 7, circumstances.limits);
  const traffic = new Traffic(addresses, new ZoneTable(circumstances.zones), {}, 7, clues);
  const flows = new FlowSet([table.finish()], new DirectionLadder());
  flows.visit(traffic.add.bind(traffic));
  traffic.finish();
  const names = {
    addresses,
    contexts: decoder.contexts.list,
    interfaces: INTERFACES,
    paths: decoder.paths.list,
  };
  const spoken = circumstances.spoken ?? NOTHING_SPOKEN;
  const { frames } = decoder;
  const { filtered } = circumstances;
  return new Case(traffic, clues, names, thresholds, frames, spoken, undefined, filtered);
}

export function findingsIn(
  steps: readonly Step[],
  circumstances?: Circumstances,
): readonly Finding[] {
  return findings(caseOf(steps, circumstances));
}

/** `id subject`, one a finding, in order. */
export function told(steps: readonly Step[], circumstances?: Circumstances): string[] {
  return findingsIn(steps, circumstances).map(({ id, subject }) => `${id} ${subject.text}`);
}

/** Ids that accuse somebody of something. */
export const ACCUSATIONS: ReadonlySet<string> = new Set(
  'vertical-scan horizontal-scan block-scan more-scans ping-sweep arp-sweep port-hopping equal-size-probes backscatter'.split(
    ' ',
  ),
);

/** The same of findings that accuse. */
export function accused(steps: readonly Step[], circumstances?: Circumstances): string[] {
  return findingsIn(steps, circumstances)
    .filter(({ id }) => ACCUSATIONS.has(id))
    .map(({ id, subject }) => `${id} ${subject.text}`);
}

/** `from` asks `to`: addresses with ports. */
export interface Ask {
  readonly at?: number;
  readonly client: string;
  readonly server: string;
}

/** A SYN that nothing answers, or that is refused. */
export function attempt({ at = 0, client, server }: Ask, refused = false, flags = 'S'): Step[] {
  const [from, to] = [endOf(client), endOf(server)];
  const syn = tcp({ sport: from.port, dport: to.port, flags, seq: 1 });
  const reset = tcp({ sport: to.port, dport: from.port, flags: 'RA', seq: 0, ack: 2 });
  const steps = [step(ip(from.address, to.address, syn), at)];
  if (refused) steps.push(step(ip(to.address, from.address, reset), at, 1e6));
  return steps;
}

/** A TCP connection with a handshake, `sizes` octets in turn, client first, and an end. */
export function talk(
  { at = 0, client, server }: Ask,
  sizes: readonly number[] = [80, 400],
): Step[] {
  const lines = [`${at}.0 > S 100`, '< SA 500 101', '> A 101 501'];
  const next = { client: 101, server: 501 };
  sizes.forEach((size, index) => {
    const own = index % 2 === 0;
    const [seq, ack] = own ? [next.client, next.server] : [next.server, next.client];
    lines.push(`${own ? '>' : '<'} PA ${seq} ${ack} +${size}`);
    if (own) next.client += size;
    else next.server += size;
  });
  lines.push(`> FA ${next.client} ${next.server}`, `< FA ${next.server} ${next.client + 1}`);
  return tcpTalk(lines, { client, server });
}

/** A datagram of `sizes[0]` octets and, unless it stays unanswered, its answer. */
export function ask({ at = 0, client, server }: Ask, sizes: readonly number[] = [30, 90]): Step[] {
  return udpTalk(
    sizes.map((size, index) => `${at}.00${index} ${index % 2 === 0 ? '>' : '<'} +${size}`),
    { client, server },
  );
}

/** A datagram that an ICMP error comes back for, from `router` (default: the target itself). */
export function refusedDatagram(
  { at = 0, client, server }: Ask,
  { router, type = 3, size = 8 }: { router?: string; type?: number; size?: number } = {},
): Step[] {
  const [from, to] = [endOf(client), endOf(server)];
  const sent = ip(
    from.address,
    to.address,
    udp({ sport: from.port, dport: to.port }, 'x'.repeat(size)),
  );
  const error = icmp4({ type, code: type === 3 ? 3 : 0 }, sent.subarray(0, 28));
  return [step(sent, at), step(ip(router ?? to.address, from.address, error), at, 1e6)];
}

/** An echo request and, unless nobody is there, its reply. */
export function ping(client: string, server: string, at = 0, answered = true): Step[] {
  const steps = [step(ip(client, server, icmp4({ type: 8 })), at)];
  if (answered) steps.push(step(ip(server, client, icmp4({ type: 0 })), at, 1e6));
  return steps;
}

function endOf(text: string): { address: string; port: number } {
  const at = text.lastIndexOf(':');
  return { address: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}

/** `many(3, (n) => …)`: the steps of 0, 1, 2, by time. */
export function many(count: number, make: (index: number) => readonly Step[]): Step[] {
  return Array.from({ length: count }, (_, index) => make(index))
    .flat()
    .sort((a, b) => a.seconds - b.seconds || a.nanoseconds - b.nanoseconds);
}
