/** What one look at a machine's sockets gives, however it was made. */
import type { BlindSpot } from '../../model/blind-spot.ts';
import type { Connection } from '../../model/connection.ts';
import type { Listener } from '../../model/listener.ts';

export interface SocketView {
  /** Whose sockets: `this machine`, `web1.txt`, `anna@192.0.2.7`. */
  readonly subject: string;
  /** How they were seen, for people: `netlink`, `netstat of Windows`. */
  readonly means: readonly string[];
  readonly listeners: readonly Listener[];
  /** Sockets that talk to one peer. Empty when they were not asked for. */
  readonly connections: readonly Connection[];
  readonly blindSpots: readonly BlindSpot[];
  /** UDP sockets that talk to one peer only: no listeners, therefore not among them. */
  readonly connectedDatagram: number;
}
