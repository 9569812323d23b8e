/**
 * Whether a line of a candidate file or of a journal is what it should be. Both are written by this
 * program, but lie in folders where everybody edits; what is read from them becomes rules.
 */
import { parseAddress } from '../net/address.ts';
import { parsePrefix } from '../net/prefix.ts';
import type { Conversation } from '../policy/conversation.ts';
import { parseService } from '../policy/service-text.ts';

export type PlainObject = Readonly<Record<string, unknown>>;

const TEXTS = ['from', 'to', 'client', 'server', 'service', 'standing', 'seen'] as const;
const COUNTS = ['connections', 'answered', 'denied', 'hours', 'firstMs', 'lastMs'] as const;
const STANDINGS: readonly unknown[] = ['confirmed', 'thin', 'asked', 'quarantined'];
const CONFIDENCES: readonly unknown[] = ['certain', 'likely', 'unknown'];
/** As the policy itself asks of names. */
const ZONE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_. -]{0,62}$/;
const ROLE = /^[a-z0-9][a-z0-9-]{0,62}$/;
/** Later moments no clock tells. */
const LATEST_MS = 8.64e15;

/** Neither null nor an array, which are objects to JavaScript. */
export function isObject(value: unknown): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isMoment(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= LATEST_MS;
}

/** What is wrong with a conversation, in a sentence; undefined when nothing is. */
export function conversationFault(value: unknown): string | undefined {
  if (!isObject(value)) return 'The conversation is missing.';
  const lacking =
    TEXTS.find((key) => typeof value[key] !== 'string') ??
    COUNTS.find((key) => typeof value[key] !== 'number' || !isMoment(value[key]));
  if (lacking !== undefined) return `The conversation lacks “${lacking}”.`;
  const { client, server, service } = value as unknown as Conversation;
  const ends = [client, server].map(parseAddress);
  const unread = ends.indexOf(undefined);
  if (unread >= 0) return `“${[client, server][unread]}” is not an address.`;
  if (ends[0]!.family !== ends[1]!.family) return 'One end is IPv4, the other IPv6.';
  try {
    parseService(service);
  } catch (error) {
    if (value.standing !== 'quarantined') return `${(error as Error).message.replace(/\.$/, '')}.`;
  }
  return shapeFault(value);
}

function shapeFault({
  standing,
  direction,
  unobserved,
  sources,
  because,
  spoken,
  clientRoles,
  serverRoles,
}: PlainObject): string | undefined {
  if (!STANDINGS.includes(standing)) return `“${standing}” is no standing.`;
  const known = isObject(direction) && typeof direction.reason === 'string';
  if (!known || !CONFIDENCES.includes(direction.confidence)) {
    return 'The conversation lacks “direction”.';
  }
  if (unobserved !== undefined && typeof unobserved !== 'boolean') {
    return '“unobserved” is true or false.';
  }
  const texts = [because, spoken].filter((text) => text !== undefined);
  const kinds = sources ?? [];
  const plain = Array.isArray(kinds) && kinds.every((kind) => typeof kind === 'string');
  if (!plain || texts.some((text) => typeof text !== 'string')) {
    return '“sources”, “because” and “spoken” are words.';
  }
  const isRole = (word: unknown) => typeof word === 'string' && ROLE.test(word);
  const lists = [clientRoles ?? [], serverRoles ?? []];
  if (!lists.every((list) => Array.isArray(list) && list.every(isRole))) {
    return '“clientRoles” and “serverRoles” are lists of roles.';
  }
  return undefined;
}

/** What is wrong with the first line of a candidate file; undefined when nothing is. */
export function headFault({ zones, names, inputs }: PlainObject): string | undefined {
  if (!isObject(zones)) return 'The zones are missing.';
  for (const [name, wish] of Object.entries(zones)) {
    if (!ZONE_NAME.test(name)) return `“${name}” cannot be the name of a zone.`;
    if (wish === 'rest') continue;
    if (!Array.isArray(wish) || wish.length === 0) return `The zone “${name}” has no prefixes.`;
    for (const text of wish) {
      try {
        parsePrefix(String(text));
      } catch (error) {
        return `${(error as Error).message}.`;
      }
    }
  }
  if (!isObject(names) || Object.values(names).some((name) => typeof name !== 'string')) {
    return 'The names of hosts are missing.';
  }
  return Array.isArray(inputs) ? undefined : 'The inputs are missing.';
}

/** What is wrong with a decision of a journal; undefined when nothing is. */
export function decisionFault(value: PlainObject): string | undefined {
  const { decision, by, atMs, reason, expiresMs, conversation } = value;
  const known = ['allow', 'deny', 'later'].includes(decision as string);
  if (!known || typeof by !== 'string' || !isMoment(atMs)) return 'The line is not a decision.';
  if (reason !== undefined && typeof reason !== 'string') return 'The reason is not text.';
  if (expiresMs !== undefined && !isMoment(expiresMs)) return '“expiresMs” is no moment.';
  return conversationFault(conversation);
}
