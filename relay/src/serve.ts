/** A relay in its data folder, with its operator's door: what `waxwing relay` starts. */
import type { Primitives } from '@waxwing/protocol/wire';
import { Administration } from './control/administration.ts';
import type { RelayControl } from './control/control.ts';
import { serveControl, socketPath } from './control/control-socket.ts';
import type { RelaySettings } from './config/settings.ts';
import { openData } from './data-folder.ts';
import { openLog } from './log.ts';
import { Relay } from './relay.ts';
import { dayOf } from './session/caller.ts';
import { tellGone } from './session/requests/membership.ts';

export interface ServeOptions {
  readonly primitives: Primitives;
  readonly settings: RelaySettings;
  /** Takes the log, JSON lines. */
  readonly logTo: { write(line: string): void };
  /** Unix milliseconds. */
  readonly now?: (() => number) | undefined;
}

export interface ServedRelay {
  /** Nobody has joined yet, and nobody can: whoever starts it wants an invite. */
  readonly first: boolean;
  readonly port: number;
  readonly control: RelayControl;
  /** Answers what is under way, says goodbye, closes everything. */
  drain(): Promise<void>;
}

/** @throws RelayError `relay-running`, `relay-cannot-listen`, `relay-disk`, `relay-config` … */
export async function serveRelay({ primitives, settings, logTo, now = Date.now }: ServeOptions): Promise<ServedRelay> {
  socketPath(settings.data); // refused before anything is made
  const file = openData(settings.data, primitives);
  const { store } = file;
  const log = openLog(settings.log, logTo);
  try {
    const { users, invites } = await store.totals(dayOf(now()));
    const relay = await Relay.start({ primitives, settings, store, log, now });
    const control = new Administration({
      primitives,
      store,
      commits: relay.parts.commits,
      backup: (copy) => file.backup(copy),
      now,
      open: settings.open,
      channels: () => relay.channels,
      relay: relay.account,
      link: (secret) => relay.link(secret),
      tellGone: (gone) => tellGone(relay.parts, gone),
      close: () => Promise.resolve(),
    });
    const closeControl = await serveControl(settings.data, control, log);
    return {
      first: users === 0 && invites === 0,
      port: relay.port,
      control,
      drain: async () => {
        await closeControl();
        await relay.drain();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
