/** What a drill-down keeps of an audit. Every condition given must hold. */
import { ACTIONS } from '../../model/verdict.ts';
import type { AddressPool } from '../../net/address-pool.ts';
import { type ZoneRule, ZoneTable } from '../zones.ts';
import { WAYS } from './places.ts';
import { hasPort, portShown } from './port-shown.ts';
import type { RowBlock } from './row-block.ts';
import { FAMILY_4, FAMILY_6 } from './verdict-kind.ts';

export interface AuditFilter {
  /** Addresses wanted, as client or server. */
  readonly hosts?: ZoneRule['prefix'][];
  readonly ports?: readonly { readonly port: number; readonly protocol: number | undefined }[];
  readonly rule?: string;
  readonly action?: (typeof ACTIONS)[number];
  readonly way?: (typeof WAYS)[number];
}

const WANTED = 'wanted';

/** Asks rows of a `RowBlock`; `addresses` and `names` are those of the reader. */
export class RowFilter {
  private readonly where: AuditFilter;
  private readonly addresses: AddressPool;
  private readonly names: readonly string[];
  private readonly hosts: ZoneTable | undefined;
  private readonly wanted: number;

  constructor(where: AuditFilter, addresses: AddressPool, names: readonly string[]) {
    this.where = where;
    this.addresses = addresses;
    this.names = names;
    this.hosts =
      where.hosts === undefined
        ? undefined
        : new ZoneTable(where.hosts.map((prefix) => ({ name: WANTED, prefix })));
    this.wanted = this.hosts?.names.indexOf(WANTED) ?? -1;
  }

  passes(block: RowBlock, index: number): boolean {
    const { where, names } = this;
    if (where.action !== undefined && ACTIONS[block.action[index]!] !== where.action) return false;
    if (where.way !== undefined && WAYS[block.way[index]!] !== where.way) return false;
    if (where.ports !== undefined && !this.isPort(where.ports, block, index)) return false;
    if (where.rule !== undefined) {
      if (names[block.contextAt(block.context[index]!).rule] !== where.rule) return false;
    }
    if (this.hosts === undefined) return true;
    return (
      this.isHost(block, index, block.clientWord[index]!) ||
      this.isHost(block, index, block.serverWord[index]!)
    );
  }

  private isPort(
    ports: NonNullable<AuditFilter['ports']>,
    block: RowBlock,
    index: number,
  ): boolean {
    const protocol = block.protocol[index]!;
    const shown = portShown(protocol, block.port[index]!);
    if (!hasPort(protocol)) return false;
    return ports.some((each) => each.port === shown && (each.protocol ?? protocol) === protocol);
  }

  private isHost(block: RowBlock, index: number, word: number): boolean {
    const family = block.family[index]!;
    if (family === FAMILY_4) return this.hosts!.of4(word) === this.wanted;
    return family === FAMILY_6 && this.hosts!.of6(this.addresses.words, 4 * word) === this.wanted;
  }
}
