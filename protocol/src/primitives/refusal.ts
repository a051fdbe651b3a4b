/** How both adapters refuse: one typed error, whatever the platform threw. */
import { ProtocolError } from '../errors.ts';

export function refuse(check: string, message: string): ProtocolError {
  return new ProtocolError('primitive', check, `${check}: ${message}`);
}

/** Runs `action`; whatever it throws becomes the one typed refusal, so that no platform error escapes. */
export function refusing<T>(check: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    if (cause instanceof ProtocolError) throw cause;
    throw new ProtocolError('primitive', check, `${check}: refused by the platform`, { cause });
  }
}

/** As `refusing`, for what the platform alone does, asynchronously. */
export async function refusingAsync<T>(check: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw new ProtocolError('primitive', check, `${check}: refused by the platform`, { cause });
  }
}

export function checkSize(check: string, value: Uint8Array, size: number): void {
  if (value.length !== size) throw refuse(check, `${String(size)} bytes expected`);
}

/** The cached value of `key`, made at first use: importing a key costs as much as using it. */
export function once<K extends WeakKey, V extends WeakKey>(cache: WeakMap<K, V>, key: K, make: () => V): V {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  return made;
}
