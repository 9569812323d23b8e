/**
 * Capturing from the network: interfaces by name, and the filter for the kernel where it can run
 * it. Opening and reading are apart, so that the privilege is given up between them.
 */
import { isRefusal, NativeUnavailable, SystemCallError } from '../native/libc.ts';
import { listPcapDevices, PcapFailure } from '../native/pcap-library.ts';
import type { FilterStep } from '../native/socket-filter.ts';
import {
  ANY,
  interfaceNamed,
  listInterfaces,
  type NetworkInterface,
} from '../sources/capture/interfaces.ts';
import { type LiveCounts, type LiveFrames, LiveSource } from '../sources/capture/live-source.ts';
import { type LiveOptions, type OpenedInterface, openRing } from '../sources/capture/open-ring.ts';
import { type OpenedDevice, openDevice, PcapSource } from '../sources/capture/pcap-source.ts';
import type { CaptureReader } from '../sources/pcap/capture-reader.ts';
import { type Bytecode, NoBytecode } from '../wire/filter/bytecode.ts';
import { withoutHeader } from '../wire/filter/cooked-bytecode.ts';
import type { Expression } from '../wire/filter/expression.ts';
import type { Filter } from '../wire/filter/filter.ts';
import type { FrameBatch, FrameSource } from '../wire/frame-batch.ts';
import { asksFor, FilteredSource } from './filters.ts';
import { programOf } from './programs.ts';

export { type LiveCounts, type LiveFrames, NativeUnavailable, PcapFailure, SystemCallError };

/** What frames are taken with: Linux's own rings, or libpcap. */
export type CaptureEngine = 'ring' | 'libpcap';

const USUAL_ENGINE: CaptureEngine = process.platform === 'linux' ? 'ring' : 'libpcap';

export interface LiveChoices {
  readonly interfaces: readonly string[];
  readonly filter?: Filter;
  readonly promiscuous?: boolean;
  readonly snapLength?: number;
  readonly ringOctets?: number;
  readonly fanout?: number;
  /** The usual one of this system where it is not given. */
  readonly engine?: CaptureEngine;
}

/** There is no interface of that name. */
export class NoSuchInterface extends Error {
  override readonly name = 'NoSuchInterface';
  readonly known: readonly string[];

  constructor(wanted: string, known: readonly string[]) {
    super(`there is no interface “${wanted}” here`);
    this.known = known;
  }
}

/** Interfaces that were opened, as they can be handed to another thread. */
export interface OpenedInterfaces {
  readonly rings: readonly OpenedInterface[];
  readonly devices: readonly OpenedDevice[];
  readonly names: readonly string[];
  /** Why the filter runs in this program and not in the kernel. */
  readonly filteredHere?: string;
}

export interface LiveCapture {
  /** The network itself: counters, events. */
  readonly live: LiveFrames;
  /** What to read from: filtered here where the kernel could not. */
  readonly source: FrameSource;
}

const MOST_SNAP_LENGTH = 262_144;

/**
 * Opens interfaces. Throws `NoSuchInterface`, `SystemCallError` (EPERM), `PcapFailure`,
 * `NativeUnavailable`, and `FilterFault` for a filter that the link type makes meaningless.
 */
export function openInterfaces(choices: LiveChoices): OpenedInterfaces {
  const { filter, promiscuous, ringOctets, fanout, interfaces: names } = choices;
  const snapLength = choices.snapLength ?? MOST_SNAP_LENGTH;
  let filteredHere: string | undefined;
  const filterFor = (linkType: number, cooked: boolean): readonly FilterStep[] | undefined => {
    if (filter === undefined) return undefined;
    filter.forLinkType(linkType);
    try {
      if (looksForTags(filter.parsed.expression)) {
        throw new NoBytecode('the kernel takes VLAN tags off before its filter runs');
      }
      const program = filter.bytecode(linkType, snapLength);
      return stepsOf(cooked ? withoutHeader(program) : program);
    } catch (error) {
      if (!(error instanceof NoBytecode)) throw error;
      filteredHere = error.message;
      return undefined;
    }
  };
  const options: LiveOptions = {
    snapLength,
    filterFor,
    ...(filter === undefined ? {} : { filterText: filter.parsed.text }),
    ...(promiscuous === undefined ? {} : { promiscuous }),
    ...(ringOctets === undefined ? {} : { ringOctets }),
    ...(fanout === undefined ? {} : { fanout }),
  };
  const byRing = (choices.engine ?? USUAL_ENGINE) === 'ring';
  const rings = byRing ? names.map(deviceNamed).map((each) => openRing(each, options)) : [];
  const devices = byRing ? [] : names.map((each) => openDevice(each, options));
  const where = filteredHere === undefined ? {} : { filteredHere };
  return { rings, devices, names, ...where };
}

