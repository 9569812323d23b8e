/**
 * The verdict on one address and port, from what the network side saw there and what the host has.
 * Each function is one row or two of the table of docs/compare.md; the first that applies decides.
 */
import type { HostSide, NetworkSide, ObservedPort, VerdictName } from '../../model/comparison.ts';
import type { Listener } from '../../model/listener.ts';
import type { Reachability } from '../../model/packet-filter.ts';
import { reachability, redirection } from '../host-firewall.ts';
import { describeListener, isIPv6Only, type Sockets } from './endpoints.ts';

export interface Judgement {
  readonly verdict: VerdictName;
  readonly sure: 'certain' | 'likely' | 'open';
  readonly why: string;
  readonly do: readonly string[];
  readonly listener?: Listener;
}

export interface Case {
  readonly seen: ObservedPort;
  readonly sockets: Sockets;
  readonly host: HostSide;
  readonly network: NetworkSide;
  /** What was seen of the same port on the host's addresses of the other family. */
  readonly otherFamily: readonly ObservedPort[];
  /** TTL of most answers from that address; answers that differ come from elsewhere. */
  readonly usualTtl: number | undefined;
}

/** Undefined: nothing is there, and nobody claims that anything is. */
export function judge(given: Case): Judgement | undefined {
  switch (given.seen.state) {
    case 'open':
    case 'unfiltered':
      return judgeOpen(given);
    case 'closed':
      return judgeClosed(given);
    case 'open|filtered':
      return judgeSilent(given);
    default:
      return judgeFiltered(given);
  }
}

/** Programs of container runtimes that hold a published port on the host's behalf. */
const CONTAINER_PROXIES =
  /^(docker-proxy|rootlessport|rootlesskit|slirp4netns|pasta(\.avx2)?|conmon|gvproxy|vpnkit.*)$/;

function judgeOpen(given: Case): Judgement {
  const { sockets, seen } = given;
  const [listener] = sockets.covering;
  const sent = redirected(given);
  if (sent?.certain) return natOf(given, sent.rule, listener);
  if (listener === undefined) return judgeOpenAlone(given, sent?.rule);
  if (foreignTtl(given))
    return proxyOf(
      `its answers take another way than those of other ports (TTL ${seen.ttl}, others ${given.usualTtl})`,
      listener,
    );
  const proxy = processNames(listener).find((name) => CONTAINER_PROXIES.test(name));
  if (proxy !== undefined) {
    return {
      verdict: 'container-proxy',
      sure: 'likely',
      why: `${proxy} hands connections on to a container`,
      do: ['look for the service in the container that publishes the port (docker ps, podman ps)'],
      listener,
    };
  }
  const concealed = concealedOf(given, listener);
  if (concealed !== undefined) return concealed;
  if (listener.owner.kind === 'kernel') return kernelOf(given, listener, 'it is open');
  return {
    verdict: 'agree',
    sure: 'certain',
    why: `open, and ${describeListener(listener)}`,
    do: [],
    listener,
  };
}

/** What the kernel serves answers to its own protocol, and need not to whoever asks. */
function kernelOf({ host }: Case, listener: Listener, saw: string): Judgement {
  return {
    verdict: 'kernel',
    sure: host.whole ? 'certain' : 'likely',
    why: `${describeListener(listener)}: no process holds it, and ${saw}`,
    do: [],
    listener,
  };
}

function processNames({ owner }: Listener): string[] {
  return owner.kind === 'processes' ? owner.processes.map(({ name }) => name) : [];
}

/** Open, and the host has no socket that would answer. */
function judgeOpenAlone(given: Case, maybeSent: string | undefined): Judgement {
  const { seen, host, sockets, network } = given;
  if (host.addresses !== undefined && !host.addresses.includes(seen.address)) {
    return {
      verdict: 'stale-address',
      sure: 'likely',
      why: `the host does not have ${seen.address}: another machine answers there`,
      do: ['find who has the address now (ip neigh, DHCP leases) and correct the record'],
    };
  }
  if (network.uniform.includes(seen.address)) {
    return proxyOf('every port of the address seems open, those of no service too');
  }
  if (maybeSent !== undefined) return natOf(given, maybeSent);
  if (foreignTtl(given)) {
    return proxyOf(
      `its answer takes another way than those of other ports (TTL ${seen.ttl}, others ${given.usualTtl})`,
    );
  }
  const [other] = sockets.otherNetworks;
  if (other !== undefined) {
    return {
      verdict: 'other-namespace',
      sure: 'likely',
      why: `it listens in another network namespace: ${describeListener(other)}`,
      do: ['look at how the namespace is reached (ip netns, container networks)'],
      listener: other,
    };
  }
  return hiddenOf(given);
}

