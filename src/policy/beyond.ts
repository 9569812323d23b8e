/**
 * What rules allow beyond the conversations that were seen and validated, rule by rule and over all
 * packets: the price of every generalisation, computed and not claimed. The client's port counts as
 * validated whatever it is; answers of what is under way are no permission of their own.
 */
import { parseAddress } from '../net/address.ts';
import { mergeRanges, rangeOfAddress } from '../net/address-range.ts';
import type { Node } from '../net/decision-diagram.ts';
import type { PacketHeader } from '../net/header-fields.ts';
import type { HeaderMatch } from '../net/header-match.ts';
import type { HeaderSpaces } from '../net/header-space.ts';
import { countPackets, witness } from '../net/header-witness.ts';
import type { Conversation } from './conversation.ts';
import type { FilterRule } from './filter.ts';
import { parseService } from './service-text.ts';

export interface Beyond {
  /** Id of the rule. */
  readonly rule: string;
  /** The smallest packet that it allows and nobody validated as seen. */
  readonly packet: PacketHeader;
  readonly packets: bigint;
}

/** The packets from clients of these conversations, whatever the port they come from. */
export function packetsOf(spaces: HeaderSpaces, conversations: readonly Conversation[]): Node {
  const clients = new Map<string, Conversation[]>();
  for (const conversation of conversations) {
    const key = `${conversation.server} ${conversation.service}`;
    const known = clients.get(key);
    if (known === undefined) clients.set(key, [conversation]);
    else known.push(conversation);
  }
  return spaces.unionAll([...clients.values()].map((same) => spaces.matched(matchOf(same))));
}

/** Of conversations of one server and service. */
function matchOf(same: readonly Conversation[]): HeaderMatch {
  const { server, service } = same[0]!;
  const address = parseAddress(server)!;
  const { protocol, ports, icmp } = parseService(service);
  return {
    family: address.family,
    source: mergeRanges(same.map(({ client }) => rangeOfAddress(parseAddress(client)!))),
    destination: [rangeOfAddress(address)],
    protocols: [{ first: protocol, last: protocol }],
    ...(ports === undefined ? {} : { destinationPorts: ports }),
    ...(icmp === undefined ? {} : { icmp }),
  };
}

/** Rules of a plan that allow more than `seen`, by their ids in the order of the plan. */
export function beyondSeen(
  spaces: HeaderSpaces,
  rules: readonly FilterRule[],
  ids: ReadonlySet<string>,
  seen: readonly Conversation[],
): Beyond[] {
  const validated = packetsOf(spaces, seen);
  const more = new Map<string, Node>();
  for (const { id, action, match } of rules) {
    if (action !== 'accept' || id === undefined || !ids.has(id)) continue;
    const extra = spaces.difference(spaces.matched(match), validated);
    more.set(id, spaces.union(more.get(id) ?? extra, extra));
  }
  return [...more].flatMap(([rule, extra]): Beyond[] => {
    const packet = witness(spaces, extra);
    return packet === undefined ? [] : [{ rule, packet, packets: countPackets(spaces, extra) }];
  });
}
