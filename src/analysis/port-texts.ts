/** Texts such as `53/udp`, each made once: many thousand services have few different ports. */
import { transportOf } from '../flow/flow-view.ts';

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
