/** Whether a rule of a policy is about a conversation, side by side, and which rule comes nearest. */
import { parseAddress } from '../net/address.ts';
import { rangesHold } from '../net/address-range.ts';
import type { Conversation } from './conversation.ts';
import type { Party, Policy, PolicyService, Rule } from './intent.ts';
import { parseService } from './service-text.ts';

type Ends = Pick<Conversation, 'client' | 'server' | 'service'>;

/** False for what is no address. */
export function partyHolds(party: Party, text: string): boolean {
  const address = parseAddress(text);
  if (address === undefined) return false;
  return party.addresses === undefined || rangesHold(party.addresses, address);
}

/** Whether one of the services holds the wanted one as a whole. */
export function serviceWithin(services: readonly PolicyService[], wanted: PolicyService): boolean {
  return services.some((service) => {
    if (service.protocol !== wanted.protocol) return false;
    if (service.ports !== undefined) {
      const [range] = wanted.ports ?? [];
      if (range === undefined) return false;
      return service.ports.some(({ first, last }) => first <= range.first && range.last <= last);
    }
    if (service.icmp === undefined) return true;
    const types = (of: PolicyService) => (of.icmp ?? []).map((message) => JSON.stringify(message));
    return types(wanted).every((message) => types(service).includes(message));
  });
}

/** Whether the rule allows the conversation. Throws RangeError for what is no service. */
export function ruleAllows(rule: Rule, { client, server, service }: Ends): boolean {
  return (
    rule.action === 'allow' &&
    partyHolds(rule.from, client) &&
    partyHolds(rule.to, server) &&
    serviceWithin(rule.services, parseService(service))
  );
}

/** The part of a conversation that a rule does not know. */
export type Lack = 'client' | 'server' | 'service';

export interface NearRule {
  readonly rule: Rule;
  /** One part, or two. */
  readonly lacks: readonly Lack[];
}

const LACKS: readonly Lack[] = ['client', 'service', 'server'];

/**
 * Rules that would allow the conversation but for one part of it, or where there are none, for two:
 * why something is denied, in terms of what is allowed. Those that lack the client come first, then
 * those that lack the service. Rules that have expired are left out. Throws RangeError for what is no
 * service.
 */
export function nearRules(policy: Policy, asked: Ends, nowMs: number): NearRule[] {
  const wanted = parseService(asked.service);
  const near = policy.rules.flatMap((rule): NearRule[] => {
    if (rule.action !== 'allow' || (rule.expiresMs ?? nowMs + 1) <= nowMs) return [];
    const holds: Readonly<Record<Lack, boolean>> = {
      client: partyHolds(rule.from, asked.client),
      server: partyHolds(rule.to, asked.server),
      service: serviceWithin(rule.services, wanted),
    };
    const lacks = LACKS.filter((part) => !holds[part]);
    return lacks.length === 1 || lacks.length === 2 ? [{ rule, lacks }] : [];
  });
  const fewest = Math.min(...near.map(({ lacks }) => lacks.length));
  const order = ({ lacks }: NearRule) => LACKS.indexOf(lacks[0]!);
  return near
    .filter(({ lacks }) => lacks.length === fewest)
    .sort((one, two) => order(one) - order(two));
}
