/** The options `server` and `client` share, read and checked. */
import { type Home, WaxwingError } from '@waxwing/client';
import { type Bytes, DAY, decodeFingerprint, isProtocolError } from '@waxwing/protocol';
import type { ChatScreen, ScreenOptions } from '../terminal/chat-screen.ts';
import { openScreen } from '../terminal/open-screen.ts';
import type { ColorChoice } from '../text/style.ts';

/** As the command line gives them. */
export interface ChatFlags {
  readonly profile?: string;
  readonly peer?: string;
  readonly plain?: boolean;
  readonly color?: ColorChoice;
  readonly bell?: boolean;
  readonly keep?: string;
  readonly memory?: boolean;
  /** `server` only. */
  readonly once?: boolean;
  readonly xray?: boolean;
  readonly record?: string;
  readonly classic?: boolean;
  readonly classicSecretFile?: string;
}

/** The account of `--peer`. @throws WaxwingError `name-invalid` */
export function readPeer(flags: ChatFlags): Bytes | undefined {
  if (flags.peer === undefined) return undefined;
  try {
    return decodeFingerprint(flags.peer);
  } catch (error) {
    if (!isProtocolError(error, 'fingerprint')) throw error;
    throw new WaxwingError(
      'name-invalid',
      `"${flags.peer}" is no fingerprint.`,
      'It is SHA256: and 43 characters: your peer sees its own with "waxwing id show".',
      { cause: error },
    );
  }
}

/** The retention of `--keep 90d` in days, remembered for later runs. @throws WaxwingError `name-invalid` */
export function readKeepDays(text: string): number {
  const days = /^(\d{1,5})d?$/u.exec(text)?.[1];
  if (days === undefined || Number(days) < 1) {
    throw new WaxwingError('name-invalid', `"${text}" is no number of days.`, 'Write --keep 90d.');
  }
  return Number(days);
}

/** Deletes what is older than the retention, where one is set. */
export function applyRetention(home: Home, flags: Pick<ChatFlags, 'keep'>): void {
  if (flags.keep !== undefined) home.store.settings.set('keep-days', String(readKeepDays(flags.keep)));
  const days = home.store.settings.get('keep-days');
  if (days !== undefined) home.store.history.purge(Number(days) * DAY);
}

export const LAB_WARNING =
  'LAB IDENTITY: made to be looked into. X-ray and recordings show its real keys and texts. Never use it for anything real.';

export function openChatScreen(
  flags: Pick<ChatFlags, 'plain' | 'color' | 'bell'>,
  more: Pick<ScreenOptions, 'complete' | 'onDraft' | 'reads'> = {},
): ChatScreen {
  return openScreen({
    ...more,
    ...(flags.plain === undefined ? {} : { plain: flags.plain }),
    ...(flags.color === undefined ? {} : { color: flags.color }),
    ...(flags.bell === undefined ? {} : { bell: flags.bell }),
  });
}
