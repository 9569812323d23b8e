/** What a port is as text and among signatures, each found once: services have few different ones. */
import { transportOf } from '../flow/flow-view.ts';
import { allSignatures } from './role-signatures.ts';

/** Texts such as `53/udp`. */
export class PortTexts {
  private readonly texts = new Map<number, string>();

  /** @param protocol number of the IP protocol */
  of(port: number, protocol: number): string {
    const key = (protocol << 16) | port;
    let text = this.texts.get(key);
    if (text === undefined) {
      text = `${port}/${transportOf(protocol)}`;
      this.texts.set(key, text);
    }
    return text;
  }
}

/** Numbers of `Signatures.find`. */
export class PortNumbers {
  private readonly numbers = new Map<number, number>();

  /** @param protocol number of the IP protocol */
  of(port: number, protocol: number): number {
    const key = (protocol << 16) | port;
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = allSignatures().find(`${port}/${transportOf(protocol)}`);
      this.numbers.set(key, number);
    }
    return number;
  }
}
