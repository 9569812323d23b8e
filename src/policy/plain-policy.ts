/** A policy as the plain values of its file, in the file's order; `read-policy.ts` reads it back. */
import { type AddressRange, formatRange, prefixesOfRange } from '../net/address-range.ts';
import { formatPrefix } from '../net/prefix.ts';
import type { Policy, Rule, RuleEvidence, Zone } from './intent.ts';
import { formatServices } from './service-text.ts';

type Plain = Readonly<Record<string, unknown>>;

/** `10.0.1.7`, `10.0.1.0/24`; a range that is no prefix as a range where that is shorter. */
export function addressTexts(ranges: readonly AddressRange[]): string[] {
  return ranges.flatMap((range) => {
    const text = formatRange(range);
    if (!text.includes('-')) return [text];
    const prefixes = prefixesOfRange(range);
    return prefixes.length > 3 ? [text] : prefixes.map(shortPrefix);
  });
}

function shortPrefix(prefix: Parameters<typeof formatPrefix>[0]): string {
  return formatPrefix(prefix).replace(prefix.family === 4 ? /\/32$/ : /\/128$/, '');
}

function oneOrMore(texts: readonly string[]): string | readonly string[] {
  return texts.length === 1 ? texts[0]! : texts;
}

/** `2026-11-22T14:05:00Z`; seconds are enough for people. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

function plainZone({ addresses, isRest, interfaces }: Zone): unknown {
  const own = isRest ? 'rest' : oneOrMore(addressTexts(addresses));
  return interfaces.length === 0 ? own : { addresses: own, interfaces };
}

function plainEvidence(evidence: RuleEvidence): Plain {
  const { conversations, connections, firstMs, lastMs, samples } = evidence;
  return {
    conversations,
    connections,
    first: timeText(firstMs),
    last: timeText(lastMs),
    samples: samples.map(
      ({ client, server, service, seen }) => `${client} -> ${server} ${service} at ${seen}`,
    ),
  };
}

function plainRule(rule: Rule): Plain {
  const { approved, evidence, expiresMs } = rule;
  const services = rule.serviceNames.length > 0 ? rule.serviceNames : formatServices(rule.services);
  return {
    id: rule.id,
    ...(rule.action === 'deny' ? { action: 'deny' } : {}),
    from: oneOrMore(rule.from.names),
    to: oneOrMore(rule.to.names),
    services,
    ...(rule.because === undefined ? {} : { because: rule.because }),
    ...(rule.unobserved ? { unobserved: true } : {}),
    ...(rule.log ? { log: true } : {}),
    ...(approved === undefined
      ? {}
      : {
          approved: {
            by: approved.by,
            at: timeText(approved.atMs),
            ...(approved.reason === undefined ? {} : { reason: approved.reason }),
          },
        }),
    ...(expiresMs === undefined ? {} : { expires: timeText(expiresMs) }),
    ...(evidence === undefined ? {} : { evidence: plainEvidence(evidence) }),
  };
}

/** What `readPolicy` reads back as the same policy. */
export function plainPolicy(policy: Policy): Plain {
  const named = <T extends { readonly name: string }>(
    items: readonly T[],
    of: (item: T) => unknown,
  ) => Object.fromEntries(items.map((item) => [item.name, of(item)]));
  const aboutOr = (about: string | undefined, key: string, value: unknown) =>
    about === undefined ? value : { [key]: value, about };
  const groups = named(policy.groups, ({ addresses, about }) =>
    aboutOr(about, 'addresses', oneOrMore(addressTexts(addresses))),
  );
  const services = named(policy.services, ({ services, about }) =>
    aboutOr(about, 'services', formatServices(services)),
  );
  return {
    version: policy.version,
    name: policy.name,
    zones: named(policy.zones, plainZone),
    ...(policy.groups.length === 0 ? {} : { groups }),
    ...(policy.services.length === 0 ? {} : { services }),
    rules: policy.rules.map(plainRule),
    default: 'deny',
    'log-denied': policy.logDeniedPerSecond,
  };
}
