/** What a host seems to be for, judged by the ports it answered on, and whom it depends on. */

/**
 *   certain  all ports that make the role answered, and not just ports that many roles share
 *   likely   two that are distinctive answered
 *   hint     one of them, or only ports that many roles share
 */
export type RoleCertainty = 'certain' | 'likely' | 'hint';

export interface RoleOfHost {
  /** Id of the role in the catalogue: `portreeve explain --role` takes it. */
  readonly role: string;
  readonly name: string;
  readonly certainty: RoleCertainty;
  /** Answered ports that speak for it: `88/tcp`. */
  readonly ports: readonly string[];
  /** Frames that show these answers: `lan.pcap#1042`. */
  readonly evidence: readonly string[];
}

/** A server that a host relied on. */
export interface Dependency {
  readonly server: string;
  /** `member of the domain served by 10.0.2.10`, `asks the DNS server 10.0.2.10`. */
  readonly text: string;
  /** Role of the server, or null when the port alone is known. */
  readonly role: string | null;
  /** Ports of the server that answered this host. */
  readonly ports: readonly string[];
}

export interface HostRoles {
  readonly address: string;
  readonly zone: string;
  readonly roles: readonly RoleOfHost[];
  readonly depends: readonly Dependency[];
}
