/** What a scan could not see, in words: every limit of its engines and its place. */
import type { BlindSpot } from '../model/blind-spot.ts';
import type { ScannedHost } from '../model/scanned-host.ts';

/** What the notes are made of; figures of the scan. */
export interface ScanFacts {
  readonly hosts: readonly ScannedHost[];
  readonly hostsDown: number;
  /** Of those, the ones that this machine has no route to. */
  readonly hostsUnrouted: number;
  readonly hostsUnknown: number;
  readonly discovery: readonly string[];
  readonly engines: readonly { readonly transport: string; readonly name: string }[];
  readonly unresolved: readonly string[];
  readonly limited: readonly {
    readonly address: string;
    readonly transport: string;
    readonly perSecond: number;
    readonly undecided: number;
  }[];
  readonly throttled: readonly {
    readonly address: string;
    readonly transport: string;
    readonly perSecond: number;
    readonly silent: number;
  }[];
  readonly drops: number;
  readonly unasked: number;
  readonly otherShards: number;
  readonly interrupted: boolean;
  /** Open ports told that an earlier run may have told, at the moment it was killed. */
  readonly repeated: readonly string[];
  /** Open ports were asked what they are. */
  readonly services: boolean;
  /** Open ports by host that were not, since so many others of the host told the same. */
  readonly unaskedServices: readonly PortsOfHost[];
  /** Silent ones that were only listened to, and asked what belongs on them. */
  readonly unquestionedServices: readonly PortsOfHost[];
}

interface PortsOfHost {
  readonly address: string;
  readonly ports: number;
}

/** From so many addresses on that one device answers for it is said so. */
const MANY_ADDRESSES = 16;

/** Those of what is missing altogether first. */
export function scanNotes(facts: ScanFacts): BlindSpot[] {
  return [
    ...missingNotes(facts),
    ...hostNotes(facts),
    ...silenceNotes(facts),
    ...namesNotes(facts),
  ];
}

function namesNotes(facts: ScanFacts): BlindSpot[] {
  const { services, unaskedServices, unquestionedServices } = facts;
  if (services) {
    const silent = unquestionedServices.map(({ address, ports }) => ({
      id: 'services-silent',
      what: `what runs on ${ports} more open ports of ${address} that say nothing by themselves`,
      because:
        'the host has many such ports, and of those that were asked more hardly any told anything',
      remedy: 'scan the ports in question alone (-p)',
      missing: true,
    }));
    const unasked = unaskedServices.map(({ address, ports }) => ({
      id: 'services-not-asked',
      what: `what runs on ${ports} open ports of ${address}`,
      because:
        'hundreds of its other ports told nothing or all the same: something answers for them',
      remedy: 'scan the ports in question alone (-p)',
      missing: true,
    }));
    return [...silent, ...unasked];
  }
  return [
    {
      id: 'names-by-number',
      what: 'what really runs on the open ports',
      because: 'names are those registered for the port; nobody was asked to say who it is',
      remedy: 'ask with --services',
      missing: false,
    },
  ];
}

function missingNotes(facts: ScanFacts): BlindSpot[] {
  const notes: BlindSpot[] = [];
  if (facts.interrupted) {
    notes.push({
      id: 'interrupted',
      what: `${facts.unasked} ports of hosts found, and ${facts.hostsUnknown} addresses not looked at`,
      because: 'the scan was interrupted',
      remedy: 'scan with --resume FILE to be able to go on where it stopped',
      missing: true,
    });
  }
  if (facts.repeated.length > 0) {
    notes.push({
      id: 'maybe-told-twice',
      what: `whether ${facts.repeated.join(', ')} is in the output of the run before, too`,
      because: 'that run was killed in the moment of telling it',
      remedy: 'append the output of both runs to one file: then that is looked up',
      missing: false,
    });
  }
  if (facts.unresolved.length > 0) {
    notes.push({
      id: 'unresolved',
      what: facts.unresolved.join(', '),
      because: 'the name has no address that can be asked',
      remedy: 'check the name, or give the address',
      missing: true,
    });
  }
  if (facts.drops > 0) {
    notes.push({
      id: 'answers-dropped',
      what: `${facts.drops} answers`,
      because: 'they came faster than they could be read; their ports were asked again',
      remedy: 'scan with a lower --max-rate',
      missing: false,
    });
  }
  if (facts.otherShards > 0) {
    notes.push({
      id: 'other-shards',
      what: `${facts.otherShards} ports that belong to other parts of the scan`,
      because: 'this is one part of several (--shard)',
      missing: true,
    });
  }
  return notes;
}

/** Devices that answer on the link for many addresses, with how many. */
function sharedAddresses(hosts: readonly ScannedHost[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { mac } of hosts) if (mac !== undefined) counts.set(mac, (counts.get(mac) ?? 0) + 1);
  return [...counts].filter(([, count]) => count >= MANY_ADDRESSES);
}

