/** The catalogue's server roles as sets of ports, which are numbered from 0. */
import { allRoles } from '../catalog/entries.ts';
import type { CatalogPort, NotThere } from '../catalog/entry.ts';
import type { ServerRole } from '../catalog/role.ts';

/** Ports in a range from which it names a class of ports rather than a service. */
const WIDE = 1000;

/** What a port that answered says for a role. */
export interface Voice {
  readonly signature: Signature;
  /** Choices of the core and distinctive ones that it is one of, a bit each. */
  core: number;
  distinctive: number;
  /** Choices of the core with a port of the same number, whatever the transport. */
  same: number;
}

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
  /** By port: the roles for whose core or distinctive ports it speaks, and what it says. */
  readonly voices: Voice[][] = [];
  /** By port: positions of the roles it speaks against. */
  readonly against: number[][] = [];
  private readonly known = new Map<string, number>();
  private readonly byId: ReadonlyMap<string, Signature>;

  constructor(roles: readonly ServerRole[]) {
    this.all = roles.map((role, index) => this.signatureOf(role, index));
    this.byId = new Map(this.all.map((signature) => [signature.role.id, signature]));
    for (const signature of this.all) this.giveVoice(signature);
  }

  /** The number of a port in text form, or -1 when no role has it. */
  find(port: string): number {
    return this.known.get(port) ?? -1;
  }

  of(role: string): Signature {
    return this.byId.get(role)!;
  }

  private giveVoice(signature: Signature): void {
    const { core, distinctive, absent, index } = signature;
    core.forEach((choice, at) => {
      for (const port of choice) this.voiceOf(port, signature).core |= 1 << at;
    });
    distinctive.forEach((choice, at) => {
      for (const port of choice) this.voiceOf(port, signature).distinctive |= 1 << at;
    });
    const { numbers } = this;
    for (const port of new Set([...core, ...distinctive].flat())) {
      const voice = this.voiceOf(port, signature);
      core.forEach((choice, at) => {
        if (choice.some((other) => numbers[other] === numbers[port])) voice.same |= 1 << at;
      });
    }
    for (const port of new Set(absent.flat())) this.against[port]!.push(index);
  }

  private voiceOf(port: number, signature: Signature): Voice {
    const voices = this.voices[port]!;
    let voice = voices.at(-1);
    if (voice?.signature !== signature) {
      voice = { signature, core: 0, distinctive: 0, same: 0 };
      voices.push(voice);
    }
    return voice;
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
          this.voices.push([]);
          this.against.push([]);
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
