/** The operator's actions on whatever is in a data folder: the running relay's door, or the database itself. */
import { connect } from 'node:net';
import { encodeRelayLink, type Primitives } from '@waxwing/protocol/wire';
import { Administration } from './control/administration.ts';
import type { RelayControl } from './control/control.ts';
import { socketPath } from './control/control-socket.ts';
import { RemoteControl } from './control/remote-control.ts';
import type { RelaySettings } from './config/settings.ts';
import { holdsRelay, openData } from './data-folder.ts';
import { RelayError } from './errors.ts';
import { keepIdentity } from './identity.ts';
import { publicAddress } from './relay.ts';
import { CommitQueue } from './store/commit-queue.ts';

/**
 * `running` says which of the two it is.
 * @throws RelayError `relay-missing` where no relay was ever started there, `relay-running` where one is starting or ending
 */
export async function openControl(options: {
  readonly primitives: Primitives;
  readonly settings: RelaySettings;
  readonly now?: (() => number) | undefined;
}): Promise<{ readonly control: RelayControl; readonly running: boolean }> {
  const { primitives, settings, now = Date.now } = options;
  const socket = socketPath(settings.data);
  if (await answers(socket)) return { control: new RemoteControl(socket), running: true };
  if (!holdsRelay(settings.data)) {
    throw new RelayError(
      'relay-missing',
      `There is no relay in ${settings.data}.`,
      'Start one with waxwing relay, or name its folder with --data.',
    );
  }
  const file = openData(settings.data, primitives);
  const { store } = file;
  const { device } = await keepIdentity(primitives, store, now());
  const relay = device.bundle.account;
  const control = new Administration({
    primitives,
    store,
    commits: new CommitQueue(store),
    backup: (copy) => file.backup(copy),
    now,
    open: settings.open,
    channels: undefined,
    relay,
    link: (secret) => encodeRelayLink({ ...publicAddress(settings, settings.port), relay, secret }),
    tellGone: () => undefined, // nobody is connected
    close: () => store.close(),
  });
  return { control, running: false };
}

/** Whether somebody listens there. */
function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const trial = connect(socket);
    trial.once('connect', () => {
      trial.destroy();
      resolve(true);
    });
    trial.once('error', () => resolve(false));
  });
}
