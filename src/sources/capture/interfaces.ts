/** The network interfaces of this machine, as Linux lists them in /sys/class/net. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface NetworkInterface {
  readonly name: string;
  /** Number the kernel knows it by; 0 is all interfaces at once. */
  readonly index: number;
  /** ARPHRD_ number of its link layer. */
  readonly hardware: number;
  readonly up: boolean;
  readonly loopback: boolean;
  readonly carrier: boolean;
}

/** All interfaces at once, as tcpdump names them. */
export const ANY: NetworkInterface = {
  name: 'any',
  index: 0,
  hardware: 0xffff,
  up: true,
  loopback: false,
  carrier: true,
};

const FOLDER = '/sys/class/net';
const UP = 1;
const LOOPBACK = 8;

/** By index. Empty where there is no such folder. */
export function listInterfaces(folder = FOLDER): NetworkInterface[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .flatMap((name) => interfaceNamed(name, folder) ?? [])
    .sort((left, right) => left.index - right.index);
}

/** One interface, or undefined where there is none of that name. */
export function interfaceNamed(name: string, folder = FOLDER): NetworkInterface | undefined {
  if (!/^[^/\s]{1,15}$/.test(name) || name === '.' || name === '..') return undefined;
  const read = (file: string): string | undefined => {
    try {
      return readFileSync(join(folder, name, file), 'utf8').trim();
    } catch {
      return undefined;
    }
  };
  const index = Number(read('ifindex'));
  if (!Number.isInteger(index) || index <= 0) return undefined;
  const flags = Number(read('flags') ?? 0);
  return {
    name,
    index,
    hardware: Number(read('type') ?? 0),
    up: (flags & UP) !== 0,
    loopback: (flags & LOOPBACK) !== 0,
    carrier: read('carrier') === '1',
  };
}

/** How frames of an interface come: their link type, and whether the kernel takes headers off. */
export function framingOf({ hardware, index }: NetworkInterface): {
  readonly linkType: number;
  readonly cooked: boolean;
} {
  if (index === 0) return { linkType: 276, cooked: true };
  switch (hardware) {
    // Ethernet, loopback.
    case 1:
    case 772:
      return { linkType: 1, cooked: false };
    case 801:
      return { linkType: 105, cooked: false };
    case 803:
      return { linkType: 127, cooked: false };
    // No header, IP-in-IP, IPv6 in IP: packets as they are.
    case 65_534:
    case 768:
    case 769:
    case 776:
      return { linkType: 101, cooked: false };
    default:
      return { linkType: 276, cooked: true };
  }
}
