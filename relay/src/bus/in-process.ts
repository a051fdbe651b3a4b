/** The bus of a relay that is one process. */
import type { Bus, BusMessage, TakeMessage } from './bus.ts';

export class InProcessBus implements Bus {
  readonly #takers = new Map<string, Set<TakeMessage>>();

  publish(subject: string, message: BusMessage): void {
    for (const take of [...(this.#takers.get(subject) ?? [])]) take(message);
  }

  subscribe(subject: string, take: TakeMessage): () => void {
    const takers = this.#takers.get(subject) ?? new Set();
    this.#takers.set(subject, takers.add(take));
    return () => {
      if (takers.delete(take) && takers.size === 0) this.#takers.delete(subject);
    };
  }

  async close(): Promise<void> {
    this.#takers.clear();
  }
}
