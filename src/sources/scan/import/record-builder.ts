/**
 * Gathers what another scanner's output says, line by line or element by element, into one record:
 * hosts in the order they appear, each port once, banners joined with the port they belong to.
 * Nothing is resolved and nothing is believed beyond its form.
 */
import {
  PORT_STATES,
  type PortState,
  type PortStateName,
  type ServiceId,
} from '../../../model/port-state.ts';
import type { PortGroup, ScannedHost, ScanRecord } from '../../../model/scanned-host.ts';
import type { Transport } from '../../../model/transport.ts';
import { formatAddress, parseAddress } from '../../../net/address.ts';

/** Something in the input that could not be taken, and where. */
export interface ImportFault {
  /** `line 12`, `byte 4711`. */
  readonly where: string;
  readonly what: string;
}

export interface ImportedScan {
  readonly format: string;
  readonly record: ScanRecord;
  readonly faults: readonly ImportFault[];
  /** Faults beyond those kept. */
  readonly moreFaults: number;
  /** The tool asked nobody: it repeats what a search engine once saw. */
  readonly passive: boolean;
}

/** Faults kept with their place. */
const FAULTS_KEPT = 100;
const TRANSPORTS = new Set(['tcp', 'udp', 'sctp']);

interface HostDraft {
  readonly names: string[];
  status: ScannedHost['status'];
  statusReason: string;
  mac?: string;
  vendor?: string;
  readonly ports: Map<string, PortState>;
  readonly groups: PortGroup[];
}

/** What a format says of a port; values as they stand there. */
export interface PortWords {
  readonly transport: string;
  readonly port: number;
  readonly state: string;
  readonly reason?: string;
  readonly reasonFrom?: string;
  readonly ttl?: number;
  readonly seenMs?: number;
  readonly service?: ServiceId;
}

/**
 * Addresses and ports that are none become faults; texts are kept as they are, for others to
 * escape.
 */
export class RecordBuilder {
  scanner = 'unknown';
  version: string | undefined;
  command: string | undefined;
  startMs: number | undefined;
  endMs: number | undefined;
  hostsDown = 0;
  passive = false;
  readonly asked: ScanRecord['asked'][number][] = [];
  private readonly hosts = new Map<string, HostDraft>();
  private readonly faults: ImportFault[] = [];
  private moreFaults = 0;

  fault(where: string, what: string): void {
    if (this.faults.length < FAULTS_KEPT) this.faults.push({ where, what });
    else this.moreFaults++;
  }

  /** The host with that address (canonical form decides); undefined, with a fault: it is none. */
  host(text: string, where: string): HostDraft | undefined {
    const address = parseAddress(text.trim());
    if (address === undefined) {
      this.fault(where, `"${text.slice(0, 60)}" is no address`);
      return undefined;
    }
    const key = formatAddress(address);
    let host = this.hosts.get(key);
    if (host === undefined) {
      host = {
        names: [],
        status: 'unknown',
        statusReason: 'not-said',
        ports: new Map(),
        groups: [],
      };
      this.hosts.set(key, host);
    }
    return host;
  }

  /** A port of a host; a second record of it completes the first. */
  port(address: string, words: PortWords, where: string): void {
    const host = this.host(address, where);
    if (host === undefined) return;
    const { port, state, reason = 'not-said', service } = words;
    const transport = words.transport.toLowerCase();
    if (!Number.isInteger(port) || port < 0 || port > 65_535 || !TRANSPORTS.has(transport)) {
      this.fault(where, `"${words.port}/${words.transport.slice(0, 20)}" is no port`);
      return;
    }
    if (!PORT_STATES.includes(state as PortStateName)) {
      this.fault(where, `"${state.slice(0, 30)}" is no state of a port`);
      return;
    }
    const key = `${transport}/${port}`;
    const known = host.ports.get(key);
    const held = service ?? known?.service;
    host.ports.set(key, {
      kind: 'port',
      target: {
        address: formatAddress(parseAddress(address.trim())!),
        transport: transport as Transport,
        port,
      },
      state: state as PortStateName,
      reason: reason === 'not-said' ? (known?.reason ?? reason) : reason,
      ...pick('reasonFrom', words.reasonFrom ?? known?.reasonFrom),
      ...pick('ttl', words.ttl ?? known?.ttl),
      attempts: 0,
      ...pick('seenMs', known?.seenMs ?? words.seenMs),
      ...pick('service', held),
    });
    if (host.status === 'unknown') host.status = 'up';
  }

  build(format: string): ImportedScan {
    const hosts = [...this.hosts].map(([address, draft]): ScannedHost => {
      const { names, status, statusReason, mac, vendor, ports, groups } = draft;
      const listed = [...ports.values()].sort(
        (a, b) =>
          compareText(a.target.transport, b.target.transport) || a.target.port - b.target.port,
      );
      return {
        kind: 'host',
        address,
        names,
        status,
        statusReason,
        ...pick('mac', mac),
        ...pick('vendor', vendor),
        ports: listed,
        groups,
      };
    });
    return {
      format,
      record: {
        scanner: this.scanner,
        ...pick('version', this.version),
        ...pick('command', this.command),
        ...pick('startMs', this.startMs),
        ...pick('endMs', this.endMs),
        asked: this.asked,
        hosts: hosts.filter(({ status }) => status !== 'down'),
        hostsDown: Math.max(this.hostsDown, hosts.filter(({ status }) => status === 'down').length),
      },
      faults: this.faults,
      moreFaults: this.moreFaults,
      passive: this.passive,
    };
  }
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** An object with the key only where there is a value. */
function pick<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: Value };
}

/** Seconds since 1970 as text or number, to ms; undefined when it is none. */
export function secondsToMs(value: unknown): number | undefined {
  const seconds =
    typeof value === 'string' && /^\d{1,12}(\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' && seconds > 0 && seconds < 1e12
    ? Math.round(1000 * seconds)
    : undefined;
}

/** A service of which only a banner is known. */
export function bannerService(name: string, banner: string): ServiceId {
  return {
    name,
    ...(banner === '' ? {} : { extra: banner }),
    method: 'probed',
    confidence: 8,
  };
}
