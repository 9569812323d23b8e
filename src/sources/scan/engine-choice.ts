/** Which engine asks, by what this machine and its user can do, and why that one: for reports. */
import { NativeUnavailable, SystemCallError } from '../../native/libc.ts';
import { ConnectEngine } from './connect-engine.ts';
import type { Clock, ProbeEngine } from './engine.ts';
import { NodeConnectEngine } from './node-connect-engine.ts';
import type { ScannedTransport } from './ports.ts';
import { RawEngine } from './raw-engine.ts';
import { SCTP_PROBE } from './sctp-probe.ts';
import { SYN_PROBE } from './syn-probe.ts';
import { UdpEngine, type UdpOptions } from './udp-engine.ts';

/** What people may ask for TCP. `node`: the runtime's own sockets. */
export const TCP_ENGINES = ['auto', 'syn', 'connect', 'node'] as const;
export type TcpEngineChoice = (typeof TCP_ENGINES)[number];

export interface ChosenEngine {
  readonly engine: ProbeEngine;
  /** One clause for people: `raw SYN`, `connections, since …`. */
  readonly because: string;
}

/** The engine asked for cannot be had. `privilege`: more rights would help. */
export class EngineUnavailable extends Error {
  override readonly name = 'EngineUnavailable';
  readonly engine: string;
  readonly privilege: boolean;

  constructor(engine: string, why: string, privilege: boolean) {
    super(why);
    this.engine = engine;
    this.privilege = privilege;
  }
}

/** Throws `EngineUnavailable`. */
export function chooseEngine(
  transport: ScannedTransport,
  ports: Uint16Array,
  wanted: TcpEngineChoice,
  clock: Clock,
  udp: UdpOptions,
): ChosenEngine {
  if (transport === 'sctp') {
    try {
      return {
        engine: new RawEngine(SCTP_PROBE, ports, clock),
        because: 'INIT chunks through raw sockets',
      };
    } catch (error) {
      throw unavailable('sctp', error);
    }
  }
  if (transport === 'udp') {
    try {
      return {
        engine: new UdpEngine(ports, clock, udp),
        because: 'datagrams, no privilege needed',
      };
    } catch (error) {
      throw unavailable('udp', error);
    }
  }
  if (wanted === 'node') {
    return { engine: new NodeConnectEngine(ports, clock), because: 'asked for' };
  }
  if (wanted === 'connect') return { engine: openConnect(ports, clock), because: 'asked for' };
  try {
    const engine = new RawEngine(SYN_PROBE, ports, clock);
    return { engine, because: wanted === 'syn' ? 'asked for' : 'raw sockets are allowed' };
  } catch (error) {
    const lack = unavailable('syn', error);
    if (wanted === 'syn') throw lack;
    return fallBack(ports, clock, lack);
  }
}

function openConnect(ports: Uint16Array, clock: Clock): ProbeEngine {
  try {
    return new ConnectEngine(ports, clock);
  } catch (error) {
    throw unavailable('connect', error);
  }
}

function fallBack(ports: Uint16Array, clock: Clock, lack: EngineUnavailable): ChosenEngine {
  try {
    const because = lack.privilege ? 'raw sockets need CAP_NET_RAW (root)' : lack.message;
    return { engine: new ConnectEngine(ports, clock), because };
  } catch (error) {
    const { message } = unavailable('connect', error);
    return { engine: new NodeConnectEngine(ports, clock), because: message };
  }
}

function unavailable(engine: string, error: unknown): EngineUnavailable {
  if (error instanceof NativeUnavailable)
    return new EngineUnavailable(engine, error.message, false);
  if (!(error instanceof SystemCallError)) throw error;
  const privilege = error.code === 'EPERM' || error.code === 'EACCES';
  const why = privilege ? 'raw sockets need CAP_NET_RAW (root)' : error.message;
  return new EngineUnavailable(engine, why, privilege);
}
