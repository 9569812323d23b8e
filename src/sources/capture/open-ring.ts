/**
 * Opens interfaces for capture. Apart from reading, which needs no privilege any more: between the
 * two it is given up.
 */
import { openPacketSockets, type PacketSocket } from '../../native/packet-socket.ts';
import type { FilterStep } from '../../native/socket-filter.ts';
import type { CaptureInterface } from '../../wire/frame-batch.ts';
import { framingOf, type NetworkInterface } from './interfaces.ts';

export interface LiveOptions {
  readonly promiscuous?: boolean;
  /** Octets kept of a frame. */
  readonly snapLength?: number;
  /** Octets of each ring; rounded to whole blocks. 16 MiB. */
  readonly ringOctets?: number;
  /** Rings that share an interface's frames, each with a reading thread. 1. */
  readonly fanout?: number;
  /** The program for an interface; without it every frame is kept. */
  readonly filterFor?: (linkType: number, cooked: boolean) => readonly FilterStep[] | undefined;
  /** How the filter is written, for files. */
  readonly filterText?: string;
}

/** An interface that was opened, as it can be handed to another thread. */
export interface OpenedInterface {
  readonly device: NetworkInterface;
  readonly cooked: boolean;
  readonly described: CaptureInterface;
  readonly sockets: readonly PacketSocket[];
}

const DEFAULT_RING_OCTETS = 16 * 1024 * 1024;
const DEFAULT_SNAP_LENGTH = 262_144;

/**
 * Opens an interface; its sockets are the caller's to close. Throws `SystemCallError` (EPERM
 * without CAP_NET_RAW) and `NativeUnavailable`.
 */
export function openRing(device: NetworkInterface, options: LiveOptions): OpenedInterface {
  const { linkType, cooked } = framingOf(device);
  const snapLength = options.snapLength ?? DEFAULT_SNAP_LENGTH;
  const sockets = openPacketSockets({
    interfaceIndex: device.index,
    cooked,
    promiscuous: options.promiscuous ?? true,
    ringOctets: options.ringOctets ?? DEFAULT_RING_OCTETS,
    filter: options.filterFor?.(linkType, cooked) ?? [[6, 0, 0, snapLength]],
    fanout: options.fanout ?? 1,
  });
  const described = {
    source: device.name,
    name: device.name,
    linkType,
    snapLength,
    ...(options.filterText === undefined ? {} : { filter: options.filterText }),
  };
  return { device, cooked, described, sockets };
}