function hiddenOf({ host, network, sockets }: Case): Judgement {
  const [elsewhere] = sockets.elsewhere;
  const ways = ['another network namespace', 'a middlebox that answers in its place'];
  if (elsewhere !== undefined) ways.unshift(`a socket moved (${describeListener(elsewhere)})`);
  if (!host.whole) ways.unshift('a socket that could not be seen without root');
  // Seen from the host itself, nothing can stand in between.
  const near = network.vantage.kind === 'self' || network.vantage.kind === 'beside';
  return {
    verdict: 'hidden',
    sure: near && host.whole && elsewhere === undefined ? 'likely' : 'open',
    why: `it answers, and the host shows no socket there: a hidden process, or ${near && host.whole ? ways[0] : ways.join(', or ')}`,
    do: [
      'look again as root, from the machine itself: portreeve compare --bind-test',
      'compare the processes seen from outside (ps by a static binary, a rescue system)',
    ],
  };
}

/** To root no process is hidden, unless somebody took care that it is. */
function concealedOf({ host }: Case, listener: Listener): Judgement | undefined {
  const { owner } = listener;
  if (!host.whole || owner.kind !== 'unknown' || owner.because !== 'hidden-processes')
    return undefined;
  return {
    verdict: 'hidden',
    sure: 'likely',
    why: `${describeListener(listener)}: a process that something keeps out of /proc holds it`,
    do: [
      'findmnt --submounts /proc shows what is mounted over processes',
      'compare the processes seen from outside (ps by a static binary, a rescue system)',
    ],
    listener,
  };
}

function proxyOf(because: string, listener?: Listener): Judgement {
  return {
    verdict: 'proxy',
    sure: 'likely',
    why: `something in front answers for the host: ${because}`,
    do: ['ask for application data rather than for a handshake, or scan from behind it'],
    ...(listener === undefined ? {} : { listener }),
  };
}

function natOf(given: Case, rule: string, listener?: Listener): Judgement {
  const [other] = given.sockets.otherNetworks;
  const target = other ?? listener;
  const there = other === undefined ? '' : `; ${describeListener(other)}`;
  return {
    verdict: 'nat',
    sure: 'certain',
    why: `address translation sends it on (${rule})${there}`,
    do: ['mind that rules for incoming packets do not see it: filter it where it is forwarded'],
    ...(target === undefined ? {} : { listener: target }),
  };
}

function foreignTtl({ seen, usualTtl }: Case): boolean {
  return seen.ttl !== undefined && usualTtl !== undefined && Math.abs(seen.ttl - usualTtl) > 1;
}

function judgeClosed(given: Case): Judgement | undefined {
  const { sockets, seen } = given;
  const [tied] = sockets.covering;
  const listener = sockets.covering.find(({ device }) => device === undefined);
  if (listener !== undefined) {
    // The host's tables may not say whether a socket on `::` takes IPv4: this answers it.
    if (isGuessedDual(listener, seen.address)) return gapOf(given, listener);
    // Multipath TCP, for one, has listeners that take further paths of known connections alone.
    if (listener.owner.kind === 'kernel' && filterAnswer(given)?.answer !== 'no')
      return kernelOf(given, listener, 'it refuses those who do not speak its protocol');
    return asymmetry(given, listener) ?? rejectedOf(given, listener);
  }
  if (tied !== undefined) return tiedOf(given, tied);
  const gap = sockets.elsewhere.find(
    (each) => !seen.address.includes(':') && each.exposure === 'every-address' && isIPv6Only(each),
  );
  if (gap !== undefined) return gapOf(given, gap);
  const [elsewhere] = sockets.elsewhere;
  if (elsewhere === undefined) return undefined;
  return {
    verdict: 'bind-scoped',
    sure: 'certain',
    why: `nothing listens on ${seen.address}: ${describeListener(elsewhere)}`,
    do: [],
    listener: elsewhere,
  };
}

function isGuessedDual({ local, acceptsIPv4 }: Listener, address: string): boolean {
  return local.address.includes(':') && !address.includes(':') && acceptsIPv4 !== 'yes';
}

function gapOf({ otherFamily }: Case, listener: Listener): Judgement {
  return {
    verdict: 'family-gap',
    sure: otherFamily.some(({ state }) => state === 'open') ? 'certain' : 'likely',
    why: `IPv4 is refused, since ${describeListener(listener)} takes IPv6 alone`,
    do: ['if IPv4 is meant to work, bind 0.0.0.0 too or clear IPV6_V6ONLY'],
    listener,
  };
}

