/** The shipped program as a process, in a home of its own. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openHome } from '@waxwing/client';
import { type Bytes, encodeFingerprint } from '@waxwing/protocol';
import { checkOf, type Stop } from '../check.ts';
import type { Lab } from '../lab.ts';
import type { Name } from '../people.ts';
import { LineProgram } from './line-program.ts';
import { WaxwingEnd, type WaxwingPeer } from './waxwing-end.ts';

const ENTRY = join(import.meta.dirname, '../../../cli/bin/waxwing.js');

/** What a line of the program's log may hold. */
interface LogRecord {
  readonly kind: string;
  readonly code: string;
  readonly check: string;
  readonly message: string;
  /** Of a handshake that is tried again. */
  readonly failure?: { readonly code: string; readonly check: string };
}

/** How a handshake ended that no check of this end refused. */
const NO_CHECK: ReadonlySet<string> = new Set(['rejected', 'ended', 'late']);
/** docs/errors.md: another key under a known name. */
const EXIT_CHANGED = 6;

export interface WaxwingOptions {
  /** Whose home it lives in. */
  readonly who: Name;
  /** The account the other end must have (`--peer`). */
  readonly pin?: Bytes | undefined;
  /** Whether it is the one attacked: see waxwingServer. True unless given. */
  readonly victim?: boolean;
  /** Of a server that the lab composes: see WaxwingEnd. The shipped one is. */
  readonly eager?: boolean;
}

/** `waxwing server` or `client` in line mode. */
export class WaxwingProgram extends LineProgram implements WaxwingPeer {
  readonly #home: string;

  private constructor(lab: Lab, home: string, args: readonly string[], secret = '') {
    const env = { WAXWING_HOME: home, WAXWING_PASSPHRASE_FILE: '', WAXWING_CLASSIC_SECRET: secret, NO_COLOR: '1' };
    super(lab, { args: [ENTRY, ...args, '--plain'], env });
    this.#home = home;
  }

  static async server(
    lab: Lab,
    options: WaxwingOptions,
  ): Promise<{ readonly end: WaxwingProgram; readonly port: number }> {
    const args = ['server', '--port', '0', ...pinned(options)];
    const end = new WaxwingProgram(lab, await makeHome(lab, options.who), args);
    return { end, port: await end.#port() };
  }

  /** `waxwing server --classic`, under the secret given: it has no identity and keeps no log. */
  static async classicServer(
    lab: Lab,
    secret: string,
  ): Promise<{ readonly end: WaxwingProgram; readonly port: number }> {
    const end = new WaxwingProgram(lab, await lab.folder(), ['server', '--port', '0', '--classic'], secret);
    return { end, port: await end.#port() };
  }

  /** Resolves when the handshake has ended well or not. */
  static async client(lab: Lab, options: WaxwingOptions & { readonly port: number }): Promise<WaxwingProgram> {
    const args = ['client', `127.0.0.1:${String(options.port)}`, ...pinned(options)];
    const end = new WaxwingProgram(lab, await makeHome(lab, options.who), args);
    await end.until(() => end.connected || end.stop() !== undefined);
    return end;
  }

  get connected(): boolean {
    return this.lines.some((line) => line.startsWith('Keys exchanged'));
  }

  get screen(): string {
    return this.out;
  }

  /** Without the proof lines and the program's own sentences; further lines of a text keep their `  | `. */
  get texts(): readonly string[] {
    return this.lines.flatMap((line) => /^(?:Message: |(?= {2}\| ))(.*)$/.exec(line)?.[1] ?? []);
  }

  get parting(): 'left' | 'cut' | undefined {
    for (const line of this.lines.toReversed()) {
      if (line.endsWith(' left.')) return 'left';
      if (line.startsWith('The connection was cut')) return 'cut';
    }
    return undefined;
  }

  /** From the program's own log, or from the code it ended with. */
  stop(): Stop | undefined {
    for (const { kind, code, check, message, failure } of this.#log) {
      if (kind === 'retrying' && failure !== undefined) {
        return { check: checkOf(failure.code, failure.check), code: failure.code, message };
      }
      if (kind !== 'failed' || NO_CHECK.has(check)) continue;
      return { check: checkOf(code, check), code, message };
    }
    if (this.exitCode !== EXIT_CHANGED) return undefined;
    const message = this.lines.find((line) => line.includes('shows another key')) ?? '';
    return { check: 'pin', code: 'peer-changed', message };
  }

  say(...texts: readonly string[]): Promise<void> {
    this.type(...texts);
    return Promise.resolve();
  }

  async #port(): Promise<number> {
    return Number(await this.line(/^Listening on 127\.0\.0\.1:(\d+)\.\.\.$/));
  }

  get #log(): readonly LogRecord[] {
    const path = join(this.#home, 'waxwing.log');
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as LogRecord);
  }
}

function pinned({ pin }: WaxwingOptions): string[] {
  return pin === undefined ? [] : ['--peer', encodeFingerprint(pin)];
}

async function makeHome(lab: Lab, who: Name): Promise<string> {
  const path = join(await lab.folder(), who);
  const home = await openHome({ path, identity: () => lab.people.person(who) });
  home.close();
  return path;
}

/**
 * Whoever listens: the shipped program, or where the lab composes, an end of the lab, whose checks are the composed ones if
 * it is the victim.
 */
export async function waxwingServer(
  lab: Lab,
  options: WaxwingOptions,
): Promise<{ readonly end: WaxwingPeer; readonly port: number }> {
  if (lab.victim === 'shipped') return WaxwingProgram.server(lab, options);
  const { device } = await lab.people.person(options.who);
  const { pin, victim = true, eager } = options;
  return WaxwingEnd.listen(lab, { device, pin, victim, eager });
}

/** Whoever dials, likewise; resolves when the handshake has ended well or not. */
export async function waxwingClient(
  lab: Lab,
  options: WaxwingOptions & { readonly port: number },
): Promise<WaxwingPeer> {
  if (lab.victim === 'shipped') return WaxwingProgram.client(lab, options);
  const { device } = await lab.people.person(options.who);
  return WaxwingEnd.dial(lab, { device, pin: options.pin, victim: options.victim ?? true, port: options.port });
}