function stepsOf({ length, code, jumpTrue, jumpFalse, operand }: Bytecode): FilterStep[] {
  return Array.from({ length }, (_, index) => [
    code[index]!,
    jumpTrue[index]!,
    jumpFalse[index]!,
    operand[index]!,
  ]);
}

/** Frames of interfaces that were opened. Throws `NativeUnavailable`. */
export function readInterfaces(
  { rings, devices, filteredHere }: OpenedInterfaces,
  filter: Filter | undefined,
): LiveCapture {
  const live = devices.length > 0 ? new PcapSource(devices) : new LiveSource(rings, ringReader());
  const here = filteredHere !== undefined && filter !== undefined;
  return { live, source: here ? new FilteredSource(live, filter) : live };
}

function ringReader(): URL {
  const program = programOf('ring-reader');
  if (program !== undefined) return program;
  throw new NativeUnavailable('the program of the reading threads is missing: ring-reader.js');
}

/** Interfaces that may be captured from, as the engine knows them. */
export interface KnownInterface {
  readonly name: string;
  readonly up: boolean;
  readonly loopback: boolean;
  readonly carrier: boolean;
  /** What people call it, where its name says nothing (Windows). */
  readonly description?: string;
}

/** Throws `PcapFailure`, `NativeUnavailable` where only libpcap knows. */
export function knownInterfaces(engine: CaptureEngine = USUAL_ENGINE): KnownInterface[] {
  if (engine === 'ring') return [...listInterfaces(), ANY];
  return listPcapDevices().map(({ name, up, loopback, running, description }) => ({
    name,
    up,
    loopback,
    carrier: running,
    ...(description === '' ? {} : { description }),
  }));
}

/** Names by the numbers that cooked frames have; none where the system does not tell. */
export function interfaceNames(engine: CaptureEngine = USUAL_ENGINE): Map<number, string> {
  const names = new Map<number, string>();
  // Only Linux numbers them in frames.
  if (engine !== 'ring') return names;
  try {
    for (const { index, name } of [...listInterfaces(), ANY]) names.set(index, name);
  } catch (error) {
    // Frames of a file can be printed all the same.
    if (!isRefusal(error)) throw error;
  }
  return names;
}

function deviceNamed(name: string): NetworkInterface {
  if (name === 'any') return ANY;
  const device = interfaceNamed(name);
  if (device !== undefined) return device;
  throw new NoSuchInterface(name, [...listInterfaces().map((each) => each.name), 'any']);
}

/** A live capture where commands expect captures that are read. */
export class LiveReader implements CaptureReader {
  readonly faults = [];
  readonly faultsUnlisted = 0;
  readonly skipped = [];
  readonly passedOver = new Map<string, number>();
  readonly bytesTotal = undefined;
  frames = 0;
  bytesRead = 0;
  readonly capture: LiveCapture;

  constructor(capture: LiveCapture) {
    this.capture = capture;
  }

  get interfaces(): FrameSource['interfaces'] {
    return this.capture.live.interfaces;
  }

  get drops(): CaptureReader['drops'] {
    return this.capture.live
      .counts()
      .map(({ received, dropped }, which) => ({ interface: which, received, dropped }));
  }

  async next(): Promise<FrameBatch | undefined> {
    const batch = await this.capture.source.next();
    if (batch === undefined) return undefined;
    this.frames += batch.count;
    for (let index = 0; index < batch.count; index++) this.bytesRead += batch.captured[index]!;
    return batch;
  }

  /** Ends it, once what is in the ring was read. */
  stop(): void {
    this.capture.live.stop();
  }

  close(): Promise<void> {
    return this.capture.live.close();
  }
}

/** Whether a filter asks for VLAN tags, which a live frame keeps beside it. */
function looksForTags(expression: Expression | undefined): boolean {
  return asksFor(expression, (each) => each.kind === 'encapsulation' && each.which === 'vlan');
}

/** The interface to capture from when none is named: the first that is up and no loopback. */
export function firstInterface(engine?: CaptureEngine): string | undefined {
  const up = knownInterfaces(engine).filter((each) => each.up && each.name !== ANY.name);
  return (up.find(({ loopback }) => !loopback) ?? up[0])?.name;
}
