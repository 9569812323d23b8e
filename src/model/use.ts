/**
 * How ports, services and hosts were used in what was observed. Bytes are IP octets, each counted
 * once: what a tunnel carries counts for the flow inside, not again for the tunnel.
 */
import type { FlowTransport } from './flow.ts';
import type { HostName, PortFit, Spoken } from './spoken.ts';

/**
 * What is known of a port, the best first.
 *
 *   answered     a server on it accepted a connection or replied
 *   likely       traffic that looks answered, but only port numbers say which end serves
 *   group        sent to multicast or broadcast: nobody can be said to answer
 *   logged       a log has it that cannot show whether anything answered
 *   refused      resets or ICMP errors came back
 *   denied       a firewall let nothing of it through
 *   tried        asked, and nothing came back
 *   backscatter  answers to questions that were not seen: spoofed sources, or half a mirror
 *   unknown      it is not known which end serves
 */
export type PortStatus =
  | 'answered'
  | 'likely'
  | 'group'
  | 'logged'
  | 'refused'
  | 'denied'
  | 'tried'
  | 'backscatter'
  | 'unknown';

interface Volume {
  readonly packets: number;
  readonly bytes: number;
  readonly packetsToServer: number;
  readonly bytesToServer: number;
  readonly packetsToClient: number;
  readonly bytesToClient: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** All traffic of one transport and server port. */
export interface PortUse extends Volume {
  readonly transport: FlowTransport;
  readonly port: number;
  /** `unknown`: flows of which nobody can say who serves, under the lower of their two ports. */
  readonly direction: 'known' | 'unknown';
  readonly status: PortStatus;
  /** Octets per packet. */
  readonly meanLength: number;
  /** Addresses that answered on the port. */
  readonly serving: number;
  /** Addresses that the port was tried on, those that answered included. */
  readonly tried: number;
  readonly triedEstimated: boolean;
  readonly clients: number;
  readonly clientsEstimated: boolean;
  readonly flows: number;
  readonly flowsAnswered: number;
  readonly flowsLogged: number;
  readonly flowsRefused: number;
  readonly flowsDenied: number;
  readonly flowsUnanswered: number;
  readonly flowsBackscatter: number;
  /** Zones of clients and servers, the pair with the most bytes first. */
  readonly zones: readonly {
    readonly client: string;
    readonly server: string;
    readonly flows: number;
    readonly bytes: number;
  }[];
  /** What captures and each format of logs saw of it; empty where nothing but captures was read. */
  readonly sources: readonly {
    /** `capture`, or the name of a log format. */
    readonly source: string;
    /** Flows that count, and their bytes. */
    readonly flows: number;
    readonly bytes: number;
    /** Flows that another source saw better: they count there. */
    readonly alsoSeen: number;
  }[];
  /** Protocols that payloads showed on the port, the one on most endpoints first. */
  readonly spoken: readonly {
    readonly protocol: string;
    /** Endpoints that speak it. */
    readonly endpoints: number;
    readonly flows: number;
    readonly fit: PortFit;
  }[];
}

/** An endpoint that answered. */
export interface ServiceUse extends Volume {
  readonly transport: FlowTransport;
  readonly server: string;
  readonly port: number;
  readonly confirmed: 'handshake' | 'reply';
  readonly zone: string;
  readonly clients: number;
  readonly clientsEstimated: boolean;
  readonly flows: number;
  /** First frame of the flow that shows it best: `lan.pcap#1042`. */
  readonly locator: string;
  /** Protocols that payloads showed there, the one of most conversations first. */
  readonly spoken: readonly Spoken[];
}

/** All flows of one client with one server and port. */
export interface ConversationUse extends Volume {
  readonly transport: FlowTransport;
  readonly client: string;
  readonly server: string;
  /** The server's port; of ICMP the message type. */
  readonly port: number;
  readonly direction: 'known' | 'unknown';
  /** The best of its flows; null for transports without ports. */
  readonly status: PortStatus | null;
  readonly flows: number;
}

export interface HostUse {
  readonly address: string;
  readonly zone: string;
  /** Services that answered on it. */
  readonly services: number;
  readonly bytes: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly packetsSent: number;
  readonly packetsReceived: number;
  readonly flowsAsClient: number;
  readonly flowsAsServer: number;
  /** Names that somebody on the wire gave it. */
  readonly names: readonly HostName[];
  /** MAC address that it sent from itself, and who made the card; null when not known. */
  readonly mac: string | null;
  readonly vendor: string | null;
}

/** A part of a capture that is not on any port. */
export interface RemainderUse {
  /** Name for people: `icmp echo`, `ARP`, `link headers and padding`. */
  readonly what: string;
  /** What kind of thing it is. */
  readonly part:
    | 'icmp'
    | 'protocol'
    | 'ports-unreadable'
    | 'not-ip'
    | 'unknown-link-type'
    | 'unreadable'
    | 'duplicates'
    | 'link-headers'
    | 'shared-frames';
  readonly packets: number;
  readonly bytes: number;
}

/** Frames of one range of lengths on the wire, octets with the link header. */
export interface SizeBin {
  readonly least: number;
  /** Null: no upper bound. */
  readonly most: number | null;
  readonly packets: number;
}

/** What happened in one span of time. */
export interface TimeSlice {
  readonly startMs: number;
  readonly widthMs: number;
  /** Packets and their octets; null where a filter asks for more than one packet can tell. */
  readonly packets: number | null;
  readonly bytes: number | null;
  /** Flows that began. */
  readonly flows: number;
}