function hostNotes(facts: ScanFacts): BlindSpot[] {
  const notes: BlindSpot[] = [];
  const { hostsUnrouted } = facts;
  const silent = facts.hostsDown - hostsUnrouted;
  if (hostsUnrouted > 0) {
    notes.push({
      id: 'no-route',
      what: `${addresses(hostsUnrouted)} that this machine cannot send to`,
      because: 'its routes lead nowhere for them: none fits, or one that refuses',
      remedy: 'see what "ip route get" says of them, or scan from a machine that has a route',
      missing: true,
    });
  }
  if (silent > 0) {
    notes.push({
      id: 'silent-hosts',
      what: `${addresses(silent)} without a sign of a host; their ports were not asked`,
      because: `they did not answer ${facts.discovery.join(', ')}`,
      remedy: '--no-discovery asks their ports all the same',
      missing: false,
    });
  }
  const own = facts.hosts.filter(({ statusReason }) => statusReason === 'localhost-response');
  if (own.length > 0) {
    notes.push({
      id: 'own-machine',
      what: `how ${own.map(({ address }) => address).join(', ')} looks from elsewhere`,
      because: 'it is this machine itself: its firewall does not stand between',
      remedy: 'scan it from another machine',
      missing: false,
    });
  }
  for (const [mac, count] of sharedAddresses(facts.hosts)) {
    notes.push({
      id: 'proxy-arp',
      what: `which of ${count} addresses have a host`,
      because: `one device, ${mac}, says of all of them on the link that they are its own`,
      remedy:
        'scan from behind that device, or with --no-discovery and trust open and closed ports only',
      missing: false,
    });
  }
  for (const { address, uniform } of facts.hosts) {
    if (uniform === undefined) continue;
    const { open, asked, controlAsked, controlOpen } = uniform;
    const control =
      controlAsked === 0 ? '' : `, and ${controlOpen} of ${controlAsked} ports chosen by chance`;
    notes.push({
      id: 'uniform-responder',
      what: `services of ${address}: ${open} of ${asked} ports seem open${control}`,
      because: 'something answers in its place: a SYN proxy, a load balancer or a tarpit',
      remedy: 'look from another place in the network, or on the machine itself',
      missing: true,
    });
  }
  return notes;
}

function silenceNotes(facts: ScanFacts): BlindSpot[] {
  const notes: BlindSpot[] = [];
  const gone = facts.hosts.filter(({ wentSilent }) => wentSilent).map(({ address }) => address);
  if (gone.length > 0) {
    notes.push({
      id: 'went-silent',
      what: `which silent ports of ${named(gone)} are really filtered`,
      because:
        'at the end nothing answered any more, not even ports that had: the host went away, or ' +
        'something blocks this machine for asking so much',
      remedy: 'scan later and with a low --max-rate, or from an address that is let through',
      missing: true,
    });
  }
  const states = new Set(facts.hosts.flatMap(({ groups }) => groups.map(({ state }) => state)));
  if (states.has('open|filtered')) {
    notes.push({
      id: 'silent-udp',
      what: 'whether UDP ports that stayed silent are open',
      because: 'an open port need not answer, and a filter may drop the question',
      remedy: 'portreeve sockets on the machine itself tells',
      missing: false,
    });
  }
  const mute = facts.hosts.filter(neverRefused).map(({ address }) => address);
  if (mute.length > 0) {
    notes.push({
      id: 'never-refused',
      what: `which UDP ports of ${named(mute)} are closed`,
      because:
        'it said so of none, however slowly it was asked: a filter drops questions or errors, or ' +
        'something else uses up the few ICMP errors it sends',
      missing: false,
    });
  }
  for (const { address, transport, perSecond, undecided } of facts.limited) {
    if (undecided === 0) continue;
    const hours = undecided / Math.max(0.1, perSecond) / 3600;
    const time = hours >= 1 ? `${Math.ceil(hours)} h` : `${Math.max(1, Math.ceil(60 * hours))} min`;
    notes.push({
      id: 'answers-limited',
      what: `${undecided} ${transport} ports of ${address} that may be closed`,
      because: `it limits its answers, to about ${perSecond} a second: hearing of all takes about ${time}`,
      remedy: 'ask with a longer --patience',
      missing: true,
    });
  }
  for (const { address, transport, perSecond, silent } of facts.throttled) {
    notes.push({
      id: 'probes-limited',
      what: `whether all of ${silent} silent ${transport} ports of ${address} are filtered`,
      because:
        `only about ${Math.round(perSecond)} probes a second came through to it: a filter or a device drops the ` +
        'rest. Silent ports were asked again at that pace',
      remedy: 'scan from behind that limit, or without it',
      missing: false,
    });
  }
  return notes;
}

function addresses(count: number): string {
  return count === 1 ? '1 address' : `${count} addresses`;
}

/** Silent UDP ports, and not one of which it said that it is closed. */
function neverRefused({ groups }: ScannedHost): boolean {
  const udp = groups.filter(({ transport }) => transport === 'udp');
  const silent = udp.some(({ state }) => state === 'open|filtered');
  return silent && udp.every(({ state }) => state === 'open|filtered');
}

/** So many addresses are named one by one. */
const NAMED = 5;

function named(addresses: readonly string[]): string {
  const more = addresses.length - NAMED;
  return addresses.slice(0, NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
