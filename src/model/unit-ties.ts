/** What systemd's unit files say of a unit on its machine: what starts it again, what ends with it. */
export interface UnitTies {
  /** By its file: systemctl refuses to disable a unit by another of its names. */
  readonly unit: string;
  /** All its names. */
  readonly names: readonly string[];
  /** Units that start it when something happens: sockets, timers, paths. */
  readonly triggeredBy: readonly string[];
  /** The service that it starts, of a socket that hands its connections to one. */
  readonly triggers: readonly string[];
  /** Units that start it when they start, and that disabling it does not part from it. */
  readonly pulledInBy: readonly string[];
  /** Units that end when it ends. */
  readonly endsWith: readonly string[];
}