/** A socket that is tied to an interface does not exist for what comes in by another. */
function tiedOf({ seen }: Case, listener: Listener): Judgement {
  return {
    verdict: 'bind-scoped',
    sure: 'likely',
    why: `${describeListener(listener)}: only what comes in by ${listener.device} reaches it, even at ${seen.address}`,
    do: [],
    listener,
  };
}

function rejectedOf(given: Case, listener: Listener): Judgement {
  const filter = filterAnswer(given);
  const found = describeListener(listener);
  if (filter?.answer === 'no') {
    return {
      verdict: 'rejected',
      sure: 'certain',
      why: `${found}, but ${filter.rules.join(', ')} rejects`,
      do: ['nothing, if nobody should reach it; else allow the port in that rule set'],
      listener,
    };
  }
  const filterKnown = filter?.answer === 'yes';
  return {
    verdict: 'rejected',
    sure: filterKnown ? 'open' : 'likely',
    why: filterKnown
      ? `${found}, and its own firewall lets it in: something on the way rejects, or it was not listening yet`
      : `${found}, but it is refused: a rule rejects${filter === undefined ? '' : ` depending on ${filter.on.join(', ')}`}`,
    do: ['ask again; if it stays, look for a rule that rejects, on the host and on the way'],
    listener,
  };
}

function judgeFiltered(given: Case): Judgement | undefined {
  const [listener] = given.sockets.covering;
  if (listener === undefined) return undefined;
  return asymmetry(given, listener) ?? firewalledOf(given, listener);
}

function firewalledOf(given: Case, listener: Listener): Judgement {
  const filter = filterAnswer(given);
  const found = describeListener(listener);
  const rules = filter?.rules.join(', ');
  if (filter?.answer === 'no') {
    return {
      verdict: 'firewalled',
      sure: 'certain',
      why: `${found}, shut off by ${rules}`,
      do: [],
      listener,
    };
  }
  const own =
    filter === undefined
      ? 'a firewall, its own or one on the way, drops'
      : filter.answer === 'yes'
        ? 'its own firewall lets it in, so one on the way drops'
        : `${rules} drops, depending on ${filter.on.join(', ')}`;
  return {
    verdict: 'firewalled',
    sure: filter === undefined ? 'likely' : filter.answer === 'yes' ? 'likely' : 'certain',
    why: `${found}; ${own}`,
    do: [],
    listener,
  };
}

/** UDP that does not answer. */
function judgeSilent(given: Case): Judgement | undefined {
  const [listener] = given.sockets.covering;
  if (listener === undefined) return undefined;
  const filter = filterAnswer(given);
  if (filter?.answer === 'no') return asymmetry(given, listener) ?? firewalledOf(given, listener);
  if (given.seen.transport === 'tcp') return firewalledOf(given, listener);
  const concealed = concealedOf(given, listener);
  if (concealed !== undefined) return concealed;
  if (listener.owner.kind === 'kernel')
    return kernelOf(given, listener, 'it does not answer those who do not speak its protocol');
  return {
    verdict: 'bound-silent',
    sure: filter?.answer === 'yes' ? 'certain' : 'likely',
    why: `${describeListener(listener)}: it does not answer what it was sent`,
    do: [],
    listener,
  };
}

/** A socket that takes both families, and the other family is let in. */
function asymmetry(
  { seen, otherFamily, sockets, host }: Case,
  listener: Listener,
): Judgement | undefined {
  const open = otherFamily.find(({ state }) => state === 'open');
  if (open === undefined) return undefined;
  const both = listener.exposure === 'every-address' && sockets.covering.length > 0;
  if (!both) return undefined;
  const [in_, out] = seen.address.includes(':') ? ['IPv4', 'IPv6'] : ['IPv6', 'IPv4'];
  const rule =
    host.filter === undefined ? undefined : reachability(host.filter, questionOf(seen)).rules[0];
  return {
    verdict: 'firewall-asymmetry',
    sure: 'certain',
    why: `${in_} is let in (${open.address}), ${out} is not${rule === undefined ? '' : ` (${rule})`}: ${describeListener(listener)}`,
    do: [`give both families the same rules: shut ${in_} too, or open ${out}`],
    listener,
  };
}

function questionOf({ address, transport, port }: ObservedPort) {
  return { family: address.includes(':') ? (6 as const) : (4 as const), address, transport, port };
}

/** Asked of the host's filter for who is not the host itself. */
function filterAnswer({ host, seen, network }: Case): Reachability | undefined {
  if (host.filter === undefined || network.vantage.kind === 'self') return undefined;
  return reachability(host.filter, questionOf(seen));
}

function redirected({ host, seen, network }: Case): { rule: string; certain: boolean } | undefined {
  if (host.filter === undefined || network.vantage.kind === 'self') return undefined;
  return redirection(host.filter, questionOf(seen));
}
