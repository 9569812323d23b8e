/**
 * Conversations that nobody saw and a known set of services asks for: what a person may allow beside
 * what was seen, as one decision. Nothing is allowed by being offered.
 */
import { type Conversation, conversationKey } from './conversation.ts';
import { type KnownSet, setsSuggestedBy } from './known-sets.ts';

export interface OfferedSet {
  readonly set: KnownSet;
  readonly server: string;
  /** Those nobody saw, for every client that uses one of the set's hints there. */
  readonly unobserved: readonly Conversation[];
}

/**
 * Sets that suggest themselves by what was allowed now, the best one of each server first; those
 * whose name and server are in `passed` are left out. What was allowed `before` is not offered.
 */
export function offeredSets(
  allowed: readonly Conversation[],
  before: readonly Conversation[],
  passed: ReadonlySet<string>,
): OfferedSet[] {
  const byServer = new Map<string, Conversation[]>();
  for (const conversation of allowed) {
    const known = byServer.get(conversation.server);
    if (known === undefined) byServer.set(conversation.server, [conversation]);
    else known.push(conversation);
  }
  for (const conversation of before) byServer.get(conversation.server)?.push(conversation);
  return [...byServer].flatMap(([server, conversations]) => {
    const services = new Set(conversations.map(({ service }) => service));
    const sets = setsSuggestedBy(services).filter(({ id }) => !passed.has(`${id} ${server}`));
    return sets.map((set) => {
      const clients = new Set(
        conversations.flatMap(({ client, service }) => (set.hints.includes(service) ? client : [])),
      );
      const concerned = conversations.filter(({ client }) => clients.has(client));
      const keys = new Set(concerned.map(conversationKey));
      const unobserved = completed(concerned, set.services).filter(
        (conversation) => !keys.has(conversationKey(conversation)),
      );
      return { set, server, unobserved };
    });
  });
}

/** For each pair of hosts all services of a set; those not seen are marked. */
export function completed(
  matched: readonly Conversation[],
  services: readonly string[],
): Conversation[] {
  const pairs = new Map<string, Conversation[]>();
  for (const conversation of matched) {
    const key = `${conversation.client} ${conversation.server}`;
    const known = pairs.get(key);
    if (known === undefined) pairs.set(key, [conversation]);
    else known.push(conversation);
  }
  return [...pairs.values()].flatMap((seen) =>
    services.map((service): Conversation => {
      const known = seen.find((conversation) => conversation.service === service);
      if (known !== undefined) return known;
      const { from, to, client, server, firstMs, lastMs, direction, seen: place } = seen[0]!;
      const { clientRoles, serverRoles } = seen[0]!;
      return {
        ...{ kind: 'conversation', from, to, client, server, service, standing: 'asked' },
        ...{ connections: 0, answered: 0, denied: 0, hours: 0, firstMs, lastMs, direction },
        ...{ seen: place, unobserved: true },
        ...(clientRoles === undefined ? {} : { clientRoles }),
        ...(serverRoles === undefined ? {} : { serverRoles }),
      };
    }),
  );
}
