/** The operator's actions on an open store. */
import { existsSync, statSync } from 'node:fs';
import { type Bytes, encodeFingerprint, inviteToken, LINK_SECRET_SIZE, type Primitives } from '@waxwing/protocol/wire';
import { RelayError } from '../errors.ts';
import { dayOf } from '../session/caller.ts';
import { tokenHashOf } from '../session/requests/membership.ts';
import type { GoneMailbox } from '../store/change.ts';
import type { CommitQueue } from '../store/commit-queue.ts';
import type { Member, RelayStore } from '../store/store.ts';
import type { DayText, RelayBackup, RelayControl, RelayInvite, RelayStatus, RelayUser } from './control.ts';

const DAY_MS = 86_400_000;

export interface AdministrationOptions {
  readonly primitives: Primitives;
  readonly store: RelayStore;
  readonly commits: CommitQueue;
  readonly backup: (file: string) => Promise<void>;
  readonly now: () => number;
  readonly open: boolean;
  /** Where it runs: its open channels. */
  readonly channels: (() => number) | undefined;
  readonly relay: Bytes;
  readonly link: (secret?: Bytes) => string;
  /** A member's channel ends with his mailbox. */
  readonly tellGone: (gone: GoneMailbox) => void;
  readonly close: () => Promise<void>;
}

export class Administration implements RelayControl {
  readonly #options: AdministrationOptions;

  constructor(options: AdministrationOptions) {
    this.#options = options;
  }

  async status(): Promise<RelayStatus> {
    const { store, now, channels, relay, link, open } = this.#options;
    return {
      running: channels !== undefined,
      fingerprint: encodeFingerprint(relay),
      address: link(),
      open,
      ...(await store.totals(dayOf(now()))),
      channels: channels?.() ?? 0,
    };
  }

  async invite({ uses, days }: { readonly uses: number; readonly days: number }): Promise<RelayInvite> {
    const { primitives: p, commits, now, link } = this.#options;
    const secret = p.randomBytes(LINK_SECRET_SIZE);
    const today = dayOf(now());
    await commits.submit({
      kind: 'invite',
      tokenHash: tokenHashOf(p, inviteToken(p, secret)),
      uses,
      ends: today + days,
      today,
      account: undefined,
      limit: undefined,
    });
    return { link: link(secret), uses, ends: dayText(today + days) };
  }

  async users(): Promise<readonly RelayUser[]> {
    return (await this.#options.store.members()).map(toUser);
  }

  async remove(who: string): Promise<RelayUser> {
    const { store, commits, now, tellGone } = this.#options;
    const wanted = who.startsWith('@') ? who.slice(1) : who;
    const member = (await store.members()).find(
      ({ account, name }) => name === wanted || encodeFingerprint(account) === who,
    );
    if (member === undefined) {
      throw new RelayError('relay-user-unknown', 'No member has that name or fingerprint.', 'waxwing relay users');
    }
    const gone = await commits.submit({ kind: 'leave', account: member.account, today: dayOf(now()) });
    if (gone !== undefined) tellGone(gone);
    return toUser(member);
  }

  async backup(file: string): Promise<RelayBackup> {
    if (existsSync(file)) {
      throw new RelayError('relay-backup-exists', `${file} is there already.`, 'Name a file that is not there yet.');
    }
    await this.#options.backup(file);
    return { file, bytes: statSync(file).size };
  }

  async close(): Promise<void> {
    await this.#options.close();
  }
}

function toUser({ account, name, joined, waiting }: Member): RelayUser {
  return { fingerprint: encodeFingerprint(account), name: name ?? null, joined: dayText(joined), waiting };
}

function dayText(day: number): DayText {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
