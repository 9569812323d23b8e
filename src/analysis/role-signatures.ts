/** The catalogue's server roles as sets of ports, which are numbered from 0. */
import { allRoles } from '../catalog/entries.ts';
import type { CatalogPort, NotThere } from '../catalog/entry.ts';
import type { ServerRole } from '../catalog/role.ts';

/** Ports in a range from which it names a class of ports rather than a service. */
const WIDE = 1000;

/** A role with the numbers of its ports. */
export interface Signature {
  readonly role: ServerRole;
  /** Position among all signatures. */
  readonly index: number;
  readonly core: readonly (readonly number[])[];
  readonly distinctive: readonly (readonly number[])[];
  readonly absent: readonly (readonly number[])[];
  readonly companions: readonly number[];
  /** All but the absent ones. */
  readonly ports: ReadonlySet<number>;
}

/** All signatures, and the ports that any of them names. */
export class Signatures {
  readonly all: readonly Signature[];
  /** Text of each port by its number: `88/tcp`. */
  readonly texts: string[] = [];
  /** Port of each, without its transport. */
  readonly numbers: number[] = [];
  /** Roles for whose core or distinctive ports each port speaks. */
  readonly speaksFor: Signature[][] = [];
  private readonly known = new Map<string, number>();
  private readonly byId: ReadonlyMap<string, Signature>;

  constructor(roles: readonly ServerRole[]) {
    this.all = roles.map((role, index) => this.signatureOf(role, index));
    this.byId = new Map(this.all.map((signature) => [signature.role.id, signature]));
    for (const signature of this.all) {
      const { core, distinctive } = signature;
      for (const port of new Set([...core, ...distinctive].flat())) {
        this.speaksFor[port]!.push(signature);
      }
    }
  }

  /** The number of a port in text form, or -1 when no role has it. */
  find(port: string): number {
    return this.known.get(port) ?? -1;
  }

  of(role: string): Signature {
    return this.byId.get(role)!;
  }

  private signatureOf(role: ServerRole, index: number): Signature {
    const core = listOf(role.core).map((choice) => this.number(choice));
    const distinctive = listOf(role.distinctive).map((choice) => this.number(choice));
    const absent = listOf(role.absent).map((choice) => this.number(choice));
    const companions = listOf(role.companions).flatMap(({ ports }) => this.number(ports));
    const ports = new Set([...core.flat(), ...distinctive.flat(), ...companions]);
    return { role, index, core, distinctive, absent, companions, ports };
  }

  /** Numbers of the ports of a choice; wide ranges are no signature. */
  private number(ports: readonly CatalogPort[]): number[] {
    const found: number[] = [];
    for (const { transport, first, last } of ports) {
      if (last - first > WIDE) continue;
      for (let port = first; port <= last; port++) {
        const text = `${port}/${transport}`;
        let number = this.known.get(text);
        if (number === undefined) {
          number = this.texts.push(text) - 1;
          this.known.set(text, number);
          this.numbers.push(port);
          this.speaksFor.push([]);
        }
        found.push(number);
      }
    }
    return found;
  }
}

function listOf<Item>(value: readonly Item[] | NotThere): readonly Item[] {
  return 'none' in value ? [] : value;
}

let signatures: Signatures | undefined;

/** Those of the catalogue, made when they are first asked for. */
export function allSignatures(): Signatures {
  signatures ??= new Signatures(allRoles());
  return signatures;
}
